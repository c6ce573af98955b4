//! Random programs beside a naive reference, and those that fuzzing has found worth keeping.

#[path = "../cancel_reference/mod.rs"]
mod cancel_reference;

use cancel_reference::Reached;

use crate::support::programs;

/// How many paths the reference takes note of.
const PATHS: usize = 18;

/// `SEED=n cargo test --test cancel random` runs one program, `SEEDS=n` that many.
#[test]
fn the_tree_agrees_with_its_reference_on_random_programs() {
    let mut reached = Reached::default();
    let are_many = programs::random(500, 500, |bytes| reached.run(bytes));
    assert!(!are_many || reached.paths.len() == PATHS, "{reached:#?}");
}

#[test]
fn the_tree_agrees_with_its_reference_on_the_corpus() {
    let mut reached = Reached::default();
    programs::corpus("cancel", |bytes| reached.run(bytes));
    assert_eq!(reached.paths.len(), PATHS, "{reached:#?}");
}
