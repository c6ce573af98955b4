//! The ready queue, one thread.

use std::{
    boxed::Box,
    sync::Arc,
    task::{Context, Waker},
    vec::Vec,
};

use super::ready::{Batch, Link, QUEUED, ReadyQueue};
use crate::wait::tests::Wakes;

fn links(count: usize) -> Box<[Link]> {
    (0..count).map(|_| Link::new(QUEUED)).collect()
}

fn push(queue: &ReadyQueue, link: &Link) -> bool {
    // SAFETY: made with its bit set, and the test outlives the queue.
    unsafe { queue.push(std::ptr::from_ref(link).cast_mut()) }
}

/// Where in `links` those of a batch are, in order.
fn order(mut batch: Batch, links: &[Link]) -> Vec<usize> {
    let mut order = Vec::new();
    while let Some(link) = batch.pop_front() {
        order.push(
            links
                .iter()
                .position(|known| std::ptr::eq(known, link))
                .unwrap(),
        );
    }
    assert!(batch.is_empty());
    order
}

#[test]
fn what_is_taken_comes_in_the_order_of_arrival() {
    let (links, queue) = (links(5), ReadyQueue::new());
    assert!(links[..3].iter().all(|link| push(&queue, link)));
    assert_eq!(order(queue.take(), &links), [0, 1, 2]);
    assert!(links[3..].iter().rev().all(|link| push(&queue, link)));
    assert_eq!(order(queue.take(), &links), [4, 3]);
    assert_eq!(order(queue.take(), &links), []);
}

#[test]
fn only_the_first_push_after_parking_wakes_the_parent() {
    let (links, queue) = (links(3), ReadyQueue::new());
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&wakes));
    let cx = Context::from_waker(&waker);
    assert!(push(&queue, &links[0]));
    assert!(!queue.park(&cx), "something is ready");
    assert_eq!(order(queue.take(), &links), [0]);
    assert!(queue.park(&cx));
    assert!(push(&queue, &links[1]) && push(&queue, &links[2]));
    assert_eq!(wakes.count(), 1);
    assert_eq!(order(queue.take(), &links), [1, 2]);
}

#[test]
fn a_closed_queue_refuses_and_a_busy_one_does_not_close() {
    let (links, queue) = (links(3), ReadyQueue::new());
    assert!(push(&queue, &links[0]));
    assert!(!queue.close_if_empty());
    assert!(push(&queue, &links[1]));
    assert_eq!(order(queue.close(), &links), [0, 1]);
    assert!(queue.is_closed() && !push(&queue, &links[2]));
    assert_eq!(order(queue.close(), &links), []);
}
