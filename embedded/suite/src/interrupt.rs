//! What the timer's interrupt does, chosen by the test that is running.

use core::{
    cell::Cell,
    sync::atomic::{AtomicUsize, Ordering},
};

use critical_section::Mutex;

type Handler = Option<fn()>;

static HANDLER: Mutex<Cell<Handler>> = Mutex::new(Cell::new(None));

/// How often a handler ran. Only the interrupt writes it, so it needs no read-modify-write.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// To be called from the timer's interrupt.
pub fn on_interrupt() {
    if let Some(handler) = critical_section::with(|token| HANDLER.borrow(token).get()) {
        handler();
        COUNT.store(count() + 1, Ordering::Relaxed);
    }
}

/// How often an interrupt has called a handler.
pub(crate) fn count() -> usize {
    COUNT.load(Ordering::Relaxed)
}

/// Runs `test` while every interrupt calls `handler`.
pub(crate) fn with_handler(handler: fn(), test: impl FnOnce()) {
    critical_section::with(|token| HANDLER.borrow(token).set(Some(handler)));
    test();
    critical_section::with(|token| HANDLER.borrow(token).set(None));
}
