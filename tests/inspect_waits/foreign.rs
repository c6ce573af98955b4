//! What is not of this crate, by the name that the program has given it.

use std::{
    future::{Future, pending, poll_fn, ready},
    pin::pin,
    task::Poll,
};

use futures_core::future::FusedFuture;
use pleach::{
    Event,
    channel::{self, Channel},
    inspect::{WaitKind, WaitMark, waiting},
    join::join,
    oneshot, scope, select,
};

use crate::{
    line,
    support::{block_on, poll_now, yield_now},
    wait_of, waits,
};

static SOCKET: &str = "the socket";

/// What each wait of a child is called, in order.
fn called<B, K>(s: &pleach::Scope<'_, B, K>, id: pleach::scope::ChildId) -> Vec<&'static str> {
    waits(s, id).iter().map(|wait| wait.what()).collect()
}

#[test]
fn it_is_told_by_its_name_with_its_place() {
    block_on(scope!(|s| {
        let at = line!() + 1;
        let child = s.spawn(async { waiting(&SOCKET, pending::<()>()).await });
        yield_now().await;
        let wait = wait_of(&s, child.id());
        assert_eq!((wait.kind(), wait.what()), (WaitKind::Other, "the socket"));
        assert_eq!(line(wait.site()), at);
        assert_eq!(
            (wait.resource().address(), wait.resource().site()),
            (0, None)
        );
        child.abort();
    }));
}

#[test]
fn waits_of_this_crate_are_called_by_their_kind() {
    let event = Event::new();
    block_on(scope!(|s| {
        let child = s.spawn(event.wait());
        yield_now().await;
        assert_eq!(called(&s, child.id()), ["event"]);
        event.set();
    }));
}

/// Ready at its third poll.
async fn two_waits() {
    yield_now().await;
    yield_now().await;
}

#[test]
fn it_is_told_until_it_is_over() {
    let event = Event::new();
    block_on(scope!(|s| {
        let child = s.spawn(async {
            waiting(&"two waits", two_waits()).await;
            event.wait().await;
        });
        for called_now in ["two waits", "two waits", "event"] {
            yield_now().await;
            assert_eq!(called(&s, child.id()), [called_now]);
        }
        event.set();
    }));
}

/// In the poll in which it is over nothing of it is left, nor of what it has noted.
#[test]
fn what_is_over_leaves_nothing() {
    let never = Event::new();
    block_on(scope!(|s| {
        let child = s.spawn(async {
            waiting(&"nothing", ready(())).await;
            let inner = async {
                select! {
                    biased;
                    _ = never.wait() => {}
                    _ = ready(()) => {}
                }
            };
            waiting(&"little", inner).await;
            select! {
                biased;
                _ = waiting(&"the loser", pending::<()>()) => {}
                _ = ready(()) => {}
            }
            pending::<()>().await;
        });
        yield_now().await;
        assert_eq!(called(&s, child.id()), [""; 0]);
        child.abort();
    }));
}

#[test]
fn what_is_awaited_beside_it_is_told_too() {
    block_on(scope!(|s| {
        let child = s.spawn(async {
            join((
                waiting(&"one", pending::<()>()),
                waiting(&"two", yield_now()),
                waiting(&"three", pending::<()>()),
            ))
            .await
        });
        yield_now().await;
        assert_eq!(called(&s, child.id()), ["one", "two", "three"]);
        yield_now().await;
        assert_eq!(called(&s, child.id()), ["one", "three"]);
        child.abort();
    }));
}

/// Whatever names are around it, that of a wait of this crate as well.
#[test]
fn what_it_waits_for_itself_is_told_instead() {
    let ((_sender, receiver), made) = (channel::bounded::<u8>(1), line!());
    block_on(scope!(|s| {
        let at = line!() + 2;
        let child = s.spawn(async {
            let reply = waiting(&"a reply", receiver.recv());
            let _ = waiting(&"the upstream", reply).await;
        });
        yield_now().await;
        let wait = wait_of(&s, child.id());
        assert_eq!(wait.what(), "recv");
        assert_eq!(line(wait.site()), at);
        assert_eq!(wait.resource().site().map(line), Some(made));
        child.abort();
    }));
}

#[test]
fn of_two_names_the_inner_one_is_told() {
    block_on(scope!(|s| {
        let child = s.spawn(async {
            waiting(&"the answer", waiting(&SOCKET, pending::<()>())).await;
        });
        yield_now().await;
        assert_eq!(called(&s, child.id()), ["the socket"]);
        child.abort();
    }));
}

/// What others have noted before it in the same poll is not of it.
#[test]
fn a_wait_of_this_crate_beside_it_takes_no_name() {
    let event = Event::new();
    block_on(scope!(|s| {
        let child = s.spawn(async {
            join((event.wait(), waiting(&SOCKET, pending::<()>()))).await;
        });
        yield_now().await;
        assert_eq!(called(&s, child.id()), ["event", "the socket"]);
        child.abort();
    }));
}

#[test]
fn a_poll_that_is_written_by_hand_says_what_for() {
    let (mark, at) = (WaitMark::new(&"bytes"), line!());
    let both = WaitMark::new(&"room");
    let full = Channel::<u8, 1>::new();
    full.try_send(1).unwrap();
    block_on(scope!(|s| {
        let by_hand = s.spawn(poll_fn(|cx| {
            mark.note(cx);
            Poll::<()>::Pending
        }));
        let child = s.spawn(async {
            let mut send = pin!(full.send(2));
            poll_fn(|cx| both.poll(cx, |cx| send.as_mut().poll(cx))).await
        });
        yield_now().await;
        let wait = wait_of(&s, by_hand.id());
        assert_eq!((wait.kind(), wait.what()), (WaitKind::Other, "bytes"));
        assert_eq!(line(wait.site()), at);
        assert_eq!(called(&s, child.id()), ["send"]);
        full.try_recv().unwrap();
        child.await.unwrap().unwrap();
        by_hand.abort();
    }));
}

#[test]
fn it_is_the_future_that_it_names() {
    let (sender, receiver) = oneshot::channel();
    let mut waits = pin!(waiting(&SOCKET, receiver));
    assert!(poll_now(waits.as_mut()).is_pending());
    assert!(!waits.is_terminated());
    sender.send(7).unwrap();
    assert_eq!(poll_now(waits.as_mut()), Poll::Ready(Ok(7)));
    assert!(waits.is_terminated());
}
