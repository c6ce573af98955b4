//! Waits are gone when they are over, however that comes.

use std::{future::Future, pin::Pin, time::Duration};

use pleach::{
    CancelToken, Event, Semaphore, channel, inspect::WaitKind, join, scope, select,
    time::ManualClock, time::timeout,
};

use crate::{
    kinds, line,
    support::{block_on, yield_now},
    wait_of,
};

#[test]
fn the_next_poll_makes_the_last_one_void() {
    let (first, second) = (Event::new(), Semaphore::new(0));
    block_on(scope!(|s| {
        let child = s.spawn(async {
            first.wait().await;
            let _ = second.acquire().await;
            yield_now().await;
            std::future::pending::<()>().await;
        });
        assert_eq!(kinds(&s, child.id()), [], "it was not polled yet");
        yield_now().await;
        assert_eq!(kinds(&s, child.id()), [WaitKind::Event]);
        first.set();
        yield_now().await;
        assert_eq!(kinds(&s, child.id()), [WaitKind::Acquire]);
        second.add_permits(1);
        yield_now().await;
        assert_eq!(
            kinds(&s, child.id()),
            [],
            "a wait that is not of this crate"
        );
        yield_now().await;
        assert_eq!(kinds(&s, child.id()), []);
        child.abort();
    }));
}

/// What is polled, and then given up in the same poll, is not waited for any more.
#[test]
fn losers_are_gone_in_the_poll_in_which_they_lose() {
    let (never, now) = (Event::new(), Event::new());
    now.set();
    let token = CancelToken::new();
    token.cancel();
    let clock = ManualClock::new();
    let closed = channel::Channel::<u8, 1>::new();
    closed.close();
    block_on(scope!(|s| {
        let child = s.spawn(async {
            select! {
                biased;
                _ = never.wait() => unreachable!(),
                _ = now.wait() => {}
            }
            pleach::select::race((never.wait(), now.wait())).await;
            pleach::select::race((now.wait(), never.wait())).await;
            let mut both = [Box::pin(never.wait()), Box::pin(now.wait())];
            pleach::select::select_all(&mut both[..]).await;
            let _ = closed.recv().or_until(never.wait()).await;
            let _ = closed.send(1).or_until(never.wait()).await;
            timeout(&clock, Duration::from_secs(1), now.wait())
                .await
                .unwrap();
            timeout(&clock, Duration::ZERO, never.wait())
                .await
                .unwrap_err();
            let failing = async { Err::<(), _>(()) };
            let waiting = async {
                never.wait().await;
                Ok::<_, ()>(())
            };
            join::try_join((waiting, failing)).await.unwrap_err();
            std::future::pending::<()>().await;
        });
        yield_now().await;
        assert_eq!(kinds(&s, child.id()), []);
        child.abort();
    }));
}

#[test]
fn what_was_noted_before_a_loser_stays() {
    let (first, never, now) = (Semaphore::new(0), Event::new(), Event::new());
    now.set();
    block_on(scope!(|s| {
        let child = s.spawn(async {
            let _ = join::join((async { first.acquire().await.map(drop) }, async {
                pleach::select::race((never.wait(), now.wait())).await;
                never.wait().await;
            }))
            .await;
        });
        yield_now().await;
        assert_eq!(kinds(&s, child.id()), [WaitKind::Acquire, WaitKind::Event]);
        child.abort();
    }));
}

#[test]
fn a_wait_goes_with_the_future_to_whoever_polls_it() {
    type Boxed<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

    let event = Event::new();
    let (sender, receiver) = channel::bounded::<Boxed<'_>>(1);
    block_on(scope!(|s| {
        let place = line!() + 2;
        let first = s.spawn(async {
            let mut wait: Boxed<'_> = Box::pin(event.wait());
            let polled = std::future::poll_fn(|cx| {
                std::task::Poll::Ready(wait.as_mut().poll(cx).is_ready())
            });
            assert!(!polled.await);
            sender.send(wait).await.unwrap();
            std::future::pending::<()>().await;
        });
        let second = s.spawn(async { receiver.recv().await.unwrap().await });
        yield_now().await;
        // The first has given it away in the poll in which it waited, which nobody can tell.
        yield_now().await;
        let wait = wait_of(&s, second.id());
        assert_eq!((wait.kind(), line(wait.site())), (WaitKind::Event, place));
        event.set();
        yield_now().await;
        first.abort();
        second.await.unwrap();
    }));
}

#[test]
fn wakers_of_others_note_nothing() {
    use futures_util::{StreamExt, stream::FuturesUnordered};

    let events = [const { Event::new() }; 3];
    block_on(scope!(|s| {
        let child = s.spawn(async {
            let mut all: FuturesUnordered<_> = events.iter().map(Event::wait).collect();
            while all.next().await.is_some() {}
        });
        yield_now().await;
        assert_eq!(kinds(&s, child.id()), []);
        events.iter().for_each(Event::set);
        child.await.unwrap();
    }));
}
