//! Trees that are as deep as they can be, on a small stack, and as wide.

use std::{
    fmt::{self, Display, Write},
    thread,
};

use pleach::inspect::{Snapshot, Timeline};

use crate::{child, id, scope, snapshot};

const MILLION: usize = 1_000_000;
const STACK: usize = 64 * 1024;

/// Counts the bytes that are written, and the lines.
#[derive(Default)]
struct Counter {
    bytes: usize,
    lines: usize,
}

impl Write for Counter {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.bytes += text.len();
        self.lines += text.bytes().filter(|&byte| byte == b'\n').count();
        Ok(())
    }
}

fn count(picture: impl Display) -> Counter {
    let mut counter = Counter::default();
    write!(counter, "{picture}").unwrap();
    counter
}

fn on_a_small_stack(test: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new()
        .stack_size(STACK)
        .spawn(test)
        .unwrap();
    if let Err(payload) = thread.join() {
        std::panic::resume_unwind(payload);
    }
}

/// A root, and below each node the next one; children come before their parents, the worst order.
fn chain(first: usize, count: usize) -> Snapshot {
    let below = (1..count).rev().map(|n| child(first + n, first + n - 1));
    snapshot(below.chain([scope(first)]))
}

#[test]
fn a_chain_of_a_million_nodes_is_taken_and_compared() {
    on_a_small_stack(|| {
        let taken = chain(0, MILLION);
        let last = taken.get(id(MILLION - 1)).unwrap();
        assert_eq!((taken.len(), last.depth()), (MILLION, MILLION - 1));
        assert_eq!(taken.only(|entry| entry.below() == 0).len(), MILLION);
        assert_eq!(count(taken.tree().depth(5)).lines, 6);
        let other = chain(1, MILLION);
        let diff = other.since(&taken);
        assert_eq!((diff.added().len(), diff.gone().len()), (1, 1));
    });
}

#[test]
fn a_chain_deeper_than_the_stack_has_bytes_is_drawn() {
    const LEVELS: usize = 100_000;
    const { assert!(LEVELS > STACK) };
    on_a_small_stack(|| {
        let taken = chain(0, LEVELS);
        let tree = count(taken.tree().collapse(2));
        assert_eq!(tree.lines, LEVELS);
        // The guides end somewhere, or this would be gigabytes.
        assert!(tree.bytes < 200 * LEVELS, "{}", tree.bytes);
        assert_eq!(count(taken.json_lines()).lines, LEVELS);
        // The root has no line above it, and there are five that are of no node.
        assert_eq!(count(taken.dot()).lines, 2 * LEVELS - 1 + 5);
        assert!(count(taken.svg()).lines > LEVELS);
        let mut timeline = Timeline::new();
        for entry in &taken {
            timeline.row(entry.node());
        }
        assert!(count(timeline.svg()).lines > LEVELS);
    });
}

#[test]
fn a_hundred_thousand_siblings_are_one_line_if_they_are_alike() {
    on_a_small_stack(|| {
        let taken = snapshot(
            [scope(0)]
                .into_iter()
                .chain((1..=100_000).map(|n| child(n, 0))),
        );
        assert_eq!(
            taken.tree().collapse(2).to_string(),
            "scope waiting\n└── 100000*[child waiting]\n"
        );
        assert_eq!(taken.get(id(0)).unwrap().children().count(), 100_000);
    });
}
