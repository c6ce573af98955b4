//! What the benchmarks share: rounds of all subjects in turn, and the median of each.

use std::time::{Duration, Instant};

/// How often each subject is measured; between two rounds of one come all the others.
const ROUNDS: usize = 25;

/// A name and what to time.
pub type Subject<'a> = (&'a str, Box<dyn Fn() + 'a>);

/// Times the subjects in interleaved rounds and prints, for each, the median time of one of
/// `operations` and its ratio to the first subject's.
pub fn compare(row: &str, operations: u32, subjects: &[Subject<'_>]) {
    let mut times = vec![Vec::with_capacity(ROUNDS); subjects.len()];
    for _ in 0..ROUNDS {
        for ((_, run), times) in subjects.iter().zip(&mut times) {
            let began = Instant::now();
            run();
            times.push(began.elapsed());
        }
    }
    let medians: Vec<Duration> = times.into_iter().map(median).collect();
    println!("{row}");
    for ((name, _), time) in subjects.iter().zip(&medians) {
        let each = time.as_nanos() as f64 / f64::from(operations);
        let ratio = time.as_secs_f64() / medians[0].as_secs_f64();
        println!("  {name:<24} {each:>9.1} ns  x {ratio:.2}");
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
