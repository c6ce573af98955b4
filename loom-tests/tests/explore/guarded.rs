//! A primitive, and data whose order it is to establish.

use std::{ops::Deref, sync::Arc};

use loom::thread::{self, JoinHandle};
use pleach_loom::internals::UnsafeCell;

/// Shared by `std`'s `Arc`: no logic hangs on its count, and loom need not try the orders in
/// which it is dropped. (That it *is* dropped the cell inside makes sure.)
pub(crate) struct Guarded<P> {
    primitive: P,
    data: UnsafeCell<u32>,
}

// SAFETY: the models touch `data` only in the order that the primitive establishes, and loom
// checks that they do.
unsafe impl<P: Sync> Sync for Guarded<P> {}

impl<P> Guarded<P> {
    pub(crate) fn with(primitive: P) -> Arc<Self> {
        Arc::new(Self {
            primitive,
            data: UnsafeCell::new(0),
        })
    }

    pub(crate) fn write(&self) -> u32 {
        self.data.with_mut(|data| {
            // SAFETY: checked by loom.
            let data = unsafe { &mut *data };
            *data += 1;
            *data
        })
    }

    pub(crate) fn read(&self) -> u32 {
        // SAFETY: checked by loom.
        self.data.with(|data| unsafe { *data })
    }
}

impl<P> Deref for Guarded<P> {
    type Target = P;

    fn deref(&self) -> &P {
        &self.primitive
    }
}

/// Runs `f` on another thread.
pub(crate) fn beside<P: 'static, T: 'static>(
    guarded: &Arc<Guarded<P>>,
    f: impl FnOnce(&Guarded<P>) -> T + 'static,
) -> JoinHandle<T> {
    let guarded = Arc::clone(guarded);
    thread::spawn(move || f(&guarded))
}
