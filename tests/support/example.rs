//! Programs of `examples/`, for tests that run them.

use std::{env, path::PathBuf, process::Command};

/// Where an example is. Cargo builds it along with the tests, unless it is told to build those
/// alone.
pub(crate) fn example(name: &str, features: &str) -> PathBuf {
    // <target>/<profile>/deps/NAME_OF_TEST-0123456789abcdef
    let this = env::current_exe().unwrap();
    let profile = this.ancestors().nth(2).unwrap();
    let example = profile.join("examples").join(name);
    if !example.exists() {
        let mut build = Command::new(env!("CARGO"));
        build.args([
            "build",
            "--example",
            name,
            "--features",
            features,
            "--target-dir",
        ]);
        build.arg(profile.parent().unwrap());
        if profile.ends_with("release") {
            build.arg("--release");
        }
        assert!(build.status().unwrap().success());
    }
    example
}
