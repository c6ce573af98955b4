//! What is noted of a token, for those who look: feature `inspect`.
//!
//! All of it is under the lock of the domain, as the links.

pub(super) use crate::inspect::Serial;
use crate::inspect::clock::Stamp;

/// Of a token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meta {
    pub(super) name: Option<&'static str>,
    /// Which one it was of its domain; 0 for the root.
    pub(super) number: usize,
    pub(super) born: Stamp,
    pub(super) cancelled: Stamp,
    /// It is on its way out of the tree, and its children are being lifted out of it.
    pub(super) is_leaving: bool,
}

/// The time, read before a lock is taken: the clock is the program's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now(Stamp);

impl Now {
    pub(super) fn read() -> Self {
        Self(Stamp::now())
    }
}

impl Meta {
    pub(super) const NEW: Self = Self {
        name: None,
        number: 0,
        born: Stamp::NONE,
        cancelled: Stamp::NONE,
        is_leaving: false,
    };

    pub(super) fn set_name(&mut self, name: &'static str) {
        self.name = Some(name);
    }

    pub(super) fn note_birth(&mut self, now: Now) {
        self.born = now.0;
    }

    /// It is in the tree, cancelled from the beginning or not.
    pub(super) fn note_place(&mut self, number: usize, is_cancelled: bool) {
        self.number = number;
        if is_cancelled {
            self.cancelled = self.born;
        }
    }

    pub(super) fn note_cancelled(&mut self, now: Now) {
        if self.cancelled == Stamp::NONE {
            self.cancelled = now.0;
        }
    }

    pub(super) fn note_leaving(&mut self) {
        self.is_leaving = true;
    }
}

/// Of a domain.
#[derive(Debug)]
pub(super) struct Census {
    /// How many tokens have come below the root.
    tokens: usize,
}

impl Census {
    pub(super) const NEW: Self = Self { tokens: 0 };

    /// The number of one more.
    pub(super) fn next(&mut self) -> usize {
        self.tokens += 1;
        self.tokens
    }
}
