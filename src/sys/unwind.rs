//! Panics of user code: caught and resumed with `std`, passed through without.

#[cfg(feature = "std")]
mod imp {
    extern crate std;

    use std::{any::Any, boxed::Box, panic};

    /// What a panic carries.
    pub(crate) type Payload = Box<dyn Any + Send>;

    /// Runs `f`; a panic becomes a value.
    ///
    /// Callers either resume the payload or are unwinding already, and hold no broken
    /// invariant across `f`: hence the assertion of unwind safety, once, here.
    pub(crate) fn catch<R>(f: impl FnOnce() -> R) -> Result<R, Payload> {
        panic::catch_unwind(panic::AssertUnwindSafe(f))
    }

    /// Goes on with a panic that [`catch`] stopped.
    pub(crate) fn resume(payload: Payload) -> ! {
        panic::resume_unwind(payload)
    }

    /// As [`resume`], for destructors: a second panic in one thread would abort.
    pub(crate) fn resume_unless_panicking(payload: Payload) {
        if std::thread::panicking() {
            discard(payload);
        } else {
            resume(payload)
        }
    }

    /// Whether this thread is unwinding.
    pub(crate) fn is_panicking() -> bool {
        std::thread::panicking()
    }

    /// Prints what cannot be told by a panic.
    #[cfg(feature = "inspect")]
    pub(crate) fn tell(what: core::fmt::Arguments<'_>) {
        std::eprintln!("{what}");
    }

    /// Drops a payload that nobody will see. It is the user's type, so this too may panic;
    /// what that panic carries is leaked, or there would be no end to it.
    pub(super) fn discard(payload: Payload) {
        core::mem::forget(catch(|| drop(payload)));
    }
}

#[cfg(not(feature = "std"))]
mod imp {
    /// Without `std` nothing can be caught, so there is never a payload.
    #[derive(Debug)]
    pub(crate) enum Payload {}

    pub(crate) fn catch<R>(f: impl FnOnce() -> R) -> Result<R, Payload> {
        Ok(f())
    }

    pub(crate) fn resume(payload: Payload) -> ! {
        match payload {}
    }

    pub(crate) fn resume_unless_panicking(payload: Payload) {
        match payload {}
    }

    /// Nobody can tell.
    pub(crate) fn is_panicking() -> bool {
        false
    }

    /// There is nowhere to print to.
    #[cfg(feature = "inspect")]
    pub(crate) fn tell(_: core::fmt::Arguments<'_>) {}

    pub(super) fn discard(payload: Payload) {
        match payload {}
    }
}

use imp::discard;
#[cfg(feature = "inspect")]
pub(crate) use imp::tell;
pub(crate) use imp::{Payload, catch, is_panicking, resume, resume_unless_panicking};

/// Runs user code in a destructor, or where one may be running: its panic goes on, unless
/// another is on its way already. (Without `std` that cannot be told, and a second panic
/// aborts.)
pub(crate) fn run_in_drop(f: impl FnOnce()) {
    if let Err(payload) = catch(f) {
        resume_unless_panicking(payload);
    }
}

/// As [`run_in_drop`], for two steps that must both be taken.
pub(crate) fn run_both_in_drop(first: impl FnOnce(), second: impl FnOnce()) {
    let mut panics = FirstPanic::default();
    let mut second = Some(second);
    // Without `std` it is run while the first one's panic unwinds.
    let mut rest = OnUnwind(|| {
        if let Some(second) = second.take() {
            second();
        }
    });
    panics.run(first);
    panics.run(|| (rest.0)());
    drop(rest);
    panics.resume_in_drop();
}

/// Runs `f` where a panic has to go unseen: one is on its way already.
pub(crate) fn swallow(f: impl FnOnce()) {
    if let Err(payload) = catch(f) {
        discard(payload);
    }
}

/// Runs its closure when it is dropped; to be forgotten where that is not to be.
#[derive(Debug)]
pub(crate) struct OnUnwind<F: FnMut()>(pub(crate) F);

impl<F: FnMut()> Drop for OnUnwind<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// The first panic of several steps that must all be taken.
#[derive(Debug, Default)]
pub struct FirstPanic(Option<Payload>);

impl FirstPanic {
    /// Takes a step.
    pub(crate) fn run(&mut self, step: impl FnOnce()) {
        self.note(catch(step));
    }

    /// Notes how a step ended.
    pub(crate) fn note(&mut self, result: Result<(), Payload>) {
        match (result, &self.0) {
            (Ok(()), _) => {}
            (Err(payload), None) => self.0 = Some(payload),
            (Err(payload), Some(_)) => discard(payload),
        }
    }

    /// Goes on with it, as [`run_in_drop`] does.
    pub(crate) fn resume_in_drop(self) {
        if let Some(payload) = self.0 {
            resume_unless_panicking(payload);
        }
    }

    /// Goes on with it; there must be one.
    pub(crate) fn resume(self) -> ! {
        match self.0 {
            Some(payload) => resume(payload),
            None => unreachable!("there was a panic"),
        }
    }

    /// Whether there was one.
    #[cfg(feature = "alloc")]
    pub(crate) fn is_some(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn into_result(self) -> Result<(), Payload> {
        self.0.map_or(Ok(()), Err)
    }
}
