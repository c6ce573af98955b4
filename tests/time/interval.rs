//! Ticks.

use std::{pin::pin, time::Duration};

use futures_util::StreamExt;
use pleach::time::{Clock, Instant, ManualClock, MissedTicks, interval, interval_at, sleep};

use crate::{SECOND, at, support::poll_now};

/// Ticks of a period of 10, waited for promptly at 0 and 10, then not before 35: as seconds, the
/// due time and the time of arrival.
fn ticks(missed: MissedTicks) -> Vec<(u64, u64)> {
    let clock = ManualClock::new();
    clock.run(async {
        let mut ticks = pin!(interval(&clock, SECOND * 10).missed_ticks(missed));
        let mut seen = Vec::new();
        for n in 0..6 {
            if n == 2 {
                sleep(&clock, SECOND * 25).await;
            }
            let due = ticks.as_mut().tick().await;
            let seconds = |moment: Instant| (moment - at(0)).as_secs();
            seen.push((seconds(due), seconds(clock.now())));
        }
        seen
    })
}

#[test]
fn missed_ticks_are_dealt_with_as_told() {
    let prompt = [(0, 0), (10, 10)];
    let expect = |missed, late: [(u64, u64); 4]| {
        assert_eq!(ticks(missed), [&prompt[..], &late].concat(), "{missed:?}");
    };
    expect(MissedTicks::Burst, [(20, 35), (30, 35), (40, 40), (50, 50)]);
    expect(MissedTicks::Delay, [(20, 35), (45, 45), (55, 55), (65, 65)]);
    expect(MissedTicks::Skip, [(20, 35), (40, 40), (50, 50), (60, 60)]);
}

#[test]
fn a_tick_that_is_dropped_is_not_lost() {
    let clock = ManualClock::new();
    let mut ticks = pin!(interval_at(&clock, at(5), SECOND));
    assert!(poll_now(pin!(ticks.as_mut().tick())).is_pending());
    clock.advance_to(at(5));
    assert_eq!(clock.run(ticks.as_mut().tick()), at(5));
    assert_eq!(ticks.period(), SECOND);
}

#[test]
fn a_reset_begins_anew_and_it_is_a_stream() {
    let clock = ManualClock::new();
    let mut ticks = pin!(interval(&clock, SECOND * 10));
    clock.run(async {
        assert_eq!(ticks.next().await, Some(at(0)));
        sleep(&clock, SECOND * 7).await;
        ticks.as_mut().reset();
        assert_eq!(ticks.next().await, Some(at(17)));
        assert_eq!(ticks.next().await, Some(at(27)));
    });
}

#[test]
#[should_panic(expected = "the period of an interval is not zero")]
fn a_period_is_not_zero() {
    let _ = interval(&ManualClock::new(), Duration::ZERO);
}
