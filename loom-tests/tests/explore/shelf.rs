//! An executor that keeps what it is given: the model says when and where that is polled or dropped.

use std::{
    cell::Cell,
    future::Future,
    mem, panic,
    pin::Pin,
    sync::{Arc, Mutex, Once},
};

use pleach_loom::runtime::Spawn;

use super::{guarded::Guarded, is_ready};

thread_local! {
    static HAS_PANICKED: Cell<bool> = const { Cell::new(false) };
}

/// The model, which fails also if a panic of the checker, as of whatever else, is caught by the crate.
/// (One that is resumed, without the hook, may be.)
pub(crate) fn watched<T>(model: impl Fn() -> T + Send + Sync) -> impl Fn() -> T + Send + Sync {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            // With any other the checker unwinds a thread that it has no use for any more.
            let payload = info.payload();
            let is_said = payload.is::<&str>() || payload.is::<String>();
            HAS_PANICKED.set(HAS_PANICKED.get() || is_said);
            usual(info);
        }));
    });
    move || {
        let outcome = model();
        assert!(!HAS_PANICKED.get(), "a panic was caught");
        outcome
    }
}

pub(crate) type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// An executor that keeps its tasks for the model, by a lock that loom does not see.
#[derive(Clone, Default)]
pub(crate) struct Shelf(Arc<Mutex<Vec<Work>>>);

impl Spawn for Shelf {
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        self.0.lock().unwrap().push(Box::pin(future));
    }
}

impl Shelf {
    pub(crate) fn take(&self) -> Work {
        self.0.lock().unwrap().pop().expect("it was spawned")
    }

    pub(crate) fn take_all(&self) -> Vec<Work> {
        mem::take(&mut self.0.lock().unwrap())
    }
}

/// Polls a task that is ready then.
pub(crate) fn complete(mut task: Work) {
    assert!(is_ready(&mut task));
}

/// Writes when it is dropped.
pub(crate) struct Writes(pub(crate) Arc<Guarded<()>>);

impl Drop for Writes {
    fn drop(&mut self) {
        self.0.write();
    }
}
