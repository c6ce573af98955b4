//! Which lock `sys/lock.rs` should use under `std`: `ci/bench lock`.
//!
//! The operating system's mutex (which spins a little itself before it sleeps, and is what
//! the crate uses) against one that is tried a number of times before it is waited for, and
//! against `parking_lot`. The critical section is as short as the crate's own: a few words.

use std::{hint, sync::Mutex, thread};

use pleach_benches::{Bench, Role, Subject, Workload};

const TRIES: u32 = 50;

trait Lock: Default + Sync {
    fn with(&self, f: impl FnOnce(&mut [usize; 3]));
}

#[derive(Default)]
struct Os(Mutex<[usize; 3]>);
#[derive(Default)]
struct SpinThenPark(Mutex<[usize; 3]>);
#[derive(Default)]
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
fn contend<L: Lock>(threads: u64, operations: u64) {
    let lock = L::default();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                for n in 0..operations / threads {
                    lock.with(|words| words.iter_mut().for_each(|word| *word += 1));
                    hint::black_box((0..20).fold(n, |sum, k| hint::black_box(sum ^ k)));
                }
            });
        }
    });
}

fn workload(name: &'static str, threads: u64) -> Workload {
    fn subject<L: Lock>(name: &'static str, role: Role, threads: u64) -> Subject {
        let run = Box::new(move |operations| contend::<L>(threads, operations));
        Subject { name, role, run }
    }
    Workload {
        name,
        instructions: threads == 1,
        subjects: vec![
            subject::<Os>("std", Role::Ours, threads),
            subject::<SpinThenPark>("tried first", Role::Peer, threads),
            subject::<ParkingLot>("parking_lot", Role::Peer, threads),
        ],
    }
}

fn main() {
    Bench {
        name: "lock",
        workloads: vec![
            workload("1 thread", 1),
            workload("2 threads", 2),
            workload("4 threads", 4),
            workload("16 threads", 16),
        ],
        facts: Vec::new,
        chart: &[],
    }
    .main();
}
