//! What a scope can do beside running its children: end early, drop some, keep some.

#[path = "../support/mod.rs"]
mod support;

mod abort;
mod breaks;
mod budget;
mod counts;
mod daemons;
mod inbox;
mod shielded;
mod slot;
#[cfg(target_has_atomic = "ptr")]
mod start;

use std::{
    future::{Future, pending},
    num::NonZeroUsize,
    sync::Mutex,
};

use pleach::Cancelled;

fn limit(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).unwrap()
}

/// What happened, in order.
#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Log {
    fn push(&self, entry: impl Into<String>) {
        self.0.lock().unwrap().push(entry.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// Something that says when it is dropped.
    fn guard(&self, name: impl Into<String>) -> Guard<'_> {
        Guard(self, name.into())
    }

    /// Never ready, and says when it is dropped.
    fn stays(&self, name: &str) -> impl Future<Output = ()> + Send + use<'_> {
        let guard = self.guard(name);
        async move {
            let _guard = guard;
            pending().await
        }
    }
}

struct Guard<'a>(&'a Log, String);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.0.push(std::mem::take(&mut self.1));
    }
}

/// Calls its closure when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

fn kind<T>(output: Result<T, Cancelled>) -> Option<pleach::cancel::CauseKind> {
    output.err().map(|error| error.cause().kind())
}

/// What the payload of the panic in `f` says.
fn panics<T>(f: impl FnOnce() -> T) -> String {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)) {
        Ok(_) => panic!("it did not panic"),
        Err(payload) => support::message(&*payload).to_owned(),
    }
}
#[cfg(feature = "std")]
mod isolate;
