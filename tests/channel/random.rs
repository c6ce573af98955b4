//! The channel beside a naive reference: on programs that fuzzing has found worth keeping, and on
//! random ones.

#[path = "../channel_reference/mod.rs"]
mod channel_reference;

use std::{
    fmt, fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use channel_reference::Reached;

use super::support::rng::Rng;

/// How many paths the reference takes note of.
const PATHS: usize = 12;

fn run(reached: &mut Reached, bytes: &[u8], name: impl fmt::Display) {
    let agreed = catch_unwind(AssertUnwindSafe(|| reached.run(bytes)));
    assert!(agreed.is_ok(), "{name} differs");
}

/// `SEED=n cargo test --test channel random` runs one program, `SEEDS=n` that many.
#[test]
fn it_agrees_with_its_reference_on_random_programs() {
    let number = |name| std::env::var(name).ok().map(|n| n.parse::<u64>().unwrap());
    let one = number("SEED");
    let seeds = match one {
        Some(seed) => seed..seed + 1,
        None => 0..number("SEEDS").unwrap_or(3_000),
    };
    let mut reached = Reached::default();
    for seed in seeds {
        let bytes = Rng::new(seed).bytes(400);
        run(&mut reached, &bytes, format_args!("seed {seed}"));
    }
    println!("{reached:#?}");
    assert!(
        one.is_some() || reached.paths.len() == PATHS,
        "{reached:#?}"
    );
}

#[test]
fn it_agrees_with_its_reference_on_the_corpus() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/channel");
    let mut reached = Reached::default();
    for file in fs::read_dir(corpus).expect("the corpus is part of the repository") {
        let path = file.unwrap().path();
        run(&mut reached, &fs::read(&path).unwrap(), path.display());
    }
    assert_eq!(reached.paths.len(), PATHS, "{reached:#?}");
}
