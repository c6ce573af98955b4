//! A wait group: waits until all its members are gone.
//!
//! States, invariants and what the drop of a [`Wait`] does: `wait/countdown.rs`. The count is
//! that of the members, each of them a value: nothing else changes it.

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
mod owned;
#[cfg(test)]
mod tests;

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
pub use owned::OwnedMember;

use core::fmt;

use crate::{Wait, sys::const_new, wait::Countdown};

/// Waits until all its members are gone.
///
/// It is Go's `sync.WaitGroup` with its misuse taken out. A member is a value: adding one is
/// [`add`](Self::add), and Go's `Done` is the drop of it, which also happens when a task
/// panics or is cancelled, and cannot happen twice. The group may be used again and again,
/// also while those who waited before have not run yet: a [`wait`](Self::wait) ends when
/// there *was* no member, whoever has come since.
///
/// Nothing here allocates, and the constructor is `const`: a group can be a `static`. (Where `std`
/// keeps its mutex in a box, as on Apple's systems, that box is made when somebody first waits.) Adding
/// a member and dropping one take no lock, except when the last one leaves and somebody
/// waits.
///
/// Whoever finds the group empty, by a wait or by [`is_empty`](Self::is_empty), sees what
/// was done before every member was dropped.
///
/// # Add first, then wait
///
/// A wait on an empty group is over at once. So add a member before the task that it stands
/// for is started, not inside of it. A task that has a member can add others any time.
///
/// # Examples
///
/// ```
/// use pleach::{WaitGroup, scope};
///
/// # pleach::block_on(async {
/// let saves = WaitGroup::new();
/// scope!(|s| {
///     for _file in 0..3 {
///         let member = saves.add();
///         s.spawn(async move {
///             let _saving = member; // until this block ends, however it ends
///         });
///     }
///     saves.wait().await;
///     assert!(saves.is_empty());
/// })
/// .await;
/// # });
/// ```
pub struct WaitGroup {
    countdown: Countdown,
}

impl WaitGroup {
    const_new! {
        /// A group with no members.
        #[cfg_attr(feature = "inspect", track_caller)]
        pub const fn new() -> Self {
            Self { countdown: Countdown::new(0) }
        }
    }

    /// Adds a member.
    ///
    /// # Panics
    ///
    /// If there are `usize::MAX >> 1` members already, which takes `mem::forget`: that many
    /// do not fit into memory.
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::WaitGroup;
    ///
    /// let group = WaitGroup::new();
    /// let member = group.add();
    /// assert_eq!(group.count(), 1);
    /// drop(member);
    /// assert_eq!(group.count(), 0);
    /// ```
    #[track_caller]
    pub fn add(&self) -> Member<'_> {
        let more = |count: usize| (count < Countdown::MAX).then_some(count + 1);
        assert!(
            self.countdown.change(more).is_ok(),
            "a wait group cannot have more than `usize::MAX >> 1` members"
        );
        Member { group: self }
    }

    /// How many members there are.
    #[inline]
    #[must_use]
    pub fn count(&self) -> usize {
        self.countdown.count()
    }

    /// Whether there is no member: a single load.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// Waits until there is no member.
    ///
    /// When this resolves, there *was* no member at some time since the future was first
    /// polled. Others may have been added since.
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
    /// use pleach::{WaitGroup, block_on};
    ///
    /// static REQUESTS: WaitGroup = WaitGroup::new();
    ///
    /// let request = REQUESTS.add();
    /// let other = std::thread::spawn(move || drop(request));
    /// block_on(REQUESTS.wait());
    /// # other.join().unwrap();
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn wait(&self) -> Wait<'_> {
        self.countdown.wait()
    }
}

impl Default for WaitGroup {
    #[cfg_attr(feature = "inspect", track_caller)]
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for WaitGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitGroup")
            .field("count", &self.count())
            .field("has_waiters", &self.countdown.has_waiters())
            .finish_non_exhaustive()
    }
}

/// A member of a [`WaitGroup`], until this is dropped. A clone is another member.
///
/// The drop of the last one wakes all who wait. Should one of their wakers panic, its panic
/// comes out of `drop` when all have been woken: the first one, and none if this thread is
/// panicking already.
///
/// # Examples
///
/// ```
/// use pleach::WaitGroup;
///
/// let group = WaitGroup::new();
/// let first = group.add();
/// let second = first.clone();
/// drop(first);
/// assert_eq!(group.count(), 1);
/// drop(second);
/// assert!(group.is_empty());
/// ```
#[must_use = "the member is gone at once if this is dropped"]
#[derive(Debug)]
pub struct Member<'a> {
    group: &'a WaitGroup,
}

impl Clone for Member<'_> {
    #[track_caller]
    fn clone(&self) -> Self {
        self.group.add()
    }
}

impl Drop for Member<'_> {
    fn drop(&mut self) {
        // Never refused: this member is one of those counted.
        let _others = self.group.countdown.change(|count| count.checked_sub(1));
    }
}
