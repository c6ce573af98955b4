//! Time: all subjects in turn, round after round, and the median of each.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use crate::bench::{Subject, Workload};

/// How often each subject is measured; between two rounds of one come all the others.
const ROUNDS: usize = 25;
/// How long one measurement is to take, about.
const TARGET: Duration = Duration::from_millis(20);

/// Nanoseconds of one operation.
pub(crate) struct Times {
    pub(crate) wall: f64,
    /// Of all threads of the process together.
    pub(crate) processor: f64,
}

/// The median times of every subject of `workload`, in its order.
pub(crate) fn measure(workload: &Workload) -> Vec<Times> {
    let operations: Vec<u64> = workload.subjects.iter().map(calibrate).collect();
    let mut wall = vec![Vec::with_capacity(ROUNDS); operations.len()];
    let mut processor = wall.clone();
    for _ in 0..ROUNDS {
        for (at, subject) in workload.subjects.iter().enumerate() {
            let spent = time(subject, operations[at]);
            processor[at].push(spent.processor);
            wall[at].push(spent.wall);
        }
    }
    let each = |times, operations| median(times).as_nanos() as f64 / operations as f64;
    wall.into_iter()
        .zip(processor)
        .zip(operations)
        .map(|((wall, processor), operations)| Times {
            wall: each(wall, operations),
            processor: each(processor, operations),
        })
        .collect()
}

/// While it lives the clock stands still for the subject that runs on this thread: for what has to
/// be there before it can be measured. Reading the clock takes a microsecond, so it is for what is
/// long.
pub struct Untimed(Stopwatch);

thread_local! {
    /// What the subject that runs was not to be charged for.
    static UNTIMED: Cell<Spent> = Cell::default();
}

impl Untimed {
    pub fn begin() -> Self {
        Self(Stopwatch::start())
    }
}

impl Drop for Untimed {
    fn drop(&mut self) {
        let (before, now) = (UNTIMED.get(), self.0.read());
        UNTIMED.set(Spent {
            wall: before.wall + now.wall,
            processor: before.processor + now.processor,
        });
    }
}

#[derive(Clone, Copy, Default)]
struct Spent {
    wall: Duration,
    processor: Duration,
}

struct Stopwatch {
    began: Instant,
    used: Duration,
}

impl Stopwatch {
    fn start() -> Self {
        Self {
            began: Instant::now(),
            used: processor_time(),
        }
    }

    fn read(&self) -> Spent {
        Spent {
            processor: processor_time() - self.used,
            wall: self.began.elapsed(),
        }
    }
}

fn time(subject: &Subject, operations: u64) -> Spent {
    UNTIMED.take();
    let watch = Stopwatch::start();
    (subject.run)(operations);
    let (spent, untimed) = (watch.read(), UNTIMED.take());
    Spent {
        wall: spent.wall - untimed.wall,
        processor: spent.processor.saturating_sub(untimed.processor),
    }
}

/// How many operations take about as long as they should: a multiple of what workloads
/// divide them by.
fn calibrate(subject: &Subject) -> u64 {
    let mut operations = Workload::MULTIPLE;
    loop {
        if time(subject, operations).wall * 2 >= TARGET {
            return operations;
        }
        operations *= 2;
    }
}

fn processor_time() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a place for the answer, alive during the call.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    assert_eq!(failed, 0, "every Linux has this clock");
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
