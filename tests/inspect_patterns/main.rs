//! Leaks and deadlocks that programs really have. Each is brought about, and caught: by what is said of
//! a stall, by what is cancelled and does not leave, or by a guard; and the text names the culprit, and where
//! in the code it is. `tests/PITFALLS.md` lists them.

#[path = "../support/mod.rs"]
mod support;

mod events;
mod handles;
mod limits;
mod messages;
mod permits;
mod report;
mod tokens;

use std::{
    future::Future,
    pin::{Pin, pin},
};

use pleach::{
    Scope,
    inspect::{Snapshot, StallReport},
    scope::scope,
};

use support::{Wakes, poll_with};

/// A line of the file in which it stands, as places in the code are written.
macro_rules! at {
    ($line:expr) => {
        format!("{}:{}", file!(), $line)
    };
}
pub(crate) use at;

/// Polls until nobody is woken any more; whether it is over.
fn run_dry<F: Future>(mut future: Pin<&mut F>) -> bool {
    let (wakes, waker) = Wakes::new();
    let mut before = None;
    while before != Some(wakes.count()) {
        before = Some(wakes.count());
        if poll_with(future.as_mut(), &waker).is_ready() {
            return true;
        }
    }
    false
}

/// Runs a scope with these children until nothing goes on, and what is to be said of it then. What the
/// function gives is called in between, when nothing went on for the first time.
fn stall_in_two<'env, N: FnOnce()>(spawn: impl FnOnce(&Scope<'env>) -> N) -> StallReport {
    let (driver, s) = scope();
    let next = spawn(&s);
    let mut run = pin!(driver.run(async {}));
    assert!(!run_dry(run.as_mut()));
    let older = Snapshot::of(&s);
    next();
    assert!(!run_dry(run.as_mut()));
    let report = StallReport::of(&s).with_older(&older);
    assert!(report.is_stalled(), "{report}");
    report
}

fn stall<'env>(spawn: impl FnOnce(&Scope<'env>)) -> StallReport {
    stall_in_two(|s| {
        spawn(s);
        || ()
    })
}

/// The names along each cycle.
fn cycles(report: &StallReport) -> Vec<Vec<&'static str>> {
    let names = report.cycles().map(|cycle| {
        let names = cycle.map(|entry| entry.node().name().unwrap_or("-"));
        names.collect()
    });
    names.collect()
}

/// Asserts that a line has all of these in it, in this order.
#[track_caller]
fn assert_says(text: &impl ToString, parts: &[&str]) {
    let text = text.to_string();
    let has_all = |line: &str| {
        let mut rest = Some(line);
        for part in parts {
            rest = rest.and_then(|rest| Some(rest.split_once(part)?.1));
        }
        rest.is_some()
    };
    assert!(text.lines().any(has_all), "no {parts:?} in\n{text}");
}
