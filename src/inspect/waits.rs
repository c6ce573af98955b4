//! What is noted of a child's polls: how many there were, and what the last one waits for.
//!
//! The polls of a child write it, one after the other. Whoever looks at the tree reads it at any
//! time, without a lock.
//!
//! # A note
//!
//! ```text
//!  head  │ since when, 32 bits │ number of the round, 28 bits │ kind, 4 bits │
//!  site, resource, origin: a word each
//! ```
//!
//! (Where words have 32 bits, since when is a word of its own.)
//!
//! A round is a poll, or what is left of one when notes have been taken back: those that stay are of the
//! new round as well.
//!
//! # Invariants
//!
//! 1. A note is of the round whose number is in its head, and says nothing in another. The rest of
//!    a slot is written once in a round, in order of the slots.
//! 2. The head is emptied before the rest of a note changes and is written after it, and all of
//!    these stores release. So who finds the same head before and after it has read the rest, all
//!    of it acquiring, has the rest of that head: had it read anything newer, it would find the
//!    head empty, or newer too.
//!
//! Both need one writer at a time. A program that polls futures on several threads by clones of a
//! child's waker may find the parts of several waits in a note; each part is good for itself. So no part is
//! more than a word, and none says what another one is: a name is a pointer to where its pointer and its length
//! lie, and the origin tells by its lowest bit which of two things it leads to.

use core::{array, panic::Location, ptr};

use super::{
    clock::Stamp,
    kind::WaitKind,
    node::{Resource, Wait, Waits},
    site::{Name, Site},
    ties::{TieNotes, Ties},
};
use crate::sys::{
    array_of,
    atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering},
    const_new,
};

/// In [`WaitNotes::polls`]: the child is being polled.
const RUNNING: u32 = 1;
const ONE_POLL: u32 = 2;

/// What a head has room for.
const KIND_BITS: u32 = 4;
const ROUND_BITS: u32 = 28;
const EMPTY: usize = 0;

// They are counted from one.
const _: () = assert!(WaitKind::ALL.len() < 1 << KIND_BITS);

/// What [`WaitNotes::more`] has room for.
const MORE_BITS: u32 = 12;
const MOST_MORE: u32 = (1 << MORE_BITS) - 1;

/// How many words a note needs for since when, if there is no room in the head.
const APART: usize = if usize::BITS < 64 { 1 } else { 0 };

type Place = Location<'static>;

/// The notes of a child.
#[derive(Debug)]
pub struct WaitNotes {
    /// How many polls have begun, and whether one has not ended.
    polls: AtomicU32,
    /// How often notes have been taken back.
    taken_back: AtomicU32,
    slots: [Slot; Waits::MOST],
    /// How many waits of a round have found no slot, and the round.
    more: AtomicU32,
    /// When the child was spawned: here for the size of it.
    born: Stamp,
    pub(super) ties: TieNotes,
}

#[derive(Debug)]
struct Slot {
    head: AtomicUsize,
    since: [AtomicUsize; APART],
    site: AtomicPtr<Place>,
    resource: AtomicUsize,
    /// An [`Origin`].
    origin: AtomicPtr<()>,
}

/// What is known of the thing that is waited at.
#[derive(Clone, Copy)]
enum Origin {
    Unknown,
    /// Where it was made.
    Made(&'static Place),
    /// What the program calls it.
    Named(Name),
}

/// In the word of an origin: it leads to a name.
const NAMED: usize = 1;

const _: () = assert!(align_of::<Place>() > NAMED && align_of::<&str>() > NAMED);

impl WaitNotes {
    const_new! {
        /// Of a child that was not polled.
        pub const fn new(born: Stamp) -> Self {
            Self {
                polls: AtomicU32::new(0),
                taken_back: AtomicU32::new(0),
                slots: array_of!(Slot::new(); Waits::MOST),
                more: AtomicU32::new(0),
                born,
                ties: TieNotes::new(),
            }
        }
    }

    /// A poll begins: all that was noted is void. It ends when the result is dropped.
    #[inline]
    pub fn running(&self) -> Running<'_> {
        // Relaxed, as all of it: a number for people; notes are told apart by their heads.
        let polls = self.polls.load(Ordering::Relaxed);
        self.polls
            .store(polls.wrapping_add(ONE_POLL) | RUNNING, Ordering::Relaxed);
        Running(self)
    }

    /// How many polls have begun, and whether the last of them goes on.
    pub(crate) fn polls(&self) -> (usize, bool) {
        let polls = self.polls.load(Ordering::Relaxed);
        ((polls / ONE_POLL) as usize, polls & RUNNING != 0)
    }

    pub(crate) fn born(&self) -> Stamp {
        self.born
    }

    /// The number of the round, as notes have it.
    #[inline]
    fn round(&self) -> usize {
        // Both only grow, so that this is the number of a round even if they do meanwhile.
        let polls = self.polls.load(Ordering::Relaxed) / ONE_POLL;
        let taken_back = self.taken_back.load(Ordering::Relaxed);
        (polls.wrapping_add(taken_back) & ((1 << ROUND_BITS) - 1)) as usize
    }

    /// Notes a wait of the poll that is under way.
    pub fn note(&self, kind: WaitKind, site: &Site, resource: Resource) {
        let origin = resource.site.map_or(Origin::Unknown, Origin::Made);
        self.put(kind, site, resource.address, origin);
    }

    /// Notes a wait of the poll that is under way, for what the program calls so.
    pub fn note_named(&self, name: Name, site: &Site) {
        let nowhere = Resource::UNKNOWN.address;
        self.put(WaitKind::Other, site, nowhere, Origin::Named(name));
    }

    fn put(&self, kind: WaitKind, site: &Site, address: usize, origin: Origin) {
        let round = self.round();
        match self.slots.iter().find(|slot| !slot.is_of(round)) {
            Some(slot) => slot.write(round, kind, site, address, origin),
            None => self.note_more(round, self.more(round) + 1),
        }
    }

    /// How many waits the poll that is under way has noted.
    pub fn noted(&self) -> Noted {
        let round = self.round();
        Noted {
            slots: self.slots.iter().filter(|slot| slot.is_of(round)).count(),
            more: self.more(round),
        }
    }

    /// Takes back what was noted since; what the first of that was waiting at.
    pub fn take_back(&self, noted: Noted) -> Option<Resource> {
        if self.noted() == noted {
            return None;
        }
        let first = self.slots.get(noted.slots);
        let first = first.and_then(|slot| slot.read(self.round(), Stamp::NONE));
        let taken_back = self.taken_back.load(Ordering::Relaxed);
        self.taken_back
            .store(taken_back.wrapping_add(1), Ordering::Relaxed);
        let round = self.round();
        for slot in &self.slots[..noted.slots] {
            slot.renew(round);
        }
        self.note_more(round, noted.more);
        first.map(|wait| wait.resource)
    }

    fn more(&self, round: usize) -> usize {
        let more = self.more.load(Ordering::Relaxed);
        let is_of_round = more & !MOST_MORE == Self::round_with(round, 0);
        if is_of_round {
            (more & MOST_MORE) as usize
        } else {
            0
        }
    }

    #[allow(
        clippy::cast_possible_truncation,
        reason = "as many bits as there is room for"
    )]
    fn round_with(round: usize, more: usize) -> u32 {
        (round as u32) << MORE_BITS | more.min(MOST_MORE as usize) as u32
    }

    fn note_more(&self, round: usize, more: usize) {
        self.more
            .store(Self::round_with(round, more), Ordering::Relaxed);
    }

    /// What the child holds, and where it has sent and received.
    pub(crate) fn ties(&self) -> Ties {
        self.ties.read()
    }

    /// What the last poll waits for, or has come to wait for so far, and for how long at that moment.
    pub fn waits(&self, now: Stamp) -> Waits {
        let round = self.round();
        Waits {
            known: array::from_fn(|at| self.slots[at].read(round, now)),
            more: self.more(round),
        }
    }
}

/// While this lives the child is being polled.
#[derive(Debug)]
pub struct Running<'a>(&'a WaitNotes);

impl Drop for Running<'_> {
    #[inline]
    fn drop(&mut self) {
        let polls = self.0.polls.load(Ordering::Relaxed);
        self.0.polls.store(polls & !RUNNING, Ordering::Relaxed);
    }
}

/// A place among the notes of a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noted {
    slots: usize,
    more: usize,
}

const fn head(round: usize, kind: WaitKind, since: u32) -> usize {
    let low = round << KIND_BITS | (kind as usize + 1);
    // With 32 bits nothing is left of it here.
    ((since as u64) << 32) as usize | low
}

/// `None` if it has none: of what one thread has emptied when another makes it a note of a new round.
fn kind_of(head: usize) -> Option<WaitKind> {
    let kind = (head & ((1 << KIND_BITS) - 1)).checked_sub(1)?;
    WaitKind::ALL.get(kind).copied()
}

impl Origin {
    fn to_word(self) -> *mut () {
        match self {
            Self::Unknown => ptr::null_mut(),
            Self::Made(at) => ptr::from_ref(at).cast_mut().cast(),
            Self::Named(Name(name)) => {
                let word: *mut () = ptr::from_ref(name).cast_mut().cast();
                word.map_addr(|address| address | NAMED)
            }
        }
    }

    /// # Safety
    ///
    /// It is null or a word of [`to_word`](Self::to_word).
    unsafe fn of_word(word: *mut ()) -> Self {
        if word.addr() & NAMED == 0 {
            // SAFETY: null or, by the caller's word, of the whole program.
            return unsafe { word.cast::<Place>().as_ref() }.map_or(Self::Unknown, Self::Made);
        }
        let name = word.map_addr(|address| address & !NAMED);
        // SAFETY: a name's by its bit, of the whole program.
        Self::Named(Name(unsafe { &*name.cast::<&'static str>() }))
    }
}

impl Slot {
    const_new! {
        const fn new() -> Self {
            Self {
                head: AtomicUsize::new(EMPTY),
                since: array_of!(AtomicUsize::new(0); APART),
                site: AtomicPtr::new(ptr::null_mut()),
                resource: AtomicUsize::new(0),
                origin: AtomicPtr::new(ptr::null_mut()),
            }
        }
    }

    /// Whether it is a note of that round.
    fn is_of(&self, round: usize) -> bool {
        // Relaxed: asked by who writes.
        Self::round_of(self.head.load(Ordering::Relaxed)) == Some(round)
    }

    fn round_of(head: usize) -> Option<usize> {
        (head != EMPTY).then_some(head >> KIND_BITS & ((1 << ROUND_BITS) - 1))
    }

    /// Makes it a note of that round.
    fn renew(&self, round: usize) {
        let head = self.head.load(Ordering::Relaxed);
        let others = !(((1 << ROUND_BITS) - 1) << KIND_BITS);
        // Release: as in `write`.
        self.head
            .store(head & others | round << KIND_BITS, Ordering::Release);
    }

    fn write(&self, round: usize, kind: WaitKind, site: &Site, address: usize, origin: Origin) {
        let since = site.since();
        // Release, all of them: they pair with the loads in `read` (invariant 2).
        self.head.store(EMPTY, Ordering::Relaxed);
        for word in &self.since {
            word.store(since as usize, Ordering::Release);
        }
        self.site
            .store(ptr::from_ref(site.at()).cast_mut(), Ordering::Release);
        self.resource.store(address, Ordering::Release);
        self.origin.store(origin.to_word(), Ordering::Release);
        self.head.store(head(round, kind, since), Ordering::Release);
    }

    fn read(&self, round: usize, now: Stamp) -> Option<Wait> {
        // Acquire, all but the last: they pair with the stores in `write` (invariant 2).
        let head = self.head.load(Ordering::Acquire);
        let since = self
            .since
            .each_ref()
            .map(|word| word.load(Ordering::Acquire));
        let site = self.site.load(Ordering::Acquire);
        let address = self.resource.load(Ordering::Acquire);
        let origin = self.origin.load(Ordering::Acquire);
        // Relaxed: what it may not miss was acquired.
        let is_whole = self.head.load(Ordering::Relaxed) == head;
        if !is_whole || Self::round_of(head) != Some(round) {
            return None;
        }
        let since = since
            .first()
            .map_or(head as u64 >> 32, |&since| since as u64);
        // SAFETY: null, or of `write`.
        let (made, name) = match unsafe { Origin::of_word(origin) } {
            Origin::Unknown => (None, None),
            Origin::Made(at) => (Some(at), None),
            Origin::Named(Name(name)) => (None, Some(*name)),
        };
        Some(Wait {
            kind: kind_of(head)?,
            name,
            // SAFETY: null or, by `write`, of the whole program.
            site: unsafe { site.as_ref() }?,
            resource: Resource {
                address,
                site: made,
            },
            #[allow(clippy::cast_possible_truncation, reason = "32 bits")]
            age: Stamp::from_bits(since as u32).age_at(now),
        })
    }
}
