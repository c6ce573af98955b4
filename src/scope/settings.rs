//! What a driver is told before it is given a body: names, limits, and when the scope is to end.

use core::{num::NonZeroUsize, time::Duration};

use super::{Admits, Driver, Grace, Until};
use crate::{
    CancelToken,
    cancel::Token,
    time::{Instant, Timer},
};

impl<'env, B, K> Driver<'env, B, K> {
    /// Gives the scope a name, by which it is told of when it is looked at.
    ///
    /// Without the feature `inspect` this does nothing; with it a name is an allocation.
    ///
    /// # Examples
    ///
    /// ```
    /// # pleach::block_on(async {
    /// pleach::scope!(named = "connections", |s| {
    ///     s.spawn(async {}).named("the first");
    /// })
    /// .await;
    /// # });
    /// ```
    pub fn named(self, name: &'static str) -> Self {
        self.engine.shared.branch.set_own_name(name);
        self
    }

    /// Has `observer` told of what happens in the scope and in all that hangs below it, from its first poll on.
    ///
    /// Several may be given; each is told, in this order, after those of the scopes above. Two allocations, and
    /// one for each more.
    ///
    /// # Examples
    ///
    /// ```
    /// # pleach::block_on(async {
    /// use std::sync::Arc;
    /// use pleach::{inspect::Recorder, runtime::StdTimer};
    ///
    /// let recorder = Arc::new(Recorder::new(StdTimer, 10_000));
    /// pleach::scope!(observe = recorder.clone(), |s| {
    ///     s.spawn(async {}).named("quick");
    /// })
    /// .await;
    /// let mut trace = String::new();
    /// recorder.write_chrome(&mut trace).unwrap();
    /// assert!(trace.contains("quick"));
    /// # });
    /// ```
    #[cfg(feature = "inspect")]
    pub fn observe(self, observer: impl crate::inspect::Observer + 'static) -> Self {
        self.engine.shared.branch.observe(observer);
        self
    }

    /// Lets at most `limit` children run at a time.
    ///
    /// The limit gates *starting*, not spawning: [`spawn`](super::Scope::spawn) never waits, and
    /// children beyond the limit are kept, unpolled, and started in the order in which they
    /// were spawned. [`try_spawn`](super::Scope::try_spawn) refuses beyond the limit instead, and
    /// [`slot`](super::Scope::slot) waits. The body takes no place.
    ///
    /// A child that awaits the [`Handle`](super::Handle) of a sibling lends its place meanwhile to one that is
    /// awaited, so children that spawn and await children cannot lock each other out under
    /// any limit. It lends as long as the handle waits, also if it does other things beside (in
    /// a `select`); if it gives the wait up, whoever runs on the lent place goes on, and for as
    /// long there are more than `limit`. Without `std`, a handle that is polled on one core
    /// while the scope is polled on another counts as a wait of whichever child runs there.
    ///
    /// Set it before anything is spawned: children that are there already are started
    /// under the limit but do not count for `try_spawn`.
    ///
    /// # Examples
    ///
    /// ```
    /// # pleach::block_on(async {
    /// use std::{num::NonZeroUsize, sync::atomic::{AtomicUsize, Ordering}};
    ///
    /// let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    /// let limit = NonZeroUsize::new(2).unwrap();
    /// pleach::scope!(limit = limit, |s| {
    ///     for _ in 0..10 {
    ///         s.spawn(async {
    ///             most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
    ///             futures_lite_yield().await;
    ///             running.fetch_sub(1, Ordering::SeqCst);
    ///         });
    ///     }
    /// })
    /// .await;
    /// assert_eq!(most.into_inner(), 2);
    /// # });
    /// # async fn futures_lite_yield() {
    /// #     let mut yielded = false;
    /// #     std::future::poll_fn(|cx| {
    /// #         if std::mem::replace(&mut yielded, true) { return std::task::Poll::Ready(()) }
    /// #         cx.waker().wake_by_ref();
    /// #         std::task::Poll::Pending
    /// #     }).await
    /// # }
    /// ```
    pub fn limit(self, limit: NonZeroUsize) -> Self {
        self.engine.shared.limits.set(limit);
        self
    }

    /// Deals with at most `polls` of those that are ready in one pass, and then lets others on the
    /// same thread run: the scope wakes its own task and yields.
    ///
    /// Each poll of a child counts, and so does one of the body. (So does whatever else a pass
    /// finds in the queue, a child that is dropped for instance, so that there may be fewer.) Those
    /// that were left over come first in the next pass: nobody is polled twice before they are.
    /// Without a budget a pass polls whoever was ready when it began.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{num::NonZeroUsize, pin::pin, sync::atomic::{AtomicUsize, Ordering}, task};
    ///
    /// let done = AtomicUsize::new(0);
    /// let scope = pleach::scope!(budget = NonZeroUsize::new(4).unwrap(), |s| {
    ///     for _ in 0..10 {
    ///         s.spawn(async { done.fetch_add(1, Ordering::Relaxed) });
    ///     }
    /// });
    /// let (mut scope, mut cx) = (pin!(scope), task::Context::from_waker(task::Waker::noop()));
    /// for after in [0, 4, 8] {
    ///     // The body alone in the first.
    ///     assert!(scope.as_mut().poll(&mut cx).is_pending());
    ///     assert_eq!(done.load(Ordering::Relaxed), after);
    /// }
    /// assert!(scope.as_mut().poll(&mut cx).is_ready());
    /// ```
    pub fn budget(mut self, polls: NonZeroUsize) -> Self {
        self.engine.budget = polls;
        self
    }

    /// Puts the scope below `token`: it is cancelled when that is.
    ///
    /// The scope's own [`token`](super::Scope::token) is a child of `token`, with its deadline. That
    /// passes where somebody looks at the clock: whoever runs under `token` with a timer, or this
    /// scope if it has a [`deadline`](Self::deadline) itself, however late. Two allocations.
    ///
    /// # Examples
    ///
    /// ```
    /// # pleach::block_on(async {
    /// let server = pleach::CancelToken::new();
    /// pleach::scope!(token = &server, |s| {
    ///     let token = s.token();
    ///     s.spawn(async move { token.cancelled().await });
    ///     server.cancel();
    /// })
    /// .await;
    /// # });
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn token(mut self, token: &Token) -> Self {
        let shared = &self.engine.shared;
        let known = shared.stop.token().and_then(|token| token.deadline());
        let own = token.child_until(known.unwrap_or(Instant::MAX));
        shared.stop.replace();
        if let Some(at) = shared.adopt(own).deadline() {
            self.engine.watch.end_by(at);
        }
        self
    }

    /// Cancels the scope, gracefully, when `at` has come by the clock of the timer. The cause is
    /// then [`CauseKind::Deadline`](crate::cancel::CauseKind::Deadline).
    ///
    /// Children and body that do not look at the [`token`](super::Scope::token) go on; see
    /// [`grace`](Self::grace). (To drop everything at once when the time is over put the scope into
    /// a [`timeout`](crate::time::timeout).)
    ///
    /// Of several deadlines, that of a [`token`](Self::token) included, the earliest counts, in
    /// whatever order they are given: the timer sleeps until then. (That others may sleep for the
    /// token's is not relied on.) Of several timers that with the earliest time of its own runs.
    /// Three allocations.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use pleach::{cancel::CauseKind, time::{Clock, ManualClock}};
    ///
    /// let clock = ManualClock::new();
    /// let at = clock.now() + Duration::from_secs(5);
    /// clock.run(async {
    ///     pleach::scope!(deadline = (&clock, at), |s| {
    ///         let cause = s.token().cancelled().await;
    ///         assert_eq!((cause.kind(), clock.now()), (CauseKind::Deadline, at));
    ///     })
    ///     .await;
    /// });
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn deadline<T>(mut self, (timer, at): (T, Instant)) -> Self
    where
        T: Timer + 'env,
        T::Sleep: 'env,
        K: Admits<Until<T>>,
    {
        let shared = &self.engine.shared;
        let parent = shared.stop.token();
        let known = parent.as_ref().and_then(|parent| parent.deadline());
        let known = known.unwrap_or(Instant::MAX);
        let is_earlier = at < known;
        if is_earlier {
            shared.stop.replace();
            shared.adopt(match parent {
                Some(parent) => parent.child_until(at),
                None => CancelToken::with_deadline(at),
            });
        }
        if is_earlier || (known < Instant::MAX && !self.engine.watch.has_deadline()) {
            shared.begin_watch();
            // SAFETY: the engine ends its watch when the scope ends, or is dropped; and that is
            // before `'env` ends.
            unsafe { self.engine.watch.set_deadline(timer, at.min(known)) };
        }
        self
    }

    /// Drops the children that are still running when the scope has been cancelled for
    /// `duration`.
    ///
    /// Their handles give [`Cancelled`](super::Cancelled). The body goes on, as it must for there to be a value; it
    /// learns of the cancellation by its handles and the [`token`](super::Scope::token). One allocation.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{future::pending, time::Duration};
    /// use pleach::time::ManualClock;
    ///
    /// let clock = ManualClock::new();
    /// clock.run(async {
    ///     let result = pleach::scope!(grace = (&clock, Duration::from_secs(30)), |s| {
    ///         let stubborn = s.spawn(pending::<()>());
    ///         s.spawn(async { s.cancel() });
    ///         stubborn.await
    ///     })
    ///     .await;
    ///     assert!(result.is_err());
    /// });
    /// ```
    pub fn grace<T>(mut self, (timer, duration): (T, Duration)) -> Self
    where
        T: Timer + 'env,
        T::Sleep: 'env,
        K: Admits<Grace<T>>,
    {
        // SAFETY: as in `deadline`.
        unsafe { self.engine.watch.set_grace(Grace::new(timer, duration)) };
        self
    }
}
