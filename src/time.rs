//! Temporary.
use core::time::Duration;
/// T
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);
impl Instant {
    /// T
    pub const MAX: Self = Self(u64::MAX);
    /// T
    pub const fn from_nanos(n: u64) -> Self {
        Self(n)
    }
    /// T
    pub const fn as_nanos(self) -> u64 {
        self.0
    }
    /// T
    pub fn saturating_duration_since(self, o: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(o.0))
    }
}
