//! What happened, in order.

use core::cell::Cell;

const ENTRIES: usize = 8;

/// A list that tasks of one executor share.
pub(crate) struct Log {
    entries: [Cell<u8>; ENTRIES],
    len: Cell<usize>,
}

impl Log {
    pub(crate) const fn new() -> Self {
        Self {
            entries: [const { Cell::new(0) }; ENTRIES],
            len: Cell::new(0),
        }
    }

    pub(crate) fn push(&self, entry: u8) {
        self.entries[self.len.get()].set(entry);
        self.len.set(self.len.get() + 1);
    }

    #[track_caller]
    pub(crate) fn assert_is(&self, expected: &[u8]) {
        let entries = self.entries.each_ref().map(Cell::get);
        assert_eq!(&entries[..self.len.get()], expected);
    }
}
