//! How long to wait before the next attempt.

use core::{iter::FusedIterator, time::Duration};

/// Delays that grow: how long to wait before each further attempt at something that has failed.
///
/// It is an iterator. Its first delay is `first`; each further one is `factor` times as long as the
/// one before, but none is longer than `longest`. [`jitter`](Self::jitter) then takes something off
/// by chance. After so many [`attempts`](Self::attempts), one fewer delays that is, it ends.
///
/// Nothing overflows: what is too long for a [`Duration`] is [`Duration::MAX`]. It reckons in whole
/// nanoseconds and allocates nothing.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use pleach::time::Backoff;
///
/// let backoff = Backoff::new(Duration::from_millis(100))
///     .longest(Duration::from_secs(1))
///     .attempts(6);
/// let millis: Vec<_> = backoff.map(|delay| delay.as_millis()).collect();
/// assert_eq!(millis, [100, 200, 400, 800, 1000]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a back-off is an iterator, and for `retry`"]
pub struct Backoff {
    /// The next delay, before jitter.
    next: Duration,
    factor: u32,
    longest: Duration,
    /// Delays that are left, if they are counted.
    left: Option<u32>,
    jitter: Jitter,
    random: SplitMix64,
}

/// What chance does to the delays of a [`Backoff`], so that those who have failed together do not
/// come back together.
///
/// The names are those of Marc Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog,
/// 2015), who compares them: `Full` makes for the least work in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Jitter {
    /// Nothing: each delay is what has been reckoned.
    #[default]
    None,
    /// A delay is anything from nothing to what has been reckoned.
    Full,
    /// A delay is anything from half of what has been reckoned to all of it: never too short.
    Equal,
}

impl Backoff {
    /// Delays that begin with `first` and double, for ever, without jitter.
    pub const fn new(first: Duration) -> Self {
        Self {
            next: first,
            factor: 2,
            longest: Duration::MAX,
            left: None,
            jitter: Jitter::None,
            random: SplitMix64(0),
        }
    }

    /// Makes each delay `factor` times as long as the one before. With 1 they stay the same.
    ///
    /// # Panics
    ///
    /// If `factor` is zero.
    #[track_caller]
    pub const fn factor(mut self, factor: u32) -> Self {
        assert!(factor > 0, "the factor of a back-off is not zero");
        self.factor = factor;
        self
    }

    /// Lets no delay be longer than `longest`, the first one included.
    pub const fn longest(mut self, longest: Duration) -> Self {
        self.longest = longest;
        self
    }

    /// Lets there be at most so many attempts, the first one included: so there are `attempts - 1`
    /// delays. Otherwise there is no end of them.
    ///
    /// # Panics
    ///
    /// If `attempts` is zero.
    #[track_caller]
    pub const fn attempts(mut self, attempts: u32) -> Self {
        assert!(attempts > 0, "there is at least one attempt");
        self.left = Some(attempts - 1);
        self
    }

    /// Shortens delays by chance. The same `seed` gives the same delays again.
    ///
    /// Those who are not to come back together need seeds of their own: an address, a number from
    /// the system, the hash of a name. Any number will do. Numbers are from SplitMix64 (Steele, Lea
    /// and Flood, "Fast Splittable Pseudorandom Number Generators", 2014); they are no secret. A
    /// delay of more than 584 years is taken for one of 584.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use pleach::time::{Backoff, Jitter};
    ///
    /// let second = Duration::from_secs(1);
    /// let mut delays = Backoff::new(second).jitter(Jitter::Equal, 42);
    /// assert!((second / 2..=second).contains(&delays.next().unwrap()));
    /// ```
    pub const fn jitter(mut self, jitter: Jitter, seed: u64) -> Self {
        self.jitter = jitter;
        self.random = SplitMix64(seed);
        self
    }

    fn shorten(&mut self, delay: Duration) -> Duration {
        let nanos = u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX);
        match self.jitter {
            Jitter::None => delay,
            Jitter::Full => Duration::from_nanos(self.random.up_to(nanos)),
            Jitter::Equal => Duration::from_nanos(nanos - self.random.up_to(nanos / 2)),
        }
    }
}

impl Iterator for Backoff {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(1)?;
        }
        let delay = self.next.min(self.longest);
        self.next = delay.saturating_mul(self.factor);
        Some(self.shorten(delay))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self.left {
            Some(left) => {
                let exact = usize::try_from(left);
                (exact.unwrap_or(usize::MAX), exact.ok())
            }
            None => (usize::MAX, None),
        }
    }
}

impl FusedIterator for Backoff {}

/// The generator: a counter in steps of the golden ratio, and a mix of its bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SplitMix64(pub(crate) u64);

impl SplitMix64 {
    pub(crate) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `most`, each as likely as another but for one part in 2^64 / `most`.
    pub(crate) fn up_to(&mut self, most: u64) -> u64 {
        let scaled = u128::from(self.draw()) * (u128::from(most) + 1);
        (scaled >> 64) as u64
    }
}
