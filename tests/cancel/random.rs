//! Random programs beside a naive reference, and those that fuzzing has found worth keeping.

#[path = "../cancel_reference/mod.rs"]
mod cancel_reference;

use std::{
    fmt, fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use cancel_reference::Reached;

use crate::support::rng::Rng;

/// How many paths the reference takes note of.
const PATHS: usize = 18;

fn run(reached: &mut Reached, bytes: &[u8], name: impl fmt::Display) {
    let agreed = catch_unwind(AssertUnwindSafe(|| reached.run(bytes)));
    assert!(agreed.is_ok(), "{name} differs");
}

#[test]
fn the_tree_agrees_with_its_reference_on_random_programs() {
    let mut reached = Reached::default();
    for seed in 0..500 {
        run(
            &mut reached,
            &Rng::new(seed).bytes(500),
            format_args!("seed {seed}"),
        );
    }
    assert_eq!(reached.paths.len(), PATHS, "{reached:#?}");
}

#[test]
fn the_tree_agrees_with_its_reference_on_the_corpus() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/cancel");
    let mut reached = Reached::default();
    for file in fs::read_dir(corpus).expect("the corpus is part of the repository") {
        let path = file.unwrap().path();
        run(&mut reached, &fs::read(&path).unwrap(), path.display());
    }
    assert_eq!(reached.paths.len(), PATHS, "{reached:#?}");
}
