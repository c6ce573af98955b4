//! A parallel scope whose children are tasks on threads, while other threads spawn into it, abort
//! them, cancel it, or its future is dropped.
//!
//! Checked are: no task outlives the scope, unless its future was dropped, and then all end soon; a
//! handle gives its own child's output; nothing hangs; and, by ThreadSanitizer, that what a child
//! writes is seen by whoever has its output, and what all did, destructors included, by whoever has
//! the scope's.

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Waker},
    thread,
};

use pleach::{
    Handle, Semaphore, block_on,
    par::{ParScope, par_scope},
    runtime::Spawn,
};

use crate::support::{Plain, Rng, Tally, linger};

/// By one thread in one round.
const SPAWNS: usize = 20;

/// A thread for each task.
#[derive(Clone, Copy)]
struct Threads;

impl Spawn for Threads {
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        thread::spawn(|| block_on(future));
    }
}

/// What one child writes, without a lock or an atomic, when it runs and when it is dropped.
#[derive(Default)]
struct Page {
    run: Plain,
    dropped: Plain,
}

/// Owned by a child's future.
struct Writer {
    page: Arc<Page>,
    alive: Arc<AtomicUsize>,
}

impl Drop for Writer {
    fn drop(&mut self) {
        // SAFETY: nobody else writes there, and nobody reads before the task is gone.
        unsafe { self.page.dropped.add_one() };
        self.alive.fetch_sub(1, Ordering::Relaxed);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// Everything runs to its end, but for what is aborted.
    Calm,
    /// Someone calls `cancel`.
    Cancelled,
    /// The scope's future is dropped half-way.
    Dropped,
}

/// One scope with its threads.
pub(crate) fn round(threads: usize, rng: &mut Rng, tally: &mut Tally) {
    let end = [End::Calm, End::Cancelled, End::Dropped][rng.below(3)];
    let (done, alive) = (Semaphore::new(0), Arc::new(AtomicUsize::new(0)));
    let (driver, s) = par_scope(Threads);
    let mut running = Box::pin(driver.run(async {
        let permit = done.acquire_many(threads - 1).await;
        permit.expect("never closed").forget();
    }));
    let pages = thread::scope(|scope| {
        let outsiders: Vec<_> = (1..threads)
            .map(|_| {
                let mut outsider = Outsider {
                    end,
                    alive: Arc::clone(&alive),
                    scope: s.clone(),
                    rng: rng.fork(),
                    tally: Tally::default(),
                };
                let done = &done;
                scope.spawn(move || {
                    let pages = outsider.act();
                    done.add_permits(1);
                    (pages, outsider.tally)
                })
            })
            .collect();
        let mut is_over = false;
        for _ in 0..rng.below(20) {
            linger(rng);
            let mut cx = Context::from_waker(Waker::noop());
            is_over = is_over || running.as_mut().poll(&mut cx).is_ready();
        }
        match end {
            End::Dropped => drop(running),
            _ if is_over => {}
            _ => block_on(running),
        }
        let mut pages = Vec::new();
        for outsider in outsiders {
            let (of_one, of_its_tally) = outsider.join().expect("a promise was broken");
            pages.extend(of_one);
            tally.add(of_its_tally);
        }
        pages
    });
    // Refused ones are dropped where they are spawned, and those of a scope that was dropped some time.
    while end == End::Dropped && alive.load(Ordering::Relaxed) > 0 {
        thread::yield_now();
    }
    assert_eq!(
        alive.load(Ordering::Relaxed),
        0,
        "a child outlived its scope"
    );
    if end != End::Dropped {
        for page in pages {
            // SAFETY: the scope is over, and so are all tasks.
            let run = unsafe { page.run.read() };
            // SAFETY: as above.
            let dropped = unsafe { page.dropped.read() };
            assert!(
                run <= 1 && dropped == 1,
                "{run} runs, {dropped} destructors"
            );
        }
    }
    tally.count("par: round");
}

/// A thread that uses the scope from outside.
struct Outsider<'env> {
    end: End,
    alive: Arc<AtomicUsize>,
    scope: ParScope<'env, Threads>,
    rng: Rng,
    tally: Tally,
}

impl Outsider<'_> {
    fn act(&mut self) -> Vec<Arc<Page>> {
        let (mut pages, mut handles) = (Vec::new(), Vec::new());
        for number in 0..SPAWNS {
            let page = Arc::new(Page::default());
            let handle = self.spawn(number, &page);
            pages.push(Arc::clone(&page));
            self.tally.count("par: spawned");
            match (self.rng.below(8), handle) {
                (0, _) | (_, None) => {}
                (1, Some(handle)) => {
                    handle.abort();
                    self.tally.count("par: aborted");
                }
                (_, Some(handle)) => handles.push((number, page, handle)),
            }
            if self.end == End::Cancelled && self.rng.one_in(SPAWNS) {
                self.scope.cancel();
                self.tally.count("par: cancelled");
            }
        }
        for (number, page, handle) in handles {
            let Ok(output) = block_on(handle) else {
                assert!(self.end != End::Calm, "lost: {number}");
                continue;
            };
            assert_eq!(*output, number, "the output of another child");
            // SAFETY: it has come to its end.
            assert_eq!(unsafe { page.run.read() }, 1);
            self.tally.count("par: awaited");
        }
        pages
    }

    /// Spawns a child, or begins one that is no child, and drops it.
    fn spawn(&mut self, number: usize, page: &Arc<Page>) -> Option<Handle<Box<usize>>> {
        self.alive.fetch_add(1, Ordering::Relaxed);
        let writer = Writer {
            page: Arc::clone(page),
            alive: Arc::clone(&self.alive),
        };
        let (yields, mut rng) = (self.rng.below(3), self.rng.fork());
        let child = async move {
            for _ in 0..yields {
                linger(&mut rng);
                yield_now().await;
            }
            // SAFETY: nobody else writes there, and nobody reads before the output is there.
            unsafe { writer.page.run.add_one() };
            Box::new(number)
        };
        if self.rng.one_in(4) {
            let mut child = pin!(self.scope.parallel(child));
            // It is begun here, or refused, and then asked to end; the scope waits for it.
            let mut cx = Context::from_waker(Waker::noop());
            let _ = child.as_mut().poll(&mut cx);
            return None;
        }
        Some(self.scope.spawn(child))
    }
}

/// Is pending once, having woken itself.
async fn yield_now() {
    let mut yielded = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return std::task::Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}
