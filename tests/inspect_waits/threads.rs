//! Looked at from another thread, while it is polled.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    thread,
};

use pleach::{Event, Scope, Semaphore, inspect::WaitKind, scope, scope::ChildId};

use crate::{
    look,
    support::{block_on, yield_now},
};

static EVENT: Event = Event::new();
static SEMAPHORE: Semaphore = Semaphore::new(0);
static STOP: AtomicBool = AtomicBool::new(false);

/// Waits there for one poll.
async fn for_a_moment<F: Future>(wait: F) {
    let mut wait = pin!(wait);
    let mut moment = pin!(yield_now());
    poll_fn(|cx| {
        assert!(wait.as_mut().poll(cx).is_pending());
        moment.as_mut().poll(cx)
    })
    .await;
}

/// The child waits at one thing and the other in turn; whoever looks sees the one or the other, or
/// neither, and never parts of both.
#[test]
fn a_note_is_whole_whoever_looks_meanwhile() {
    block_on(scope!(|s| {
        let child = s.spawn(async {
            while !STOP.load(SeqCst) {
                for_a_moment(EVENT.wait()).await;
                for_a_moment(SEMAPHORE.acquire()).await;
            }
        });
        let (id, looks) = (child.id(), s.clone());
        let looker = thread::spawn(move || {
            // Also if it panics.
            let _stop = OnDrop(|| STOP.store(true, SeqCst));
            look_until_both_are_seen(&looks, id);
        });
        child.await.unwrap();
        looker.join().unwrap();
    }));
}

fn look_until_both_are_seen(s: &Scope<'_>, id: ChildId) {
    let mut known = [None; 2];
    let mut seen = [0; 2];
    while seen.iter().any(|times| *times < 1_000) {
        let waits = *look(s, id).waits();
        for wait in waits.iter() {
            let at = match wait.kind() {
                WaitKind::Event => 0,
                WaitKind::Acquire => 1,
                other => panic!("{other:?}"),
            };
            assert_eq!(*known[at].get_or_insert(*wait), *wait);
            seen[at] += 1;
        }
    }
    let [event, acquire] = known.map(Option::unwrap);
    assert_ne!(event.site(), acquire.site());
    assert_ne!(event.resource(), acquire.resource());
}

struct OnDrop<F: Fn()>(F);

impl<F: Fn()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
