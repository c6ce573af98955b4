//! Which thread is this, and how to wait a moment.

#[cfg(all(not(loom), feature = "std"))]
mod imp {
    extern crate std;

    /// Tells threads that are alive at the same time apart.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) struct ThreadId(usize);

    /// The running thread: the address of a variable of its own.
    pub(crate) fn current() -> ThreadId {
        std::thread_local!(static MARK: u8 = const { 0 });
        MARK.with(|mark| ThreadId(core::ptr::from_ref(mark).addr()))
    }
}

#[cfg(all(not(loom), not(feature = "std")))]
mod imp {
    /// Without `std` nothing tells threads apart; all are taken for one.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) struct ThreadId;

    pub(crate) fn current() -> ThreadId {
        ThreadId
    }
}

#[cfg(loom)]
mod imp {
    pub(crate) use loom::thread::ThreadId;

    pub(crate) fn current() -> ThreadId {
        loom::thread::current().id()
    }
}

pub(crate) use imp::{ThreadId, current};

/// One turn of a bounded spin.
#[cfg(any(loom, all(not(feature = "std"), not(feature = "critical-section"))))]
pub(crate) fn spin() {
    #[cfg(not(loom))]
    core::hint::spin_loop();
    #[cfg(loom)]
    loom::thread::yield_now();
}
