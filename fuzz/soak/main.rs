//! Tries the semaphore for as long as it is told to, on all cores, and counts: random programs
//! beside the reference, and in turn with them threads that fight over semaphores.

mod stress;

#[path = "../../tests/support/rng.rs"]
mod rng;
#[path = "../../tests/semaphore_reference/mod.rs"]
mod semaphore_reference;

use std::{
    env,
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use rng::Rng;
use semaphore_reference::Reached;
use stress::Round;

const USAGE: &str = "\
usage: soak SECONDS          try for that long; the exit code is 0 if all went well
       soak --program SEED   run one program beside the reference
       soak --round SEED     run one round of threads; how they interleave differs each time";

/// Programs of one thread before the next round of threads.
const PROGRAMS: u64 = 500;

fn main() -> ExitCode {
    let args: Vec<_> = env::args().skip(1).collect();
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    let number = args.last().and_then(|last| last.parse().ok());
    let ended = match (&args[..], number) {
        (["--help"], _) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        (["--program", _], Some(seed)) => program(&mut Reached::default(), seed),
        (["--round", _], Some(seed)) => Round::run(seed).map(drop),
        ([_], Some(seconds)) => soak(Duration::from_secs(seconds)),
        _ => Err(USAGE.to_owned()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn soak(time: Duration) -> Result<(), String> {
    let cores = thread::available_parallelism().map_or(1, usize::from) as u64;
    let start = Instant::now();
    let (mut turns, mut operations, mut steps) = (0, 0, 0);
    while turns == 0 || start.elapsed() < time {
        operations += programs(turns * cores * PROGRAMS, cores)?;
        steps += Round::run(turns)?;
        turns += 1;
    }
    println!(
        "{} programs beside the reference: {operations} operations, no difference\n\
         {turns} rounds of threads: {steps} operations, no violation\n\
         {} operations in {} s on {cores} cores",
        turns * cores * PROGRAMS,
        operations + steps,
        start.elapsed().as_secs(),
    );
    Ok(())
}

/// Runs programs on all cores and returns how many operations they had.
fn programs(first: u64, cores: u64) -> Result<usize, String> {
    thread::scope(|threads| {
        let share = |core| {
            let start = first + core * PROGRAMS;
            let mut reached = Reached::default();
            (start..start + PROGRAMS).try_for_each(|seed| program(&mut reached, seed))?;
            Ok(reached.operations)
        };
        let running: Vec<_> = (0..cores)
            .map(|core| threads.spawn(move || share(core)))
            .collect();
        let ended = running.into_iter().map(|thread| thread.join());
        ended.map(|end| end.expect("panics are caught")).sum()
    })
}

fn program(reached: &mut Reached, seed: u64) -> Result<(), String> {
    let bytes = Rng::new(seed).bytes(600);
    catch_unwind(AssertUnwindSafe(|| reached.run(&bytes)))
        .map_err(|_| format!("program {seed} differs: `soak --program {seed}` repeats it"))
}
