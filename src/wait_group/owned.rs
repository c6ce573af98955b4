//! Members that own their group: for tasks that cannot borrow.

use alloc::sync::Arc;
use core::mem;

use super::{Member, WaitGroup};

impl WaitGroup {
    /// As [`add`](Self::add), for a member that may outlive the borrow of the group: for the
    /// tasks of a runtime.
    ///
    /// # Panics
    ///
    /// As [`add`](Self::add).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{sync::Arc, thread};
    ///
    /// use pleach::{WaitGroup, block_on};
    ///
    /// let group = Arc::new(WaitGroup::new());
    /// for _ in 0..3 {
    ///     let member = group.add_owned();
    ///     thread::spawn(move || drop(member));
    /// }
    /// block_on(group.wait());
    /// assert!(group.is_empty());
    /// ```
    #[track_caller]
    pub fn add_owned(self: &Arc<Self>) -> OwnedMember {
        mem::forget(self.add());
        OwnedMember {
            group: Arc::clone(self),
        }
    }
}

/// A [`Member`] that owns its group, until this is dropped. A clone is another member.
#[must_use = "the member is gone at once if this is dropped"]
#[derive(Debug)]
pub struct OwnedMember {
    group: Arc<WaitGroup>,
}

impl Clone for OwnedMember {
    #[track_caller]
    fn clone(&self) -> Self {
        self.group.add_owned()
    }
}

impl Drop for OwnedMember {
    fn drop(&mut self) {
        // The member that `add_owned` forgot.
        drop(Member { group: &self.group });
    }
}
