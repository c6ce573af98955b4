//! Time: all subjects in turn, round after round, and the median of each.

use std::time::{Duration, Instant};

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
            let (began, used) = (Instant::now(), processor_time());
            (subject.run)(operations[at]);
            processor[at].push(processor_time() - used);
            wall[at].push(began.elapsed());
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

/// How many operations take about as long as they should: a multiple of what workloads
/// divide them by.
fn calibrate(subject: &Subject) -> u64 {
    let mut operations = Workload::MULTIPLE;
    loop {
        let began = Instant::now();
        (subject.run)(operations);
        let took = began.elapsed();
        if took * 2 >= TARGET {
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
