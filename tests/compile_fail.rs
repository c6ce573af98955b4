//! Programs that must not compile, with what the compiler says, each beside a twin that does.
//!
//! `compile_fail/NAME.rs` is refused with `NAME.stderr`; `NAME_ok.rs` differs from it as
//! little as possible, compiles and runs, so that the refusal is for the reason claimed and not
//! for a slip. Messages change from one compiler to the next: they are compared on the one
//! below, others run the twins alone. After a change that is meant, or for another compiler:
//! `TRYBUILD=overwrite cargo test --test compile_fail`, then read the difference.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The compiler whose messages are checked in.
const COMPILER: &str = "rustc 1.95.";

/// The programs of the suite: those to be refused, and their twins.
fn programs() -> (BTreeSet<PathBuf>, BTreeSet<PathBuf>) {
    // Relative: cargo runs tests in the directory of their package.
    fs::read_dir("tests/compile_fail")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .partition(|path| !is_twin(path))
}

fn is_twin(path: &Path) -> bool {
    path.to_string_lossy().ends_with("_ok.rs")
}

fn compiler() -> String {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().unwrap();
    String::from_utf8(version.stdout).unwrap()
}

#[test]
fn what_must_be_refused_is_refused_and_its_twin_is_not() {
    let (refused, twins) = programs();
    let cases = trybuild::TestCases::new();
    for twin in twins {
        cases.pass(twin);
    }
    let compiler = compiler();
    if compiler.starts_with(COMPILER) {
        for program in refused {
            cases.compile_fail(program);
        }
    } else {
        println!("messages are compared with those of {COMPILER}*, this is {compiler}");
    }
}

#[test]
fn every_case_has_its_message_and_its_twin() {
    let (refused, twins) = programs();
    assert!(!refused.is_empty());
    for program in &refused {
        let message = program.with_extension("stderr");
        assert!(message.is_file(), "there is no {}", message.display());
    }
    let named: BTreeSet<_> = refused
        .iter()
        .map(|program| {
            let name = program.file_stem().unwrap().to_string_lossy();
            program.with_file_name(format!("{name}_ok.rs"))
        })
        .collect();
    assert_eq!(named, twins);
}
