//! Watching without a heap: in a `static`, on the stack, in a struct.

use core::fmt;

use super::{Changed, Changes, RecvError, Seen, SendError, VERSION, Watched, receiver::receiver};
use crate::{inspect::Site, sys::const_new};

/// A value of a type that is `Copy`, to look at and to wait for, without allocation.
///
/// Its constructor is `const`: it can be a `static`. Whoever reaches it may set it; with the feature
/// `critical-section` and without `std`, also an interrupt handler.
///
/// # Examples
///
/// ```
/// use pleach::watch::Watch;
///
/// static LIMIT: Watch<u32> = Watch::new(10);
///
/// let mut receiver = LIMIT.receiver();
/// assert_eq!(LIMIT.set(20), Ok(10));
/// # pleach::block_on(async {
/// assert_eq!(receiver.changed().await, Ok(20));
/// # });
/// ```
pub struct Watch<T: Copy> {
    watched: Watched<T>,
}

impl<T: Copy> Watch<T> {
    const_new! {
        /// It has a value from the beginning.
        #[cfg_attr(feature = "inspect", track_caller)]
        pub const fn new(value: T) -> Self {
            Self { watched: Watched::new(value, |value| *value) }
        }
    }

    /// The value.
    pub fn get(&self) -> T {
        self.watched.get()
    }

    /// Sets the value, and wakes all who wait for it. Returns the one before.
    ///
    /// # Errors
    ///
    /// [`SendError`], with the value, if it was closed.
    pub fn set(&self, value: T) -> Result<T, SendError<T>> {
        self.watched.set(value).map_err(SendError)
    }

    /// Sets what `f` makes of the value, unless that is `None` or it was closed. Returns the value
    /// before, if it was replaced.
    ///
    /// `f` runs outside of locks, and again if somebody else was faster: nothing that was set in
    /// between is overwritten unseen.
    pub fn update(&self, mut f: impl FnMut(T) -> Option<T>) -> Option<T> {
        self.watched.update(|value| f(*value))
    }

    /// Closes it: no value will come any more. Returns whether that is news. Receivers see what they
    /// have not seen, and then an error.
    pub fn close(&self) -> bool {
        self.watched.close()
    }

    /// Whether it was closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.watched.is_closed()
    }

    /// A receiver that has seen the value of now.
    pub fn receiver(&self) -> ReceiverRef<'_, T> {
        ReceiverRef {
            seen: self.watched.see(),
            watched: &self.watched,
        }
    }
}

impl<T: Copy + fmt::Debug> fmt::Debug for Watch<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Watch").field(&self.watched).finish()
    }
}

/// Looks at a [`Watch`], and waits for it to change; from [`Watch::receiver`].
///
/// A clone has seen what this one has.
#[derive(Clone)]
pub struct ReceiverRef<'a, T> {
    watched: &'a Watched<T>,
    seen: Seen<T>,
}

impl<'a, T> ReceiverRef<'a, T> {
    fn watched(&self) -> &Watched<T> {
        self.watched
    }

    fn parts(&mut self) -> (&Watched<T>, &mut Seen<T>) {
        (self.watched, &mut self.seen)
    }
}

receiver!(ReceiverRef<'a>, T, T: Copy);
