//! Delays between attempts.

use std::time::Duration;

use pleach::time::{Backoff, Jitter};

use crate::SECOND;

/// The longest that can be slept, and the longest delay under jitter.
const AGES: Duration = Duration::from_nanos(u64::MAX);

fn seconds(backoff: Backoff) -> Vec<u64> {
    backoff.map(|delay| delay.as_secs()).collect()
}

#[test]
fn delays_grow_by_the_factor_up_to_the_longest() {
    let backoff = Backoff::new(SECOND).attempts(6);
    assert_eq!(seconds(backoff.clone()), [1, 2, 4, 8, 16]);
    assert_eq!(seconds(backoff.clone().factor(3)), [1, 3, 9, 27, 81]);
    assert_eq!(seconds(backoff.clone().factor(1)), [1, 1, 1, 1, 1]);
    assert_eq!(
        seconds(backoff.clone().longest(SECOND * 5)),
        [1, 2, 4, 5, 5]
    );
    assert_eq!(seconds(backoff.longest(SECOND / 2)), [0, 0, 0, 0, 0]);
    assert_eq!(
        Backoff::new(Duration::ZERO).nth(1000),
        Some(Duration::ZERO),
        "nothing twice is nothing"
    );
}

#[test]
fn there_is_one_delay_less_than_attempts_or_no_end_of_them() {
    let counted = Backoff::new(SECOND).attempts(4);
    assert_eq!(counted.size_hint(), (3, Some(3)));
    assert_eq!(counted.clone().count(), 3);
    let mut ended = counted;
    assert!(ended.nth(3).is_none() && ended.next().is_none());
    assert_eq!(Backoff::new(SECOND).attempts(1).next(), None);
    assert_eq!(Backoff::new(SECOND).size_hint(), (usize::MAX, None));
    assert!(Backoff::new(SECOND).nth(100_000).is_some());
}

#[test]
fn what_is_too_long_stays_at_the_longest_there_is() {
    let mut endless = Backoff::new(SECOND).factor(u32::MAX);
    assert_eq!(endless.next(), Some(SECOND));
    assert_eq!(endless.next(), Some(SECOND * u32::MAX));
    assert_eq!(endless.nth(1), Some(Duration::MAX));
    assert_eq!(endless.nth(100), Some(Duration::MAX));
    for jitter in [Jitter::Full, Jitter::Equal] {
        let mut delays = Backoff::new(Duration::MAX).jitter(jitter, 1);
        assert!(delays.all_within(Duration::ZERO, AGES));
    }
    let mut delays = Backoff::new(Duration::MAX).jitter(Jitter::Equal, 1);
    assert!(delays.all_within(AGES / 2, AGES));
}

trait AllWithin {
    /// Whether the next 10^5 are from `least` to `most`.
    fn all_within(&mut self, least: Duration, most: Duration) -> bool;
}

impl AllWithin for Backoff {
    fn all_within(&mut self, least: Duration, most: Duration) -> bool {
        let mut drawn = self.take(100_000);
        drawn.all(|delay| (least..=most).contains(&delay)) && drawn.next().is_none()
    }
}

/// The shortest, the longest and the mean of 10^5 delays of a second, as parts of a thousand.
fn spread(jitter: Jitter, seed: u64) -> [u128; 3] {
    let delays = Backoff::new(SECOND).factor(1).jitter(jitter, seed);
    let drawn: Vec<_> = delays
        .take(100_000)
        .map(|delay| delay.as_micros())
        .collect();
    let mean = drawn.iter().sum::<u128>() / drawn.len() as u128;
    let (least, most) = (drawn.iter().min().unwrap(), drawn.iter().max().unwrap());
    [*least, *most, mean].map(|micros| (micros + 500) / 1000)
}

#[test]
fn jitter_keeps_within_its_bounds_and_uses_all_of_them() {
    for seed in [0, 1, u64::MAX] {
        let mut full = Backoff::new(SECOND).factor(1).jitter(Jitter::Full, seed);
        assert!(full.all_within(Duration::ZERO, SECOND));
        let [least, most, mean] = spread(Jitter::Full, seed);
        assert_eq!((least, most), (0, 1000));
        assert!((495..=505).contains(&mean), "{mean}");
        let mut equal = Backoff::new(SECOND).factor(1).jitter(Jitter::Equal, seed);
        assert!(equal.all_within(SECOND / 2, SECOND));
        let [least, most, mean] = spread(Jitter::Equal, seed);
        assert_eq!((least, most), (500, 1000));
        assert!((745..=755).contains(&mean), "{mean}");
        assert_eq!(spread(Jitter::None, seed), [1000, 1000, 1000]);
    }
}

#[test]
fn the_smallest_delays_have_all_their_values() {
    for (jitter, expected) in [
        (Jitter::Full, [true; 4]),
        (Jitter::Equal, [false, false, true, true]),
    ] {
        let mut seen = [false; 4];
        let delays = Backoff::new(Duration::from_nanos(3)).factor(1);
        for delay in delays.jitter(jitter, 7).take(1000) {
            seen[delay.as_nanos() as usize] = true;
        }
        assert_eq!(seen, expected, "{jitter:?}");
    }
}

#[test]
fn jitter_shortens_what_has_been_reckoned_and_does_not_add_up() {
    let jittered = Backoff::new(SECOND).jitter(Jitter::Equal, 3).attempts(20);
    let reckoned = Backoff::new(SECOND).attempts(20);
    for (delay, whole) in jittered.zip(reckoned) {
        assert!(
            (whole / 2..=whole).contains(&delay),
            "{delay:?} of {whole:?}"
        );
    }
}

#[test]
fn a_seed_repeats_its_delays_and_another_has_others() {
    let drawn = |seed| {
        let backoff = Backoff::new(SECOND).jitter(Jitter::Full, seed);
        backoff.take(20).collect::<Vec<_>>()
    };
    assert_eq!(drawn(1), drawn(1));
    assert_ne!(drawn(1), drawn(2));
    // The first numbers of SplitMix64 from 0, as its authors' program gives them.
    let raw = Backoff::new(AGES).factor(1).jitter(Jitter::Full, 0);
    let raw: Vec<_> = raw.take(3).map(|delay| delay.as_nanos()).collect();
    assert_eq!(
        raw,
        [
            0xE220_A839_7B1D_CDAF,
            0x6E78_9E6A_A1B9_65F4,
            0x06C4_5D18_8009_454F
        ]
    );
}

#[test]
#[should_panic(expected = "the factor of a back-off is not zero")]
fn a_factor_is_not_zero() {
    let _ = Backoff::new(SECOND).factor(0);
}

#[test]
#[should_panic(expected = "there is at least one attempt")]
fn attempts_are_not_zero() {
    let _ = Backoff::new(SECOND).attempts(0);
}
