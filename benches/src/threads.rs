//! Two threads that really meet: each on a processor of its own, begun together.

use std::{
    mem,
    sync::{
        Barrier,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

/// Runs `run` on two threads at once and waits for both.
pub fn on_two_threads(run: impl Fn() + Sync) {
    let start = Barrier::new(2);
    thread::scope(|scope| {
        for at in 0..2 {
            let (start, run) = (&start, &run);
            scope.spawn(move || {
                pin_to_processor(at);
                start.wait();
                run();
            });
        }
    });
}

/// Lets the first thread that holds something keep it until the other is sure to wait for
/// it: from there on they meet again and again, or, if the primitive prevents it, do not.
/// Without this it would be chance whether they ever meet.
#[derive(Default)]
pub struct FirstMeeting(AtomicBool);

impl FirstMeeting {
    /// To be called by whoever holds it.
    pub fn hold(&self) {
        if !self.0.swap(true, Ordering::Relaxed) {
            thread::sleep(Duration::from_micros(500));
        }
    }
}

/// Binds this thread to one of the processors that it may use. A wish: where there is only
/// one, both threads share it.
fn pin_to_processor(at: usize) {
    // SAFETY: all zeros is the empty set.
    let mut allowed: libc::cpu_set_t = unsafe { mem::zeroed() };
    let mut chosen = allowed;
    let size = size_of_val(&allowed);
    // SAFETY: `allowed` is a place of the size that is told.
    let failed = unsafe { libc::sched_getaffinity(0, size, &mut allowed) };
    assert_eq!(failed, 0, "the set is large enough");
    let is_allowed = |processor: &usize| {
        // SAFETY: the number is below the size of the set.
        unsafe { libc::CPU_ISSET(*processor, &allowed) }
    };
    let processors = (0..libc::CPU_SETSIZE as usize).filter(is_allowed);
    let Some(processor) = processors.cycle().nth(at) else {
        return;
    };
    // SAFETY: the number is below the size of the set.
    unsafe { libc::CPU_SET(processor, &mut chosen) };
    // SAFETY: `chosen` has the size that is told.
    let failed = unsafe { libc::sched_setaffinity(0, size, &chosen) };
    assert_eq!(failed, 0, "an allowed processor can be chosen");
}
