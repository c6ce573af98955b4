//! embassy's time: each interrupt of the timer is a tick.

use core::{
    cell::{Cell, RefCell},
    task::Waker,
};

use critical_section::Mutex;
use embassy_time_driver::Driver;
use embassy_time_queue_utils::Queue;

struct Ticks {
    now: Mutex<Cell<u64>>,
    // The default one, which takes wakers of embassy's tasks alone.
    queue: Mutex<RefCell<Queue>>,
}

embassy_time_driver::time_driver_impl!(static TICKS: Ticks = Ticks {
    now: Mutex::new(Cell::new(0)),
    queue: Mutex::new(RefCell::new(Queue::new())),
});

impl Driver for Ticks {
    fn now(&self) -> u64 {
        critical_section::with(|token| self.now.borrow(token).get())
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        // The next tick looks at the queue, so no alarm needs to be set.
        critical_section::with(|token| {
            self.queue
                .borrow(token)
                .borrow_mut()
                .schedule_wake(at, waker)
        });
    }
}

/// To be called from the timer's interrupt.
pub(crate) fn on_tick() {
    critical_section::with(|token| {
        let now = TICKS.now.borrow(token).get() + 1;
        TICKS.now.borrow(token).set(now);
        TICKS.queue.borrow(token).borrow_mut().next_expiration(now);
    });
}
