//! What a child has to do with resources that it does not wait for: what it holds, and where it has
//! sent and received. Who waits there waits for it.
//!
//! A tie is one word, the resource's address with the kind in its lowest bits: resources are aligned
//! to four bytes at least.

use core::array;

use crate::sys::{
    array_of,
    atomic::{AtomicUsize, Ordering},
    const_new,
};

use super::node::Resource;

/// How a child is tied to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(usize)]
pub enum TieKind {
    /// It has acquired permits that have not gone back.
    Holds = 1,
    /// It has sent there.
    Sent = 2,
    /// It has received there.
    Received = 3,
}

/// That a child holds something, or has sent or received there: one for whom those wait that wait there.
///
/// It says which resource by its address, while that is there. A permit that was forgotten leaves its tie
/// behind, and what is made later at the same place seems to be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tie {
    pub(crate) kind: TieKind,
    pub(crate) address: usize,
}

/// The ties of a child, as far as they were noted: all that it holds up to [`MOST`](Self::MOST), and the last
/// of the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ties {
    pub(crate) known: [Option<Tie>; Self::MOST],
}

impl Tie {
    /// Which kind of tie.
    #[must_use]
    pub const fn kind(&self) -> TieKind {
        self.kind
    }

    /// Of which resource: the [address](Resource::address) that those have who wait there.
    #[must_use]
    pub const fn address(&self) -> usize {
        self.address
    }

    const fn to_bits(self) -> usize {
        self.address | self.kind as usize
    }

    fn from_bits(bits: usize) -> Option<Self> {
        let kind = match bits & KIND {
            0 => return None,
            1 => TieKind::Holds,
            2 => TieKind::Sent,
            _ => TieKind::Received,
        };
        Some(Self {
            kind,
            address: bits & !KIND,
        })
    }
}

impl Ties {
    /// How many are noted of a child.
    pub const MOST: usize = 4;

    /// Those that are noted.
    pub fn iter(&self) -> impl Iterator<Item = &Tie> {
        self.known.iter().flatten()
    }
}

const KIND: usize = 0b11;
const FREE: usize = 0;

const fn is_held(bits: usize) -> bool {
    bits & KIND == TieKind::Holds as usize
}

/// The ties of a child as they are noted: by its polls, and by whoever gives back what it holds.
///
/// Relaxed, all of it: each is a word that says what was so at some moment.
#[derive(Debug)]
pub(super) struct TieNotes {
    words: [AtomicUsize; Ties::MOST],
}

impl TieNotes {
    const_new! {
        pub(super) const fn new() -> Self {
            Self { words: array_of!(AtomicUsize::new(FREE); Ties::MOST) }
        }
    }

    pub(super) fn read(&self) -> Ties {
        Ties {
            known: array::from_fn(|at| Tie::from_bits(self.words[at].load(Ordering::Relaxed))),
        }
    }

    /// The child has done something there. Of such ties the newest replaces any other.
    pub(super) fn touch(&self, kind: TieKind, resource: Resource) {
        let tie = Tie {
            kind,
            address: resource.address,
        };
        let is_known = |word: &AtomicUsize| word.load(Ordering::Relaxed) == tie.to_bits();
        if !self.words.iter().any(is_known) {
            self.put(tie);
        }
    }

    /// The child holds something there; the place of that, if there is one.
    pub(super) fn hold(&self, resource: Resource) -> Option<usize> {
        self.put(Tie {
            kind: TieKind::Holds,
            address: resource.address,
        })
    }

    /// What is held at this place goes back.
    pub(super) fn let_go(&self, place: usize) {
        // Nobody else puts anything there while it is held.
        self.words[place].store(FREE, Ordering::Relaxed);
    }

    /// Writes a tie to a free word, or over one that is not of something held.
    fn put(&self, tie: Tie) -> Option<usize> {
        let free = (0..Ties::MOST).find(|&at| self.claim(at, tie, |bits| bits == FREE));
        free.or_else(|| {
            // Others' turn when theirs is the one that is looked at first.
            let from = tie.address / 64 % Ties::MOST;
            let mut places = (from..Ties::MOST).chain(0..from);
            places.find(|&at| self.claim(at, tie, |bits| !is_held(bits)))
        })
    }

    fn claim(&self, at: usize, tie: Tie, may: impl Fn(usize) -> bool) -> bool {
        let bits = self.words[at].load(Ordering::Relaxed);
        may(bits)
            && self.words[at]
                .compare_exchange(bits, tie.to_bits(), Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }
}
