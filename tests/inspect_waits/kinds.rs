//! Each kind of wait, with its place and what it waits at.

use std::{future::pending, num::NonZeroUsize, pin::pin, sync::Arc, time::Duration};

use pleach::{
    Barrier, CancelToken, Event, Latch, Semaphore, WaitGroup,
    cancel::{Child, OrCancel, Root},
    channel::{self, Multiplex},
    inspect::WaitKind,
    oneshot, scope,
    scope::Started,
    select,
    time::{Backoff, ManualClock, interval, retry, timeout},
    watch,
};

use crate::{
    kinds, line, look, made,
    support::{block_on, yield_now},
    wait_of, waits,
};

/// Runs `$future` in a child of `$s`: it waits for that, begun on this line, at what was made on
/// the line `$made`.
macro_rules! seen {
    ($s:ident, $kind:ident, $made:expr, $future:expr) => {
        let child = $s.spawn(async {
            let _ = $future.await;
        });
        yield_now().await;
        let wait = wait_of(&$s, child.id());
        let seen = (wait.kind(), line(wait.site()), made(&wait));
        assert_eq!(seen, (WaitKind::$kind, line!(), $made.into()));
        child.abort();
        yield_now().await;
    };
}

#[test]
fn semaphores() {
    let (none, at) = (Semaphore::new(0), line!());
    let (limited, limited_at) = (Semaphore::with_limit(1), line!());
    let _held = limited.try_acquire();
    let (bypass, bypass_at) = (Semaphore::with_bypass(0), line!());
    let (shared, shared_at) = (Arc::new(Semaphore::new(0)), line!());
    block_on(scope!(|s| {
        seen!(s, Acquire, at, none.acquire());
        seen!(s, Acquire, at, none.acquire_many(2));
        seen!(s, Acquire, limited_at, limited.acquire());
        seen!(s, Acquire, bypass_at, bypass.acquire());
        seen!(s, Acquire, shared_at, shared.acquire_owned());
        seen!(s, Acquire, shared_at, shared.acquire_many_owned(3));
    }));
}

#[cfg(feature = "locks")]
#[test]
fn locks_that_are_waited_for_until_a_token_is_cancelled() {
    use pleach::locks::{self, Mutex, RwLock};
    let (mutex, lock, token) = (Mutex::new(0_u8), RwLock::new(0_u8), CancelToken::new());
    let (held, written) = (mutex.try_lock(), lock.try_write());
    block_on(scope!(|s| {
        macro_rules! seen_at {
            ($address:expr, $future:expr) => {
                let child = s.spawn(async {
                    let _ = $future.await;
                });
                yield_now().await;
                let waits = waits(&s, child.id());
                assert_eq!(kinds(&s, child.id()), [WaitKind::Lock, WaitKind::Token]);
                assert_eq!(line(waits[0].site()), line!());
                assert_eq!(waits[0].resource().address(), $address);
                child.abort();
                yield_now().await;
            };
        }
        let address = std::ptr::from_ref(&mutex).addr();
        seen_at!(address, locks::lock_or_cancel(&mutex, &token));
        let address = std::ptr::from_ref(&lock).addr();
        seen_at!(address, locks::read_or_cancel(&lock, &token));
        seen_at!(address, locks::upgradable_read_or_cancel(&lock, &token));
        seen_at!(address, locks::write_or_cancel(&lock, &token));
    }));
    drop((held, written));
}

#[test]
fn channels() {
    let (full, full_at) = (channel::Channel::<u8, 1>::new(), line!());
    full.try_send(0).unwrap();
    let ((sender, receiver), at) = (channel::bounded::<u8>(1), line!());
    let ((to_many, from_many), many_at) = (channel::strict::<u8>(2), line!());
    for message in [1, 2] {
        to_many.try_send(message).unwrap();
    }
    let (mut slot, mut into) = (Some(1), Vec::new());
    block_on(scope!(|s| {
        seen!(s, Send, full_at, full.send(1));
        seen!(s, Send, full_at, full.send_end().reserve());
        seen!(s, Send, full_at, full.send_end().send_all([1, 2]));
        seen!(s, Send, full_at, full.send_end().send_from(&mut slot));
        seen!(s, Send, many_at, to_many.reserve_many(2));
        seen!(s, Send, many_at, to_many.reserve_owned());
        seen!(s, Event, many_at, to_many.closed());
        seen!(s, Recv, at, receiver.recv());
        seen!(s, Recv, at, receiver.recv_many(&mut into, 3));
        seen!(s, Recv, at, receiver.ready());
        drop((sender, from_many));
    }));
}

#[test]
fn streams_of_messages() {
    use futures_util::StreamExt;

    let ((sender, receiver), at) = (channel::bounded::<u8>(1), line!());
    let ((_other, second), second_at) = (channel::bounded::<u8>(1), line!());
    block_on(scope!(|s| {
        let place = line!() + 1;
        let child = s.spawn(async { pin!(receiver.stream()).for_each(async |_| ()).await });
        for message in 0..3 {
            yield_now().await;
            let wait = wait_of(&s, child.id());
            assert_eq!((line(wait.site()), made(&wait)), (place, Some(at)));
            sender.send(message).await.unwrap();
        }
        yield_now().await;
        child.abort();
        yield_now().await;

        let place = line!() + 2;
        let child = s.spawn(async {
            let mut both = pin!(Multiplex::new([&*receiver, &*second]));
            both.next().await
        });
        yield_now().await;
        let found = waits(&s, child.id());
        let found = found.iter().map(|wait| (line(wait.site()), made(wait)));
        assert!(found.eq([(place, Some(at)), (place, Some(second_at))]));
        child.abort();
    }));
}

#[test]
fn oneshots_and_watches() {
    let ((mut sender, receiver), at) = (oneshot::channel::<u8>(), line!());
    let (inline, inline_at) = (oneshot::Oneshot::<u8>::new(), line!());
    let ((_to, from), inline_place) = (inline.split().unwrap(), line!());
    let (watch, watch_at) = (watch::Watch::new(0), line!());
    let (mut seen, mut other) = (watch.receiver(), watch.receiver());
    let ((_values, mut shared), shared_at) = (watch::channel(0), line!());
    block_on(scope!(|s| {
        seen!(s, Event, at, sender.closed());
        seen!(s, Changed, watch_at, seen.changed());
        seen!(s, Changed, watch_at, other.wait_for(|value| *value == 1));
        seen!(s, Changed, shared_at, shared.changed());

        // These are futures themselves, and begin where they are made.
        let child = s.spawn(receiver);
        let inline_child = s.spawn(from);
        yield_now().await;
        let wait = wait_of(&s, child.id());
        let found = (wait.kind(), line(wait.site()), made(&wait));
        assert_eq!(found, (WaitKind::Recv, at, Some(at)));
        let wait = wait_of(&s, inline_child.id());
        assert_eq!(
            (line(wait.site()), made(&wait)),
            (inline_place, Some(inline_at))
        );
        child.abort();
        inline_child.abort();
    }));
}

#[test]
fn events() {
    let (event, event_at) = (Event::new(), line!());
    let (latch, latch_at) = (Latch::new(1), line!());
    let (group, group_at) = (WaitGroup::new(), line!());
    let (barrier, barrier_at) = (Barrier::new(2), line!());
    let _member = group.add();
    block_on(scope!(|s| {
        seen!(s, Event, event_at, event.wait());
        seen!(s, Event, latch_at, latch.wait());
        seen!(s, Event, group_at, group.wait());
        seen!(s, Event, barrier_at, barrier.wait());
    }));
}

#[test]
fn tokens() {
    static ROOT: Root = Root::new();
    let root_at = line!() - 1;
    let (root, at) = (CancelToken::new(), line!());
    let (child, child_at) = (root.child(), line!());
    let (island, island_at) = (root.child_island(), line!());
    let (any, any_at) = (CancelToken::any_of(&[&root]), line!());
    let (pinned, mut pin) = (line!() + 1, pin!(Child::new()));
    let pinned_at = line!() + 1;
    let attached = pin.as_mut().attach(ROOT.token());
    let _ = pinned;
    block_on(scope!(|s| {
        seen!(s, Token, at, root.cancelled());
        seen!(s, Token, at, root.drained());
        seen!(s, Token, child_at, child.stopping());
        seen!(s, Token, child_at, child.clone().cancelled_owned());
        seen!(s, Token, island_at, island.cancelled());
        seen!(s, Token, any_at, any.cancelled());
        seen!(s, Token, pinned_at, attached.cancelled());
        seen!(s, Token, root_at, ROOT.token().cancelled());
        seen!(s, Token, at, root.run(pending::<()>()));
        seen!(s, Token, at, pending::<()>().or_cancel(&root));
    }));
}

#[test]
fn time() {
    const HOUR: Duration = Duration::from_secs(3600);
    let (clock, at) = (ManualClock::new(), line!());
    let failing = async || Err::<(), _>(());
    block_on(scope!(|s| {
        seen!(s, Sleep, at, clock.sleep_until(clock_now(&clock) + HOUR));
        seen!(s, Sleep, at, pleach::time::sleep(&clock, HOUR));
        seen!(s, Sleep, at, timeout(&clock, HOUR, pending::<()>()));
        seen!(s, Sleep, at, retry(&clock, Backoff::new(HOUR), failing));

        let place = line!() + 2;
        let child = s.spawn(async {
            let mut ticks = pin!(interval(&clock, HOUR));
            ticks.as_mut().tick().await;
            ticks.as_mut().tick().await;
        });
        yield_now().await;
        let wait = wait_of(&s, child.id());
        let found = (wait.kind(), line(wait.site()), made(&wait));
        assert_eq!(found, (WaitKind::Sleep, place, Some(at)));
        child.abort();
    }));
}

fn clock_now(clock: &ManualClock) -> pleach::time::Instant {
    pleach::time::Clock::now(clock)
}

#[cfg(feature = "std")]
#[test]
fn the_timer_of_a_thread() {
    use pleach::{runtime::StdTimer, time::sleep};
    const HOUR: Duration = Duration::from_secs(3600);
    pleach::block_on(scope!(|s| {
        seen!(s, Sleep, None, sleep(StdTimer, HOUR));
        seen!(s, Sleep, None, timeout(StdTimer, HOUR, pending::<()>()));
    }));
}

#[test]
fn children_and_their_places() {
    let one = NonZeroUsize::new(1).unwrap();
    let end = Event::new();
    block_on(scope!(limit = one, |s| {
        let (child, at) = (s.spawn(end.wait()), line!());
        yield_now().await;
        seen_slot(&s).await;
        let id = child.id();
        let waiting = s.spawn_daemon(child);
        yield_now().await;
        let wait = wait_of(&s, waiting.id());
        assert_eq!((wait.kind(), line(wait.site())), (WaitKind::Join, at));
        // It leads to the child.
        assert_eq!(wait.resource().address(), look(&s, id).address());
        end.set();
        waiting.await.unwrap().unwrap();
    }));
}

async fn seen_slot(s: &pleach::Scope<'_>) {
    let (slot, at) = (s.slot(), line!());
    let waiting = s.spawn_daemon(async {
        let _ = slot.await;
    });
    yield_now().await;
    let wait = wait_of(s, waiting.id());
    assert_eq!((wait.kind(), line(wait.site())), (WaitKind::Slot, at));
    waiting.abort();
    yield_now().await;
}

#[cfg(target_has_atomic = "ptr")]
#[test]
fn the_start_of_a_child_is_waited_for_at_both() {
    let started = Event::new();
    block_on(scope!(|s| {
        let starting = s.spawn(async {
            let start = s.start(async |_started: Started<()>| started.wait().await);
            let _ = start.await;
        });
        yield_now().await;
        yield_now().await;
        let kinds = kinds(&s, starting.id());
        assert_eq!(kinds, [WaitKind::Recv, WaitKind::Join]);
        starting.abort();
        started.set();
    }));
}

#[test]
fn combined_waits_note_the_main_one_first() {
    let (semaphore, at) = (Semaphore::new(0), line!());
    let (token, token_at) = (CancelToken::new(), line!());
    let ((sender, receiver), channel_at) = (channel::bounded::<u8>(1), line!());
    sender.try_send(1).unwrap();
    let (empty, empty_at) = (channel::Channel::<u8, 1>::new(), line!());
    let _receiver = receiver;
    macro_rules! both {
        ($s:ident, $kind:ident, $made:expr, $future:expr) => {
            let child = $s.spawn(async {
                let _ = $future.await;
            });
            yield_now().await;
            let found = waits(&$s, child.id());
            let found = found.iter();
            let found = found.map(|wait| (wait.kind(), line(wait.site()), made(wait)));
            assert!(found.eq([
                (WaitKind::$kind, line!(), Some($made)),
                (WaitKind::Token, line!(), Some(token_at)),
            ]));
            child.abort();
            yield_now().await;
        };
    }
    block_on(scope!(|s| {
        both!(s, Acquire, at, semaphore.acquire_or_cancel(&token));
        both!(s, Acquire, at, semaphore.acquire().or_cancel(&token));
        both!(s, Send, channel_at, sender.send_or_cancel(1, &token));
        both!(s, Recv, empty_at, empty.recv_end().recv_or_cancel(&token));
    }));
}

#[test]
fn what_finds_no_slot_is_counted() {
    let events = [const { Event::new() }; 5];
    block_on(scope!(|s| {
        let [a, b, c, d, e] = &events;
        let child = s.spawn(async {
            select! {
                _ = a.wait() => {}
                _ = b.wait() => {}
                _ = c.wait() => {}
                _ = d.wait() => {}
                _ = e.wait() => {}
            }
        });
        yield_now().await;
        let seen = look(&s, child.id());
        assert_eq!((seen.waits().iter().count(), seen.waits().more()), (3, 2));
        c.set();
    }));
}
