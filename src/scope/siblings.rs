//! The driver's lists of children: intrusive, doubly linked, touched by the driver alone.

use super::child::{Child, Siblings};

/// Children in order. One that is linked is alive: the driver holds a count of it.
#[derive(Debug)]
pub(super) struct List {
    last: Option<Child>,
    len: usize,
}

impl List {
    pub(super) const fn new() -> Self {
        Self { last: None, len: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.last.is_none()
    }

    pub(super) fn last(&self) -> Option<Child> {
        self.last
    }

    /// # Safety
    ///
    /// The caller is the driver and holds a count of `child`, which is in no list.
    pub(super) unsafe fn push_back(&mut self, child: Child) {
        let prev = self.last.replace(child);
        // SAFETY: the driver holds a count.
        unsafe {
            with(child, |siblings| {
                (siblings.prev, siblings.next) = (prev, None)
            })
        };
        if let Some(prev) = prev {
            // SAFETY: a linked child is alive.
            unsafe { with(prev, |siblings| siblings.next = Some(child)) };
        }
        self.len += 1;
    }

    /// The child in front of `child`.
    ///
    /// # Safety
    ///
    /// The caller is the driver and `child` is in this list.
    pub(super) unsafe fn before(&self, child: Child) -> Option<Child> {
        // SAFETY: a linked child is alive.
        unsafe { with(child, |siblings| siblings.prev) }
    }

    /// The child behind `child`.
    ///
    /// # Safety
    ///
    /// The caller is the driver and `child` is in this list.
    pub(super) unsafe fn after(&self, child: Child) -> Option<Child> {
        // SAFETY: a linked child is alive.
        unsafe { with(child, |siblings| siblings.next) }
    }

    /// # Safety
    ///
    /// The caller is the driver and `child` is in this list.
    pub(super) unsafe fn remove(&mut self, child: Child) {
        // SAFETY: a linked child is alive.
        let (prev, next) = unsafe {
            with(child, |siblings| {
                (siblings.prev.take(), siblings.next.take())
            })
        };
        if let Some(prev) = prev {
            // SAFETY: as above.
            unsafe { with(prev, |siblings| siblings.next = next) };
        }
        match next {
            // SAFETY: as above.
            Some(next) => unsafe { with(next, |siblings| siblings.prev = prev) },
            None => self.last = prev,
        }
        self.len -= 1;
    }
}

/// # Safety
///
/// The caller is the driver and the child is alive.
unsafe fn with<R>(child: Child, f: impl FnOnce(&mut Siblings) -> R) -> R {
    // SAFETY: alive, by the caller's word.
    let header = unsafe { child.header() };
    // SAFETY: `siblings` is the driver's alone (`child.rs`, invariant 4).
    header
        .siblings
        .with_mut(|siblings| f(unsafe { &mut *siblings }))
}
