//! Running what compares a part of the crate with its reference: on random programs, and on those
//! that fuzzing has found worth keeping.

use std::{
    fmt, fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use super::rng::Rng;

/// Runs `count` random programs of `length` bytes; otherwise as [`seeds`].
pub(crate) fn random(count: u64, length: u64, mut run: impl FnMut(&[u8])) -> bool {
    seeds(count, |seed| run(&Rng::new(seed).bytes(length)))
}

/// Runs `count` seeds; by the environment `SEED=n` that one alone, `SEEDS=n` that many. Returns
/// whether there were many.
pub(crate) fn seeds(count: u64, mut run: impl FnMut(u64)) -> bool {
    let number = |name| std::env::var(name).ok().map(|n| n.parse::<u64>().unwrap());
    let one = number("SEED");
    let seeds = match one {
        Some(seed) => seed..seed + 1,
        None => 0..number("SEEDS").unwrap_or(count),
    };
    for seed in seeds {
        expect_agreement(|| run(seed), format_args!("seed {seed}"));
    }
    one.is_none()
}

/// Runs the corpus of a fuzz target.
pub(crate) fn corpus(target: &str, mut run: impl FnMut(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    for file in fs::read_dir(corpus).expect("the corpus is part of the repository") {
        let path = file.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        expect_agreement(|| run(&bytes), path.display());
    }
}

fn expect_agreement(run: impl FnOnce(), name: impl fmt::Display) {
    let agreed = catch_unwind(AssertUnwindSafe(run));
    assert!(agreed.is_ok(), "{name} differs");
}
