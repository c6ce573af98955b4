//! Stresses the public API from several threads, and checks what it promises.
//!
//! ```text
//! cargo run --release --example stress -- --seconds 10 --threads 4
//! ```
//!
//! It is a plain program, not a test, so that ThreadSanitizer and AddressSanitizer see nothing
//! but it and the crate (`ci/tsan`, `ci/asan`). A broken promise is a panic; if nothing moves
//! for a minute, a wake-up, a permit or a message was lost, and the program ends with exit status 1.
//!
//! | module | what it is about |
//! |---|---|
//! | `semaphore` | a room that holds so many at a time: weights, cancelling, closing, forgetting |
//! | `scope` | children that are spawned, woken, awaited and cancelled from other threads |
//! | `par` | the same of children that are tasks on threads |
//! | `channel` | producers and consumers who change their mind; a watch and oneshots beside them |
//! | `tree` | a cancellation tree that grows, is cancelled and falls apart |
//! | `support` | random numbers, plain memory, counts |
//! | `args` | the command line |

mod args;
mod channel;
mod par;
mod scope;
mod semaphore;
mod support;
mod tree;

use std::{
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use args::{Args, Request};
use support::{Rng, Tally};

fn main() -> ExitCode {
    let args = match args::parse() {
        Ok(Request::Run(args)) => args,
        Ok(Request::Help) => {
            print!("{}", args::USAGE);
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("stress: {error}\n\n{}", args::USAGE);
            return ExitCode::from(2);
        }
    };
    thread::spawn(support::watch_for_standstill);
    let start = Instant::now();
    let tally = run(&args, start + Duration::from_secs(args.seconds));
    print!("{tally}");
    println!(
        "{} operations by {} threads in {:.1} s, seed {}: no violation",
        tally.total(),
        args.threads,
        start.elapsed().as_secs_f64(),
        args.seed,
    );
    ExitCode::SUCCESS
}

/// Whole rounds, at least one, until the time is over.
fn run(args: &Args, end: Instant) -> Tally {
    let mut rng = Rng::new(args.seed);
    let mut tally = Tally::default();
    loop {
        semaphore::round(args.threads, &mut rng, &mut tally);
        scope::round(args.threads, &mut rng, &mut tally);
        par::round(args.threads, &mut rng, &mut tally);
        channel::round(args.threads, &mut rng, &mut tally);
        tree::round(args.threads, &mut rng, &mut tally);
        if Instant::now() >= end {
            return tally;
        }
    }
}
