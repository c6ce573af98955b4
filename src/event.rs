//! An event: a flag that tasks wait for.
//!
//! States, invariants and what the drop of a [`Wait`] does: `wait/countdown.rs`. The count is
//! one while the event is not set, and zero while it is.

use core::fmt;

use crate::{Wait, sys::const_new, wait::Countdown};

const NOT_SET: usize = 1;
const SET: usize = 0;

/// A flag that stays set until it is reset, and wakes all who wait for it.
///
/// [`set`](Self::set) lets go everybody who waits at that moment, and all who come while the
/// flag is set find it so; [`reset`](Self::reset) makes those who come later wait again. It
/// is the manual-reset event of Windows and the `Event` of Python's `asyncio`. An event
/// counts nothing: two `set` with no `reset` between them are one. To hand out a wake-up for
/// each call, use a [`Semaphore`](crate::Semaphore).
///
/// Nothing here allocates, and the constructor is `const`: an event can be a `static`. (Where `std`
/// keeps its mutex in a box, as on Apple's systems, that box is made when somebody first waits.)
/// `is_set`, `reset`, a `set` that nobody waits for and a wait for what is set take no lock.
///
/// # What is seen
///
/// Whoever finds the event set, by a wait, by [`is_set`](Self::is_set) or by `reset`, sees
/// what the thread that set it did before, and that of each earlier `set` too, also of those
/// that found it set already. So a consumer may wait, `reset`, and *then* look for work: what
/// a producer did before a `set` that came before this `reset` is seen, and a later `set`
/// ends the next wait.
///
/// # Examples
///
/// ```
/// use pleach::{Event, scope};
///
/// # pleach::block_on(async {
/// let ready = Event::new();
/// scope!(|s| {
///     s.spawn(async {
///         ready.wait().await;
///         assert!(ready.is_set());
///     });
///     ready.set();
/// })
/// .await;
/// # });
/// ```
pub struct Event {
    countdown: Countdown,
}

impl Event {
    const_new! {
        /// An event that is not set.
        #[cfg_attr(feature = "inspect", track_caller)]
        pub const fn new() -> Self {
            Self { countdown: Countdown::new(NOT_SET) }
        }
    }

    /// Sets the event, and wakes all who wait at that moment. They are let go in the order
    /// in which they came, and woken so too unless another `set` is at work at the same time.
    ///
    /// Their waits are over even if [`reset`](Self::reset) follows at once; those who begin
    /// to wait after that `reset` are left alone, though this call may still be at work. So
    /// it is bounded by the number of those who waited when it began. Should one of their
    /// wakers panic, its panic comes out of here when all have been woken: the first one, and
    /// none if this thread is panicking already.
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::Event;
    ///
    /// let event = Event::new();
    /// event.set();
    /// event.set();
    /// assert!(event.is_set());
    /// ```
    pub fn set(&self) {
        let _was = self.countdown.change(|_| Some(SET));
    }

    /// Makes those who begin to wait from now on wait for the next [`set`](Self::set).
    /// Returns whether the event was set.
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::Event;
    ///
    /// let event = Event::new();
    /// event.set();
    /// assert!(event.reset());
    /// assert!(!event.reset());
    /// assert!(!event.is_set());
    /// ```
    pub fn reset(&self) -> bool {
        self.countdown.change(|_| Some(NOT_SET)) == Ok(SET)
    }

    /// Whether the event is set: a single load.
    #[inline]
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.countdown.count() == SET
    }

    /// Waits until the event is set, which it may be already.
    ///
    /// When this resolves, the event *was* set at some time since the future was first
    /// polled. It may have been reset by then. While the event is set every poll is ready, even
    /// if the `set` is still busy with waking others.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: a `set` lets go all who wait, not one of them.
    ///
    /// # Panics
    ///
    /// The future panics if it is polled again after it has completed.
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::{Event, block_on};
    ///
    /// static STARTED: Event = Event::new();
    ///
    /// let other = std::thread::spawn(|| STARTED.set());
    /// block_on(STARTED.wait());
    /// # other.join().unwrap();
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn wait(&self) -> Wait<'_> {
        self.countdown.wait()
    }
}

impl Default for Event {
    #[cfg_attr(feature = "inspect", track_caller)]
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("is_set", &self.is_set())
            .field("has_waiters", &self.countdown.has_waiters())
            .finish_non_exhaustive()
    }
}
