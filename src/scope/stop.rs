//! How a scope is told to stop, from outside and by the clock: its token, its deadline, its
//! grace.
//!
//! A scope has a token as soon as somebody asks for it. The scope waits at the token like anybody
//! else, by a waker that queues its signal; in return whatever cancels the scope cancels the
//! token. The wait holds the scope's block and the block holds the wait: whoever ends the scope
//! breaks the circle.
//!
//! The *watch* is what the driver polls beside its children: the sleep until the deadline, then
//! that of the grace. It holds up nothing, and ends with the scope.

use alloc::boxed::Box;
use core::{
    fmt,
    future::Future,
    panic::{RefUnwindSafe, UnwindSafe},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use pin_project_lite::pin_project;

use crate::{
    CancelToken,
    cancel::{Cause, CauseKind, Wait, Want},
    sys::lock::Lock,
    time::{Instant, Timer},
};

/// A wait of the scope at its own token.
type TokenWait = Pin<Box<Wait<CancelToken>>>;

/// Why a scope stops, and by whose word.
pub(super) struct Stop {
    state: Lock<State>,
}

struct State {
    token: Option<TokenWait>,
    /// Why the scope was cancelled, or else how it ended.
    cause: Option<Cause>,
    is_over: bool,
}

impl State {
    fn cause(&self) -> Option<Cause> {
        let of_token = self.token.as_ref().and_then(|wait| wait.token().cause());
        of_token.or(self.cause)
    }
}

impl Stop {
    pub(super) fn new() -> Self {
        Self {
            state: Lock::new(State {
                token: None,
                cause: None,
                is_over: false,
            }),
        }
    }

    /// The scope's token, if it has one.
    pub(super) fn token(&self) -> Option<CancelToken> {
        self.state
            .with(|state| state.token.as_ref().map(|wait| wait.token().clone()))
    }

    /// Makes `token` the scope's, which hears of it by the waker of `cx`; gives the one that it
    /// has if there is one. A scope that is over, or was cancelled before, cancels it.
    pub(super) fn adopt(&self, token: CancelToken, cx: &mut Context<'_>) -> CancelToken {
        let wait = Box::pin(Wait::new(token.clone(), Want::Cancelled));
        if wait.as_ref().poll(cx).is_ready() {
            cx.waker().wake_by_ref();
        }
        let mut wait = Some(wait);
        let cause = self.state.with(|state| {
            if let Some(known) = &state.token {
                return Err(known.token().clone());
            }
            if !state.is_over {
                state.token = wait.take();
            }
            Ok(state.cause)
        });
        drop(wait);
        match cause {
            Err(known) => known,
            Ok(cause) => {
                if let Some(cause) = cause {
                    token.cancel_with(cause);
                }
                token
            }
        }
    }

    /// Takes the scope's token away, for another in its place.
    pub(super) fn replace(&self) {
        drop(self.state.with(|state| state.token.take()));
    }

    /// Notes why the scope is cancelled. The token is the caller's to cancel.
    pub(super) fn note(&self, cause: Cause) -> Option<CancelToken> {
        self.state.with(|state| {
            state.cause.get_or_insert(cause);
            state.token.as_ref().map(|wait| wait.token().clone())
        })
    }

    /// Why the scope was cancelled, or how it ended.
    pub(super) fn cause(&self) -> Cause {
        self.known_cause()
            .unwrap_or(Cause::new(CauseKind::ScopeEnded))
    }

    /// The same, if it is cancelled or over.
    pub(super) fn known_cause(&self) -> Option<Cause> {
        self.state.with(|state| state.cause())
    }

    /// The scope ends. Its token is cancelled, unless it is already, and let go of.
    pub(super) fn end(&self, how: CauseKind) {
        let (cause, token) = self.state.with(|state| {
            let cause = state.cause().unwrap_or(Cause::new(how));
            state.cause = Some(cause);
            state.is_over = true;
            (cause, state.token.take())
        });
        if let Some(wait) = token {
            // Whoever has noted the cause may not have come to the token yet.
            wait.token().cancel_with(cause);
        }
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stop").finish_non_exhaustive()
    }
}

/// A sleep whose lifetime is that of the scope's environment, and not told.
type Sleep = Pin<Box<dyn Future<Output = ()>>>;

/// What the driver polls beside its children.
#[derive(Default)]
pub(super) struct Watch {
    deadline: Option<Pin<Box<dyn Alarmed>>>,
    grace: Option<Sleep>,
}

/// A sleep that may be told to end earlier, until it is first polled. Its lifetime is not told.
trait Alarmed: Future<Output = ()> {
    fn end_by(self: Pin<&mut Self>, at: Instant);
}

/// What a watch has found.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Alarm {
    None,
    /// The deadline has passed.
    Deadline,
    /// The grace is over.
    Grace,
}

// As children are: what unwinds from a sleep ends the scope.
impl UnwindSafe for Watch {}
impl RefUnwindSafe for Watch {}

impl Watch {
    /// # Safety
    ///
    /// The watch is gone before `'env` ends.
    pub(super) unsafe fn set_deadline<'env, T: Timer + 'env>(&mut self, timer: T, at: Instant)
    where
        T::Sleep: 'env,
    {
        let sleep: Pin<Box<dyn Alarmed + 'env>> = Box::pin(Until {
            timer,
            at,
            sleep: None,
        });
        // SAFETY: the same type but for the lifetime, which the caller answers for.
        let sleep: Pin<Box<dyn Alarmed>> = unsafe { core::mem::transmute(sleep) };
        self.deadline = Some(sleep);
    }

    pub(super) fn has_deadline(&self) -> bool {
        self.deadline.is_some()
    }

    /// Whoever sleeps for the deadline sleeps until `at` at the latest.
    pub(super) fn end_by(&mut self, at: Instant) {
        if let Some(sleep) = &mut self.deadline {
            sleep.as_mut().end_by(at);
        }
    }

    /// # Safety
    ///
    /// The watch is gone before `'env` ends.
    pub(super) unsafe fn set_grace<'env>(&mut self, sleep: impl Future<Output = ()> + 'env) {
        // SAFETY: the caller's word.
        self.grace = Some(unsafe { erase(Box::pin(sleep)) });
    }

    /// Looks at the deadline, or, when the scope is cancelled, at the grace.
    pub(super) fn poll(&mut self, is_cancelled: bool, cx: &mut Context<'_>) -> Alarm {
        if is_cancelled {
            self.deadline = None;
            if is_over(&mut self.grace, cx) {
                return Alarm::Grace;
            }
        } else if is_over(&mut self.deadline, cx) {
            return Alarm::Deadline;
        }
        Alarm::None
    }
}

/// Whether there is a sleep and it is over, and then it is dropped.
fn is_over<S>(slot: &mut Option<Pin<Box<S>>>, cx: &mut Context<'_>) -> bool
where
    S: Future<Output = ()> + ?Sized,
{
    let sleep = slot.as_mut();
    let is_over = sleep.is_some_and(|sleep| sleep.as_mut().poll(cx).is_ready());
    if is_over {
        *slot = None;
    }
    is_over
}

/// # Safety
///
/// The sleep is gone before `'env` ends.
unsafe fn erase<'env>(sleep: Pin<Box<dyn Future<Output = ()> + 'env>>) -> Sleep {
    // SAFETY: the same type but for the lifetime, which the caller answers for.
    unsafe { core::mem::transmute(sleep) }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("deadline", &self.deadline.is_some())
            .field("grace", &self.grace.is_some())
            .finish()
    }
}

pin_project! {
    /// A sleep that begins when it is first polled: what
    /// [`Driver::deadline`](super::Driver::deadline) waits for. Settings that come after it may
    /// change until when.
    #[derive(Debug)]
    pub struct Until<T: Timer> {
        timer: T,
        at: Instant,
        #[pin]
        sleep: Option<T::Sleep>,
    }
}

impl<T: Timer> Alarmed for Until<T> {
    fn end_by(self: Pin<&mut Self>, at: Instant) {
        let this = self.project();
        *this.at = at.min(*this.at);
    }
}

impl<T: Timer> Future for Until<T> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        if this.sleep.is_none() {
            this.sleep.set(Some(this.timer.sleep_until(*this.at)));
        }
        poll_set(this.sleep, cx)
    }
}

pin_project! {
    /// A sleep that begins when it is first polled: what [`Driver::grace`](super::Driver::grace)
    /// waits for.
    #[derive(Debug)]
    pub struct Grace<T: Timer> {
        timer: T,
        duration: Duration,
        #[pin]
        sleep: Option<T::Sleep>,
    }
}

impl<T: Timer> Grace<T> {
    pub(super) fn new(timer: T, duration: Duration) -> Self {
        Self {
            timer,
            duration,
            sleep: None,
        }
    }
}

impl<T: Timer> Future for Grace<T> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        if this.sleep.is_none() {
            let end = this.timer.now() + *this.duration;
            this.sleep.set(Some(this.timer.sleep_until(end)));
        }
        poll_set(this.sleep, cx)
    }
}

/// Polls a sleep that is there by now.
fn poll_set<S: Future<Output = ()>>(sleep: Pin<&mut Option<S>>, cx: &mut Context<'_>) -> Poll<()> {
    match sleep.as_pin_mut() {
        Some(sleep) => sleep.poll(cx),
        None => unreachable!("the caller has set it"),
    }
}
