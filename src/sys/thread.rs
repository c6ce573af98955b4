//! Which thread is this, and how to wait a moment.

#[cfg(all(not(loom), feature = "std"))]
mod imp {
    extern crate std;

    /// Tells threads that are alive at the same time apart.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) struct ThreadId(usize);

    /// Looks again when others have run, or after a sleep: the other thread may have been taken off
    /// its processor, by this one if that is more important.
    ///
    /// Not at once: two threads that spin for the same lock pass it, and what is behind it, from
    /// core to core each time. Who gives way meanwhile lets the other do more than one thing with
    /// it, and that is a third of the time (`ci/bench channel --rows 4-1`).
    pub(crate) fn spin(turn: u32) {
        match turn {
            0..60 => std::thread::yield_now(),
            _ => std::thread::sleep(core::time::Duration::from_micros(50)),
        }
    }

    /// The running thread: the address of a variable of its own.
    pub(crate) fn current() -> ThreadId {
        std::thread_local!(static MARK: u8 = const { 0 });
        MARK.with(|mark| ThreadId(core::ptr::from_ref(mark).addr()))
    }

    /// The number of the running thread, from 1: those of the program count themselves.
    #[cfg(feature = "inspect")]
    pub(crate) fn number() -> usize {
        use core::sync::atomic::{AtomicUsize, Ordering};

        static THREADS: AtomicUsize = AtomicUsize::new(0);
        std::thread_local!(static NUMBER: usize = THREADS.fetch_add(1, Ordering::Relaxed) + 1);
        // Where a thread ends its variables may be gone already.
        NUMBER.try_with(|&number| number).unwrap_or(0)
    }

    /// Calls `each` with the name of the running thread, if it has one.
    #[cfg(feature = "inspect")]
    pub(crate) fn with_name(each: impl FnOnce(&str)) {
        if let Some(name) = std::thread::current().name() {
            each(name);
        }
    }

    std::thread_local!(pub(super) static INNERMOST: core::cell::Cell<*const ()> = const { core::cell::Cell::new(core::ptr::null()) });
}

#[cfg(all(not(loom), not(feature = "std")))]
mod imp {
    /// Without `std` nothing tells threads apart; all are taken for one.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) struct ThreadId;

    pub(crate) fn current() -> ThreadId {
        ThreadId
    }

    #[cfg(feature = "inspect")]
    pub(crate) fn number() -> usize {
        0
    }

    #[cfg(feature = "inspect")]
    pub(crate) fn with_name(_: impl FnOnce(&str)) {}

    #[cfg(not(feature = "critical-section"))]
    pub(crate) fn spin(_: u32) {
        core::hint::spin_loop();
    }
}

#[cfg(loom)]
mod imp {
    pub(crate) use loom::thread::ThreadId;

    pub(crate) fn current() -> ThreadId {
        loom::thread::current().id()
    }

    pub(crate) fn spin(_: u32) {
        loom::thread::yield_now();
    }

    /// Traces are not modelled.
    #[cfg(feature = "inspect")]
    pub(crate) fn number() -> usize {
        0
    }

    #[cfg(feature = "inspect")]
    pub(crate) fn with_name(_: impl FnOnce(&str)) {}

    #[cfg(feature = "std")]
    loom::thread_local!(pub(super) static INNERMOST: core::cell::Cell<*const ()> = core::cell::Cell::new(core::ptr::null()));
}

pub(crate) use imp::{ThreadId, current};
#[cfg(feature = "inspect")]
pub(crate) use imp::{number, with_name};

/// A word of the running thread's own, null at first: where the list of what it is at begins.
#[cfg(feature = "std")]
pub(crate) fn innermost() -> *const () {
    imp::INNERMOST.with(core::cell::Cell::get)
}

/// Sets [`innermost`].
#[cfg(feature = "std")]
pub(crate) fn set_innermost(innermost: *const ()) {
    imp::INNERMOST.with(|cell| cell.set(innermost));
}

/// One turn of waiting for another thread that needs a moment; `turns` counts them.
#[cfg(any(loom, feature = "std", not(feature = "critical-section")))]
pub(crate) fn spin(turns: &mut u32) {
    *turns = turns.saturating_add(1);
    imp::spin(*turns);
}
