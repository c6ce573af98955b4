//! The semaphore beside a naive reference: on programs that fuzzing has found worth keeping, and
//! on random ones.

mod semaphore_reference;
mod support;

use semaphore_reference::Reached;
use support::programs;

/// How many paths the reference takes note of.
const PATHS: usize = 13;

/// `SEED=n cargo test --test reference` runs one program, `SEEDS=n` that many.
#[test]
fn the_semaphore_agrees_with_its_reference_on_random_programs() {
    let mut reached = Reached::default();
    let are_many = programs::random(3_000, 600, |bytes| reached.run(bytes));
    println!("{reached:#?}");
    assert!(!are_many || reached.paths.len() == PATHS, "{reached:#?}");
}

#[test]
fn the_semaphore_agrees_with_its_reference_on_the_corpus() {
    let mut reached = Reached::default();
    programs::corpus("semaphore", |bytes| reached.run(bytes));
    assert_eq!(reached.paths.len(), PATHS, "{reached:#?}");
}
