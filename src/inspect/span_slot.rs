//! The id of a node's span, and who is in it.
//!
//! | `uses` | |
//! |---|---|
//! | `ENDED` alone | there is no span: the node has not begun, or has ended and nobody is in its span any more |
//! | so many times `ONE` | they are in it, or use it for a moment |
//! | both | the node has ended meanwhile; the last of them closes the span |
//!
//! # Invariant
//!
//! `id` is written before `uses` says for the first time that there is a span. Whoever has counted itself finds it, and that the
//! span is not closed; whoever makes `uses` `ENDED` alone closes it, once.

use core::num::NonZeroU64;

use crate::sys::atomic::{AtomicUsize, Ordering};

/// The node has ended; before it has begun, too.
const ENDED: usize = 1;
/// One that is in the span, in the bits above.
const ONE: usize = 2;

const WORDS: usize = (u64::BITS / usize::BITS) as usize;

/// The span of a node; none at first.
#[derive(Debug)]
pub struct SpanSlot {
    id: [AtomicUsize; WORDS],
    uses: AtomicUsize,
    /// 1 while a poll goes on that found the node ended, as a task of a runtime may. Of whoever polls.
    is_refused: AtomicUsize,
}

impl SpanSlot {
    pub fn new() -> Self {
        Self {
            id: core::array::from_fn(|_| AtomicUsize::new(0)),
            uses: AtomicUsize::new(ENDED),
            is_refused: AtomicUsize::new(0),
        }
    }

    pub fn begin(&self, id: NonZeroU64) {
        let mut id = id.get();
        for word in &self.id {
            #[allow(clippy::cast_possible_truncation, reason = "word by word")]
            word.store(id as usize, Ordering::Relaxed);
            id = id.checked_shr(usize::BITS).unwrap_or(0);
        }
        // Release: pairs with the exchange in `begin_use`.
        self.uses.store(0, Ordering::Release);
    }

    /// Counts one more who uses the span, unless the node has ended.
    pub fn begin_use(&self) -> Option<NonZeroU64> {
        let mut uses = self.uses.load(Ordering::Relaxed);
        loop {
            if uses & ENDED != 0 {
                return None;
            }
            // Acquire: pairs with the store in `begin`.
            match self.uses.compare_exchange_weak(
                uses,
                uses + ONE,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => return self.id(),
                Err(newer) => uses = newer,
            }
        }
    }

    /// One less uses it; whether it is to be closed.
    pub fn end_use(&self) -> bool {
        // Release: whoever closes it comes after this. Acquire: pairs with that.
        self.uses.fetch_sub(ONE, Ordering::AcqRel) == ONE | ENDED
    }

    /// The node has ended; whether the span is to be closed at once.
    pub fn end(&self) -> bool {
        // As in `end_use`.
        self.uses.fetch_or(ENDED, Ordering::AcqRel) == 0
    }

    /// A poll begins: the span to be entered, if there is one.
    pub fn enter(&self) -> Option<NonZeroU64> {
        let id = self.begin_use();
        self.is_refused
            .store(usize::from(id.is_none()), Ordering::Relaxed);
        id
    }

    /// The poll ends: the span that it has entered. It is used until `end_use`.
    pub fn exit(&self) -> Option<NonZeroU64> {
        let is_refused = self.is_refused.swap(0, Ordering::Relaxed) != 0;
        if is_refused { None } else { self.id() }
    }

    /// What `begin` has noted.
    fn id(&self) -> Option<NonZeroU64> {
        let words = self.id.iter().rev();
        let id = words.fold(0_u64, |id, word| {
            id.checked_shl(usize::BITS).unwrap_or(0) | word.load(Ordering::Relaxed) as u64
        });
        NonZeroU64::new(id)
    }
}
