//! A latch: opens when it has been counted down, and stays open.
//!
//! States, invariants and what the drop of a [`Wait`] does: `wait/countdown.rs`.

use core::fmt;

use crate::{Wait, sys::const_new, wait::Countdown};

/// Opens for good when it has been counted down to zero.
///
/// It is Java's `CountDownLatch` and the `std::latch` of C++: it holds up those who
/// [`wait`](Self::wait) until a number of things have happened, each told by a
/// [`count_down`](Self::count_down). It cannot be used twice. If what is counted are tasks
/// that may come and go, take a [`WaitGroup`](crate::WaitGroup): its members count themselves
/// off, also when they panic or are dropped.
///
/// Nothing here allocates, and the constructor is `const`: a latch can be a `static`. (Where `std`
/// keeps its mutex in a box, as on Apple's systems, that box is made when somebody first waits.) Only
/// the count that opens a latch takes a lock, and that only if somebody waits.
///
/// Whoever finds it open, by a wait or by [`is_open`](Self::is_open), sees what was done
/// before every count.
///
/// # Examples
///
/// ```
/// use pleach::{Latch, scope};
///
/// # pleach::block_on(async {
/// let loaded = Latch::new(3);
/// scope!(|s| {
///     for _part in 0..3 {
///         s.spawn(async {
///             // ... load it, and then:
///             loaded.count_down();
///         });
///     }
///     loaded.wait().await;
///     assert!(loaded.is_open());
/// })
/// .await;
/// # });
/// ```
pub struct Latch {
    countdown: Countdown,
}

impl Latch {
    /// The largest count that a latch can begin with: `usize::MAX >> 1`.
    pub const MAX_COUNT: usize = Countdown::MAX;

    const_new! {
        /// A latch that opens after `count` counts; with zero it is open.
        ///
        /// # Panics
        ///
        /// If `count` exceeds [`MAX_COUNT`](Self::MAX_COUNT); in a `const` context that is an
        /// error at compile time.
        #[track_caller]
        pub const fn new(count: usize) -> Self {
            assert!(
                count <= Latch::MAX_COUNT,
                "a latch cannot count more than `Latch::MAX_COUNT`"
            );
            Self { countdown: Countdown::new(count) }
        }
    }

    /// Counts down by one. At zero the latch opens, and all who wait are woken.
    ///
    /// Should one of their wakers panic, its panic comes out of here when all have been woken:
    /// the first one, and none if this thread is panicking already.
    ///
    /// # Panics
    ///
    /// If the latch is open already: more has been counted than it was made for.
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::Latch;
    ///
    /// let latch = Latch::new(2);
    /// latch.count_down();
    /// assert_eq!(latch.count(), 1);
    /// latch.count_down();
    /// assert!(latch.is_open());
    /// ```
    #[track_caller]
    pub fn count_down(&self) {
        self.count_down_by(1);
    }

    /// Counts down by `n` at once.
    ///
    /// # Panics
    ///
    /// If that is more than is left. Nothing is counted then.
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::Latch;
    ///
    /// let bytes = Latch::new(1024);
    /// bytes.count_down_by(1000);
    /// bytes.count_down_by(24);
    /// assert!(bytes.is_open());
    /// ```
    #[track_caller]
    pub fn count_down_by(&self, n: usize) {
        if let Err(left) = self.countdown.change(|count| count.checked_sub(n)) {
            panic!("the latch was counted down by {n} with {left} left to count");
        }
    }

    /// How much is left to count.
    #[inline]
    #[must_use]
    pub fn count(&self) -> usize {
        self.countdown.count()
    }

    /// Whether nothing is left to count: a single load.
    #[inline]
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.count() == 0
    }

    /// Waits until the latch is open.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Panics
    ///
    /// The future panics if it is polled again after it has completed.
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::{Latch, block_on};
    ///
    /// static CONNECTED: Latch = Latch::new(2);
    ///
    /// let others = [(); 2].map(|()| std::thread::spawn(|| CONNECTED.count_down()));
    /// block_on(CONNECTED.wait());
    /// # for other in others { other.join().unwrap(); }
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn wait(&self) -> Wait<'_> {
        self.countdown.wait()
    }
}

impl fmt::Debug for Latch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Latch")
            .field("count", &self.count())
            .field("has_waiters", &self.countdown.has_waiters())
            .finish_non_exhaustive()
    }
}
