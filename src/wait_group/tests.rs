//! What members cannot be made for: there is no memory for so many.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::WaitGroup;
use crate::wait::Countdown;

#[test]
fn a_member_too_many_is_refused_and_changes_nothing() {
    let group = WaitGroup {
        countdown: Countdown::new(Countdown::MAX - 1),
    };
    let last = group.add();
    assert!(catch_unwind(AssertUnwindSafe(|| drop(group.add()))).is_err());
    assert_eq!(group.count(), Countdown::MAX);
    drop(last);
    assert_eq!(group.count(), Countdown::MAX - 1);
}
