//! A moment, as a number.

use core::{
    fmt,
    ops::{Add, AddAssign, Sub, SubAssign},
    time::Duration,
};

/// A moment of a [`Clock`](super::Clock): nanoseconds since the clock's epoch.
///
/// There are 584 years of them. What is later than that is [`MAX`](Self::MAX), which stands for
/// never.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use pleach::time::Instant;
///
/// let start = Instant::from_nanos(1_000);
/// let end = start + Duration::from_micros(3);
/// assert_eq!(end - start, Duration::from_micros(3));
/// assert_eq!(start - end, Duration::ZERO);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The moment from which a clock counts.
    pub const EPOCH: Self = Self(0);

    /// The last moment: never.
    pub const MAX: Self = Self(u64::MAX);

    /// The moment so many nanoseconds after the epoch.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// How many nanoseconds after the epoch it is.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The moment `duration` later, unless that is after [`MAX`](Self::MAX).
    #[must_use]
    pub fn checked_add(self, duration: Duration) -> Option<Self> {
        let nanos = u64::try_from(duration.as_nanos()).ok()?;
        self.0.checked_add(nanos).map(Self)
    }

    /// The moment `duration` later, or [`MAX`](Self::MAX). So does `+`.
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        self.checked_add(duration).unwrap_or(Self::MAX)
    }

    /// The moment `duration` earlier, unless that is before [`EPOCH`](Self::EPOCH).
    ///
    /// Never stays never: of [`MAX`](Self::MAX) it is that again.
    #[must_use]
    pub fn checked_sub(self, duration: Duration) -> Option<Self> {
        if self == Self::MAX {
            return Some(Self::MAX);
        }
        let nanos = u64::try_from(duration.as_nanos()).ok()?;
        self.0.checked_sub(nanos).map(Self)
    }

    /// The moment `duration` earlier, or [`EPOCH`](Self::EPOCH). So does `-`.
    #[must_use]
    pub fn saturating_sub(self, duration: Duration) -> Self {
        self.checked_sub(duration).unwrap_or(Self::EPOCH)
    }

    /// The time since `earlier`, unless that is later.
    #[must_use]
    pub fn checked_duration_since(self, earlier: Self) -> Option<Duration> {
        self.0.checked_sub(earlier.0).map(Duration::from_nanos)
    }

    /// The time since `earlier`, or zero if that is later. So does `-`.
    #[must_use]
    pub const fn saturating_duration_since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        self.saturating_add(duration)
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl Sub<Duration> for Instant {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        self.saturating_sub(duration)
    }
}

impl SubAssign<Duration> for Instant {
    fn sub_assign(&mut self, duration: Duration) {
        *self = *self - duration;
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.saturating_duration_since(earlier)
    }
}

/// The time since the epoch.
impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::MAX {
            return f.write_str("never");
        }
        Duration::from_nanos(self.0).fmt(f)
    }
}
