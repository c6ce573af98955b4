//! Callbacks: waiters whose waker is the user's function.
//!
//! A callback is owned by nobody else's stack, so to stop one never waits: either it is taken out
//! of the list before the canceller comes to it, or the canceller has it already.

use alloc::{sync::Arc, task::Wake};
use core::{fmt, pin::Pin, task::Waker};

use super::{CancelToken, WeakToken, cause::Cause, token::TRIP, wait::Want};
use crate::{
    sys::{lock::Lock, unwind},
    wait::{Outcome, Stage, Waiter},
};

impl CancelToken {
    /// Runs `callback` when the token is cancelled, in the thread that cancels it; at once if it
    /// is cancelled already.
    ///
    /// It runs once, or never: if the [`Registration`] is stopped or dropped before, or the token
    /// ends uncancelled. It runs outside of all locks, so it may do anything with any token; as
    /// long as it runs, the rest of those who are told wait. To run it elsewhere let it wake or
    /// spawn a task.
    ///
    /// A callback that cancels another token runs the callbacks of that one before it returns. So a
    /// chain that is made by hand, each callback cancelling the next token, takes stack for each
    /// link, and a long one overflows it; so does a chain of tokens whose last handles are each owned
    /// by a callback of the one before. Let [`any_of`](Self::any_of) or
    /// [`child_island`](Self::child_island) link tokens: these take none.
    ///
    /// It is Go's `context.AfterFunc`, but that the callback has no goroutine of its own. One
    /// allocation.
    ///
    /// # Panics
    ///
    /// A panic of `callback` comes out of the call that cancels, after the others have been told.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use pleach::CancelToken;
    ///
    /// let token = CancelToken::new();
    /// let (sender, told) = mpsc::channel();
    /// let registration = token.on_cancel(move |cause| sender.send(cause).unwrap());
    /// token.cancel();
    /// assert_eq!(told.try_recv(), Ok(token.cause().unwrap()));
    /// assert!(!registration.stop(), "it has run");
    /// ```
    pub fn on_cancel<F>(&self, callback: F) -> Registration
    where
        F: FnOnce(Cause) + Send + 'static,
    {
        let callback = Arc::new(Callback {
            token: self.downgrade(),
            waiter: Waiter::new(Want::Cancelled),
            run: Lock::new(Some(callback)),
        });
        let mut waker = Some(Waker::from(Arc::clone(&callback)));
        self.queue.with(|held| {
            if self.announce(Want::Cancelled).is_some() {
                return;
            }
            if let Some(waker) = waker.take() {
                // SAFETY: what is in this `Arc` is not moved out of it.
                let waiter = unsafe { Pin::new_unchecked(&callback.waiter) };
                // SAFETY: idle, used with this list alone, and kept by the waker as long as it is
                // linked.
                unsafe { held.waiters.push_back(waiter, waker) };
            }
        });
        if let Some(waker) = waker {
            waker.wake();
        }
        Registration {
            callback: Some(callback),
        }
    }
}

struct Callback<F> {
    /// Keeps what the cause is read from.
    token: WeakToken,
    waiter: Waiter<Want>,
    run: Lock<Option<F>>,
}

impl<F: FnOnce(Cause) + Send + 'static> Wake for Callback<F> {
    fn wake(self: Arc<Self>) {
        let Some(run) = self.run.with(Option::take) else {
            return;
        };
        // A token that ends uncancelled refuses those who wait, and then `run` is only dropped.
        if self.waiter.stage() != Stage::Ended(Outcome::Refused) {
            run(self.token.token().cause().unwrap_or(TRIP));
        }
    }
}

/// A callback whose type does not matter.
trait Stop: Send + Sync {
    fn stop(&self) -> bool;
}

impl<F: Send> Stop for Callback<F> {
    fn stop(&self) -> bool {
        let token = self.token.token();
        // SAFETY: the callback's own, used with this list alone.
        let removed = token
            .queue
            .with(|held| unsafe { held.waiters.remove(&self.waiter) });
        let never_runs = matches!(removed, Ok(Some(_)) | Err(Outcome::Refused));
        unwind::run_in_drop(|| drop(removed));
        never_runs
    }
}

/// A callback that waits for a token to be cancelled; from [`CancelToken::on_cancel`].
///
/// Dropping it stops the callback.
#[must_use = "dropping it stops the callback: keep it, or `forget` it"]
pub struct Registration {
    callback: Option<Arc<dyn Stop>>,
}

impl Registration {
    /// Stops the callback. Returns whether it has not run and never will: if not, it has run, or
    /// is running in another thread. Never waits for it.
    pub fn stop(mut self) -> bool {
        self.callback.take().is_some_and(|callback| callback.stop())
    }

    /// Lets the callback wait for as long as there is the token.
    pub fn forget(mut self) {
        self.callback = None;
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        if let Some(callback) = self.callback.take() {
            callback.stop();
        }
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration").finish_non_exhaustive()
    }
}
