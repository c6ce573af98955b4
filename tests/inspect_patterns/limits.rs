//! Places of a limit that are not given back.

use std::{num::NonZeroUsize, pin::pin};

use pleach::{
    inspect::StallReport,
    scope::{Scope, scope},
};

use crate::{assert_says, at, cycles, run_dry};

/// As `stall`, in a scope with one place; `None` if it comes to its end.
fn stall_of_one<'env>(spawn: impl FnOnce(&Scope<'env>)) -> Option<StallReport> {
    let (driver, s) = scope();
    let mut run = pin!(driver.limit(NonZeroUsize::MIN).run(async {}));
    spawn(&s);
    (!run_dry(run.as_mut())).then(|| StallReport::of(&s))
}

/// Elsewhere it is the classic of pools: the parent has the only place and waits for a child. Here who
/// waits for a sibling lends its place.
#[test]
fn a_parent_that_waits_for_its_child_starves_nobody() {
    let report = stall_of_one(|s| {
        let inner = s.clone();
        s.spawn(async move { inner.spawn(async { 7 }).await.unwrap() });
    });
    assert!(report.is_none());
}

/// What it waits for otherwise is seen.
#[test]
fn a_child_that_waits_for_a_second_place_waits_for_itself() {
    let at = at!(line!() + 4);
    let report = stall_of_one(|s| {
        let inner = s.clone();
        s.spawn(async move {
            inner.slot().await.unwrap().spawn(async {});
        })
        .named("greedy");
        s.spawn(async {}).named("late");
    })
    .unwrap();
    assert!(report.is_stalled());
    assert_eq!(cycles(&report), [["greedy"]]);
    assert_says(&report, &["greedy", "waits for a place", &at, "itself"]);
    assert_says(
        &report,
        &["late", "has not started", "the places have greedy"],
    );
}
