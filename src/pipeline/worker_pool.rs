//! A pool of workers that jobs are submitted to.

use alloc::{sync::Arc, vec::Vec};
use core::{convert::Infallible, fmt, future::Future, iter};

use super::work::{Feed, Output, Staged, work};
use crate::{
    CancelToken, Scope, WaitGroup,
    channel::{self, Receiver, Send as Submit, SendEnd, Sender, TrySendError},
    inspect::{Site, WaitKind},
    scope::Threaded,
    select,
    sys::Shared,
};

/// Workers of a scope that wait for jobs, and send their results into a channel.
///
/// It is for jobs that are found as one goes; for those that are all of one kind and go one way
/// a [`Pipeline`](super::Pipeline) is simpler. Clones are the same pool.
///
/// The workers live until the pool is [shut down](Self::shutdown), or the last clone is dropped, and
/// all jobs are done; or until it is [cancelled](Self::cancel), or the scope is. Until then the scope
/// waits for them. They also end when nobody is left to receive results; a submission then fails,
/// with the job.
///
/// A pool never holds more than its room of jobs, and as many results and jobs being worked on as it
/// has workers: if nobody takes the results, submitting waits.
///
/// # Examples
///
/// A tree, walked by three workers: each job may lead to more. Who receives results and submits
/// jobs must not wait for one of them alone; what finds no room is kept.
///
/// ```
/// use std::collections::VecDeque;
/// use pleach::{pipeline::WorkerPool, scope};
///
/// # pleach::block_on(async {
/// let children = |n: u32| [2 * n, 2 * n + 1].into_iter().filter(|n| *n < 100);
/// let count = scope!(|s| {
///     let (pool, results) = WorkerPool::new(&s, 3, 4, async |n: u32| n);
///     let (mut found, mut under_way, mut count) = (VecDeque::from([1]), 0, 0);
///     loop {
///         while let Some(n) = found.pop_front() {
///             if let Err(full) = pool.try_submit(n) {
///                 found.push_front(full.into_inner());
///                 break;
///             }
///             under_way += 1;
///         }
///         if under_way == 0 {
///             break count;
///         }
///         let n = results.recv().await.unwrap();
///         under_way -= 1;
///         count += 1;
///         found.extend(children(n));
///     }
/// })
/// .await;
/// assert_eq!(count, 99);
/// # });
/// ```
pub struct WorkerPool<T> {
    jobs: Sender<T>,
    /// For the jobs that are left when the pool is cancelled.
    left: Receiver<T>,
    token: CancelToken,
    working: Arc<WaitGroup>,
}

impl<T> WorkerPool<T> {
    /// Spawns `workers` workers into `scope`, which run `f` for each job; up to `room` jobs wait for
    /// them. Also returns where the results come out, as they are done.
    ///
    /// # Panics
    ///
    /// If there are no workers.
    #[track_caller]
    pub fn new<'env, B, U, F, Fut>(
        scope: &Scope<'env, B, Threaded>,
        workers: usize,
        room: usize,
        f: F,
    ) -> (Self, Receiver<U>)
    where
        F: Fn(T) -> Fut + Send + Sync + 'env,
        Fut: Future<Output = U> + Send + 'env,
        T: Send + 'env,
        U: Send + 'env,
    {
        assert!(
            workers > 0,
            "a pool without workers would never do anything"
        );
        let (jobs, left) = channel::bounded(room);
        let (results, receiver) = channel::strict(workers);
        let token = scope.token().child();
        let f = Shared::new(move |job| {
            let result = f(job);
            async { Ok::<_, Infallible>(Some(result.await)) }
        });
        let working = Arc::new(WaitGroup::new());
        let feed = Feed::new(left.clone(), token.clone(), ());
        for feed in iter::repeat_n(feed, workers) {
            let (sender, f) = (results.clone(), Shared::clone(&f));
            let member = working.add_owned();
            let (token, site) = (token.clone(), Site::here());
            scope.spawn(async move {
                let results = Results {
                    sender,
                    token,
                    site,
                };
                work(feed, &results, &*f).await;
                drop(member);
            });
        }
        let pool = Self {
            jobs,
            left,
            token,
            working,
        };
        (pool, receiver)
    }

    /// Submits a job: waits until there is room for it.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the job, if it was not submitted; see
    /// [`Send::cancel`](channel::Send::cancel) to get it back.
    ///
    /// # Errors
    ///
    /// [`SendError`](channel::SendError), with the job, if the pool takes no jobs any more.
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn submit(&self, job: T) -> Submit<'_, T> {
        self.jobs.send(job)
    }

    /// Submits a job if there is room for it.
    ///
    /// # Errors
    ///
    /// [`TrySendError`], with the job.
    pub fn try_submit(&self, job: T) -> Result<(), TrySendError<T>> {
        self.jobs.try_send(job)
    }

    /// The queue of jobs, for all other ways to send into a channel: from a thread, until a deadline,
    /// by reserving.
    pub fn queue(&self) -> &SendEnd<T> {
        &self.jobs
    }

    /// Takes no more jobs; those that were submitted are done. Returns whether this call did it.
    pub fn shutdown(&self) -> bool {
        self.jobs.close()
    }

    /// Takes no more jobs, begins none of those that were submitted, and gives them back, oldest
    /// first, when the workers have finished what they have in hand. The results of that can be
    /// received as ever; together with the jobs given back they are all.
    ///
    /// (Not to be awaited in a job of the pool, which would wait for itself.)
    ///
    /// It is also what gives the jobs back after the scope was cancelled, or when the workers have
    /// ended because nobody received results.
    ///
    /// # Cancel safety
    ///
    /// The pool is cancelled when the future is first polled. Dropping it then loses no job: another
    /// call gives them back.
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn cancel(&self) -> impl Future<Output = Vec<T>> {
        let site = Site::here();
        async move {
            self.jobs.close();
            self.token.cancel();
            Staged::new(&site, WaitKind::Event, self.working.wait()).await;
            self.left.drain().collect()
        }
    }

    /// Whether jobs are not taken any more.
    #[must_use]
    pub fn is_shut_down(&self) -> bool {
        self.jobs.is_closed()
    }
}

/// Where the results of a pool come out.
struct Results<U> {
    sender: Sender<U>,
    token: CancelToken,
    site: Site,
}

impl<U: Send> Output<U, Infallible> for Results<U> {
    fn results(&self) -> &Sender<U> {
        &self.sender
    }

    fn site(&self) -> &Site {
        &self.site
    }

    async fn end(&self) {
        select! {
            _ = self.sender.closed() => {}
            _ = self.token.cancelled() => {}
        }
    }

    /// Of a job that was in hand when the last receiver went.
    fn refused(&self, result: U) {
        drop(result);
    }

    fn failed(&self, error: Infallible) {
        match error {}
    }
}

impl<T> Clone for WorkerPool<T> {
    fn clone(&self) -> Self {
        Self {
            jobs: self.jobs.clone(),
            left: self.left.clone(),
            token: self.token.clone(),
            working: Arc::clone(&self.working),
        }
    }
}

impl<T> fmt::Debug for WorkerPool<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkerPool")
            .field("jobs", &self.jobs)
            .field("phase", &self.token.phase())
            .finish_non_exhaustive()
    }
}
