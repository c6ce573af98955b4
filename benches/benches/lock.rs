//! Which lock `sys/lock.rs` should use under `std`: `cargo bench --bench lock`.
//!
//! The operating system's mutex (which spins a little itself before it sleeps) against one
//! that is tried a number of times before it is waited for, and against `parking_lot`. The
//! critical section is as short as the crate's own: a few words.

use std::{hint, sync::Mutex, thread};

use pleach_benches::{Subject, compare};

const OPERATIONS: u32 = 200_000;
const TRIES: u32 = 50;

trait Lock: Sync {
    fn with(&self, f: impl FnOnce(&mut [usize; 3]));
}

struct Os(Mutex<[usize; 3]>);
struct SpinThenPark(Mutex<[usize; 3]>);
struct ParkingLot(parking_lot::Mutex<[usize; 3]>);

impl Lock for Os {
    fn with(&self, f: impl FnOnce(&mut [usize; 3])) {
        f(&mut self.0.lock().unwrap());
    }
}

impl Lock for SpinThenPark {
    fn with(&self, f: impl FnOnce(&mut [usize; 3])) {
        for _ in 0..TRIES {
            if let Ok(mut held) = self.0.try_lock() {
                return f(&mut held);
            }
            hint::spin_loop();
        }
        f(&mut self.0.lock().unwrap());
    }
}

impl Lock for ParkingLot {
    fn with(&self, f: impl FnOnce(&mut [usize; 3])) {
        f(&mut self.0.lock());
    }
}

/// `threads` of them share the operations; each does a little of its own between two.
fn contend(lock: &impl Lock, threads: u32) {
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                for n in 0..OPERATIONS / threads {
                    lock.with(|words| words.iter_mut().for_each(|word| *word += 1));
                    hint::black_box((0..20).fold(n, |sum, k| hint::black_box(sum ^ k)));
                }
            });
        }
    });
}

fn main() {
    let (os, spin) = (Os(Mutex::default()), SpinThenPark(Mutex::default()));
    let parking_lot = ParkingLot(parking_lot::Mutex::default());
    for threads in [1, 2, 4, 16] {
        let subjects: [Subject<'_>; 3] = [
            ("std::sync::Mutex", Box::new(|| contend(&os, threads))),
            (
                "tried, then waited for",
                Box::new(|| contend(&spin, threads)),
            ),
            (
                "parking_lot::Mutex",
                Box::new(|| contend(&parking_lot, threads)),
            ),
        ];
        compare(&format!("{threads} threads"), OPERATIONS, &subjects);
    }
}
