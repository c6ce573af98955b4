//! Instructions, counted by callgrind: this very program is run under it, told to run one
//! subject only.

use std::{env, process::Command};

use crate::bench::Workload;

/// The argument that makes the program run one subject and end: `--only WORKLOAD SUBJECT
/// OPERATIONS`.
pub(crate) const ONLY: &str = "--only";

/// Instructions of one operation: the difference between two loop counts, so that starting,
/// first allocations and ending drop out.
pub(crate) fn instructions(workload: &str, subject: &str) -> f64 {
    let (few, many) = (4 * Workload::MULTIPLE, 24 * Workload::MULTIPLE);
    let more = count(workload, subject, many) - count(workload, subject, few);
    more as f64 / (many - few) as f64
}

fn count(workload: &str, subject: &str, operations: u64) -> u64 {
    let program = env::current_exe().expect("the program knows where it is");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args([ONLY, workload, subject, &operations.to_string()])
        .output()
        .expect("valgrind is installed: ci/bench sees to it");
    let log = String::from_utf8_lossy(&output.stderr);
    log.lines()
        .find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok())
        .unwrap_or_else(|| panic!("no count from callgrind:\n{log}"))
}
