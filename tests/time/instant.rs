//! Moments.

use std::time::Duration;

use pleach::time::Instant;

use crate::{SECOND, at};

#[test]
fn moments_are_ordered_and_apart() {
    assert!(Instant::EPOCH < at(1) && at(1) < Instant::MAX);
    assert_eq!(at(3) - at(1), SECOND * 2);
    assert_eq!(at(1) - at(3), Duration::ZERO);
    assert_eq!(at(1).checked_duration_since(at(3)), None);
    assert_eq!(at(3).checked_duration_since(at(1)), Some(SECOND * 2));
    assert_eq!(Instant::from_nanos(7).as_nanos(), 7);
}

#[test]
fn what_is_too_late_to_tell_is_never() {
    assert_eq!(at(1) + Duration::MAX, Instant::MAX);
    assert_eq!(at(1).saturating_add(Duration::MAX), Instant::MAX);
    assert_eq!(at(1).checked_add(Duration::MAX), None);
    assert_eq!(Instant::MAX.checked_add(Duration::from_nanos(1)), None);
    assert_eq!(at(1).checked_add(SECOND), Some(at(2)));
    assert_eq!(format!("{:?} {:?}", at(2), Instant::MAX), "2s never");
}

#[test]
fn what_is_before_the_epoch_is_the_epoch_and_never_stays_never() {
    assert_eq!(at(3) - SECOND, at(2));
    assert_eq!(at(1) - SECOND * 2, Instant::EPOCH);
    assert_eq!(at(1).saturating_sub(Duration::MAX), Instant::EPOCH);
    assert_eq!(at(1).checked_sub(SECOND), Some(Instant::EPOCH));
    assert_eq!(at(1).checked_sub(SECOND * 2), None);
    assert_eq!(Instant::MAX - SECOND, Instant::MAX);
    assert_eq!(Instant::MAX.checked_sub(Duration::MAX), Some(Instant::MAX));
    let mut moment = at(1);
    moment += SECOND * 3;
    moment -= SECOND;
    assert_eq!(moment, at(3));
}
