//! The channel beside a naive reference: on programs that fuzzing has found worth keeping, and on
//! random ones.

#[path = "../channel_reference/mod.rs"]
mod channel_reference;

use channel_reference::Reached;

use crate::support::programs;

/// How many paths the reference takes note of.
const PATHS: usize = 12;

/// `SEED=n cargo test --test channel random` runs one program, `SEEDS=n` that many.
#[test]
fn it_agrees_with_its_reference_on_random_programs() {
    let mut reached = Reached::default();
    let are_many = programs::random(3_000, 400, |bytes| reached.run(bytes));
    println!("{reached:#?}");
    assert!(!are_many || reached.paths.len() == PATHS, "{reached:#?}");
}

#[test]
fn it_agrees_with_its_reference_on_the_corpus() {
    let mut reached = Reached::default();
    programs::corpus("channel", |bytes| reached.run(bytes));
    assert_eq!(reached.paths.len(), PATHS, "{reached:#?}");
}
