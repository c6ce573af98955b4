//! Who closes the span of a node, under every interleaving.

use crate::explore::explore;
use loom::{cell::UnsafeCell, sync::Arc, thread};
use pleach_loom::internals::SpanSlot;

/// A slot, and a span that is written when it is made and when it is closed, and read by those in it.
struct Span {
    slot: SpanSlot,
    closed: UnsafeCell<u32>,
}

// SAFETY: what races is what the models look for.
unsafe impl Sync for Span {}

impl Span {
    fn begun() -> Arc<Self> {
        let slot = SpanSlot::new();
        slot.begin(7.try_into().unwrap());
        let closed = UnsafeCell::new(0);
        Arc::new(Self { slot, closed })
    }

    fn close(&self) {
        // SAFETY: as above.
        self.closed.with_mut(|closed| unsafe { *closed += 1 });
    }

    /// A poll; whether it was in the span.
    fn poll(&self) -> bool {
        let entered = self.slot.enter();
        if entered.is_some() {
            // SAFETY: as above.
            self.closed.with(|closed| assert_eq!(unsafe { *closed }, 0));
        }
        let left = self.slot.exit();
        assert_eq!(left, entered);
        if left.is_some() && self.slot.end_use() {
            self.close();
        }
        entered.is_some()
    }

    /// The node ends, which is told of in the span.
    fn end(&self) {
        // SAFETY: as above.
        self.closed.with(|closed| assert_eq!(unsafe { *closed }, 0));
        if self.slot.end() {
            self.close();
        }
    }

    fn closed(&self) -> u32 {
        // SAFETY: as above.
        self.closed.with(|closed| unsafe { *closed })
    }
}

#[test]
fn a_span_is_closed_once_and_by_nobody_while_another_is_in_it() {
    explore(&[[false, false], [true, false], [true, true]], || {
        let span = Span::begun();
        let other = {
            let span = span.clone();
            thread::spawn(move || [span.poll(), span.poll()])
        };
        span.end();
        let polls = other.join().unwrap();
        assert_eq!(span.closed(), 1);
        polls
    });
}

#[test]
fn whoever_counts_itself_knows_the_span_and_keeps_it_open() {
    explore(&[(None, true), (Some(7), false)], || {
        let span = Arc::new(SpanSlot::new());
        let other = {
            let span = span.clone();
            thread::spawn(move || span.begin_use().map(u64::from))
        };
        span.begin(7.try_into().unwrap());
        let known = other.join().unwrap();
        (known, span.end())
    });
}
