//! The clock by which nodes and waits have an age.
//!
//! Reading a clock may cost more than all else that is noted of a node, and without `std` there is
//! none that would be everybody's. So there is none until the program names one.

use core::{
    mem,
    num::NonZeroU32,
    ptr,
    sync::atomic::{AtomicPtr, Ordering},
    time::Duration,
};

use crate::time::Instant;

/// By how many milliseconds something may have begun after the moment for which its age is asked: three days.
const LATE: u32 = 1 << 28;

/// A `fn() -> Instant`, or null. Never explored by the models: what it gives is for people.
static CLOCK: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

/// Has nodes and waits that begin from now on note when, by this clock of the program.
///
/// Until then ages are not known (`None`), and nothing reads a clock. A reading costs what the
/// clock costs, once for a node and once for a wait. Ages are in milliseconds, and begin again after 46 days.
///
/// # Examples
///
/// ```
/// use pleach::{inspect, runtime::StdTimer, time::Clock};
///
/// inspect::set_clock(|| StdTimer.now());
/// ```
pub fn set_clock(clock: fn() -> Instant) {
    // Relaxed: a function is there from the beginning of the program.
    CLOCK.store(clock as *mut (), Ordering::Relaxed);
}

/// Milliseconds of the clock, from 1; `None` if there is no clock.
fn now() -> Option<NonZeroU32> {
    let clock = CLOCK.load(Ordering::Relaxed);
    if clock.is_null() {
        return None;
    }
    // SAFETY: not null, so stored by `set_clock`.
    let clock = unsafe { mem::transmute::<*mut (), fn() -> Instant>(clock) };
    let millis = clock().as_nanos() / 1_000_000;
    #[allow(clippy::cast_possible_truncation, reason = "they begin again")]
    Some(NonZeroU32::new(millis as u32).unwrap_or(NonZeroU32::MIN))
}

/// When something began; four bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp(Option<NonZeroU32>);

impl Stamp {
    pub(crate) const NONE: Self = Self(None);

    /// This moment, if there is a clock.
    pub fn now() -> Self {
        Self(now())
    }

    /// As a number that an atomic may hold; 0 for none.
    pub(crate) fn to_bits(self) -> u32 {
        self.0.map_or(0, NonZeroU32::get)
    }

    pub(crate) fn from_bits(bits: u32) -> Self {
        Self(NonZeroU32::new(bits))
    }

    /// How long ago it was.
    pub(crate) fn age(self) -> Option<Duration> {
        self.age_at(Self::now())
    }

    /// How long ago it was at that moment, which was read before a lock was taken: the clock is the
    /// program's.
    pub(crate) fn age_at(self, now: Self) -> Option<Duration> {
        let (began, now) = (self.0?.get(), now.0?.get());
        let millis = now.wrapping_sub(began);
        // What has begun since that moment is new.
        let is_new = millis > u32::MAX - LATE;
        let millis = if is_new { 0 } else { millis };
        Some(Duration::from_millis(millis.into()))
    }
}
