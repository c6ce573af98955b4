//! The critical section: one for the whole program, and it may be entered again inside.

/// Runs `f` while no interrupt handler and no other core is in a critical section.
#[cfg(not(loom))]
#[inline]
pub(crate) fn with<R>(f: impl FnOnce() -> R) -> R {
    critical_section::with(|_| f())
}

/// The same for the models: one mutex for all, which a thread that has it need not take.
#[cfg(loom)]
pub(crate) fn with<R>(f: impl FnOnce() -> R) -> R {
    use core::cell::Cell;

    loom::lazy_static! {
        static ref SECTION: loom::sync::Mutex<()> = loom::sync::Mutex::new(());
    }
    loom::thread_local! {
        static INSIDE: Cell<bool> = Cell::new(false);
    }

    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            INSIDE.with(|inside| inside.set(false));
        }
    }

    if INSIDE.with(Cell::get) {
        return f();
    }
    let _section = match SECTION.lock() {
        Ok(held) => held,
        Err(poisoned) => poisoned.into_inner(),
    };
    INSIDE.with(|inside| inside.set(true));
    let _leave = Leave;
    f()
}
