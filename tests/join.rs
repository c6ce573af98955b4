//! Joins, through the public API.

mod support;

use std::{
    cell::{Cell, RefCell},
    future::{pending, poll_fn, ready},
    pin::Pin,
    task::{Context, Poll},
};

use pleach::{
    Semaphore,
    join::{join, try_join},
};
use support::{Wakes, block_on, poll_now, poll_with, yield_now};

/// Says when it is polled and when it is dropped.
struct Noted<'a> {
    name: &'static str,
    polls_left: usize,
    polls: &'a Cell<usize>,
    log: &'a RefCell<Vec<&'static str>>,
}

impl Future for Noted<'_> {
    type Output = Result<&'static str, &'static str>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.polls.set(self.polls.get() + 1);
        if self.polls_left > 0 {
            self.polls_left -= 1;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(if self.name.starts_with('!') {
            Err(self.name)
        } else {
            Ok(self.name)
        })
    }
}

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        self.log.borrow_mut().push(self.name);
    }
}

#[derive(Default)]
struct Log {
    polls: Cell<usize>,
    dropped: RefCell<Vec<&'static str>>,
}

impl Log {
    fn child(&self, name: &'static str, polls_left: usize) -> Noted<'_> {
        Noted {
            name,
            polls_left,
            polls: &self.polls,
            log: &self.dropped,
        }
    }

    fn dropped(&self) -> Vec<&'static str> {
        self.dropped.take()
    }
}

#[test]
fn all_outputs_are_there_in_their_places() {
    assert_eq!(block_on(join((ready(1),))), (1,));
    let outputs = block_on(join((
        ready('a'),
        async {
            yield_now().await;
            2_u8
        },
        ready("c"),
    )));
    assert_eq!(outputs, ('a', 2, "c"));
    let eight = join((
        ready(1),
        ready(2),
        ready(3),
        ready(4),
        ready(5),
        ready(6),
        ready(7),
        ready(8),
    ));
    assert_eq!(block_on(eight), (1, 2, 3, 4, 5, 6, 7, 8));
    assert_eq!(block_on(join([0, 1, 2].map(ready))), [0, 1, 2]);
    assert_eq!(block_on(join([(); 0].map(ready))), []);
}

#[test]
fn children_run_at_the_same_time_and_borrow() {
    let (door, count) = (Semaphore::new(0), Cell::new(0));
    block_on(join((
        async {
            let _permit = door.acquire().await.unwrap();
            count.set(count.get() + 1);
        },
        async {
            count.set(10);
            door.add_permits(1);
        },
    )));
    assert_eq!(count.get(), 11);
}

#[test]
fn a_child_that_is_done_is_not_polled_again_and_is_gone() {
    let log = Log::default();
    let mut both = Box::pin(join((log.child("a", 0), log.child("b", 3))));
    assert!(poll_now(both.as_mut()).is_pending());
    assert_eq!(log.dropped(), ["a"]);
    assert_eq!(block_on(both), (Ok("a"), Ok("b")));
    assert_eq!(log.polls.get(), 5);
}

#[test]
fn a_wake_of_any_child_polls_the_join() {
    let door = Semaphore::new(0);
    let (wakes, waker) = Wakes::new();
    let mut both = Box::pin(join([door.acquire(), door.acquire()]));
    assert!(poll_with(both.as_mut(), &waker).is_pending());
    door.add_permits(1);
    assert_eq!(wakes.count(), 1);
    assert!(poll_with(both.as_mut(), &waker).is_pending());
    door.add_permits(1);
    assert_eq!(wakes.count(), 2);
    let both = poll_with(both.as_mut(), &waker);
    assert!(matches!(both, Poll::Ready([Ok(_), Ok(_)])));
}

#[test]
fn the_first_error_ends_all_the_newest_first() {
    let log = Log::default();
    let result = block_on(try_join((
        log.child("a", 9),
        log.child("b", 0),
        log.child("!c", 1),
        log.child("!d", 1),
        log.child("e", 9),
    )));
    assert_eq!(result, Err("!c"));
    assert_eq!(log.dropped(), ["b", "e", "!d", "!c", "a"]);
    let result = block_on(try_join([
        log.child("a", 9),
        log.child("!b", 2),
        log.child("c", 3),
    ]));
    assert_eq!(result, Err("!b"));
    assert_eq!(log.dropped(), ["c", "!b", "a"]);
}

#[test]
fn all_values_are_there_if_none_fails() {
    assert_eq!(
        block_on(try_join((ready(Ok::<_, ()>(1)), ready(Ok("b"))))),
        Ok((1, "b"))
    );
    assert_eq!(
        block_on(try_join([Ok::<_, ()>(1), Ok(2)].map(ready))),
        Ok([1, 2])
    );
}

#[test]
fn dropping_it_drops_the_newest_first() {
    let log = Log::default();
    let mut three = Box::pin(join((
        log.child("a", 9),
        log.child("b", 9),
        log.child("c", 9),
    )));
    assert!(poll_now(three.as_mut()).is_pending());
    drop(three);
    assert_eq!(log.dropped(), ["c", "b", "a"]);
    drop(join([log.child("a", 9), log.child("b", 9)]));
    assert_eq!(log.dropped(), ["b", "a"]);
}

#[test]
#[should_panic(expected = "a join was polled after it had completed")]
fn it_is_not_polled_again() {
    let mut done = Box::pin(join((ready(1),)));
    assert!(poll_now(done.as_mut()).is_ready());
    let _ = poll_now(done.as_mut());
}

#[test]
fn it_knows_whether_it_is_over() {
    use futures_core::future::FusedFuture;

    let mut join = Box::pin(join((ready(1),)));
    assert!(!join.is_terminated());
    assert!(poll_now(join.as_mut()).is_ready());
    assert!(join.is_terminated());
    let mut failed = Box::pin(try_join((ready(Err::<(), _>(1)), pending())));
    assert_eq!(
        poll_now(failed.as_mut()),
        Poll::Ready(Err::<((), ()), _>(1))
    );
    assert!(failed.is_terminated());
}

#[test]
fn it_is_send_if_the_children_are() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    block_on(is_send(join((ready(1), async { yield_now().await }))));
    block_on(is_send(try_join([ready(Ok::<_, ()>(1))]))).unwrap();
}

#[cfg(feature = "std")]
mod panics {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::{Log, block_on, join, ready, support::message, try_join};

    fn panic_of(f: impl FnOnce()) -> String {
        let payload = catch_unwind(AssertUnwindSafe(f)).unwrap_err();
        message(&*payload).to_owned()
    }

    /// Panics when it is dropped.
    struct Mine(&'static str);

    impl Drop for Mine {
        fn drop(&mut self) {
            panic!("{}", self.0);
        }
    }

    #[test]
    fn the_others_are_gone_when_a_panic_goes_on() {
        let log = Log::default();
        let said = panic_of(|| {
            // Kept alive over the panic: it is the join that drops its children.
            let mut all = Box::pin(join((
                log.child("a", 9),
                async { panic!("b") },
                log.child("c", 9),
            )));
            let polled = catch_unwind(AssertUnwindSafe(|| super::poll_now(all.as_mut())));
            assert_eq!(log.dropped(), ["c", "a"]);
            std::panic::resume_unwind(polled.unwrap_err());
        });
        assert_eq!(said, "b");
    }

    #[test]
    fn of_several_panics_the_first_goes_on_and_it_beats_an_error() {
        let said = panic_of(|| {
            let mine = Mine("a destructor");
            let _ = block_on(join((
                async move {
                    let _mine = mine;
                    std::future::pending::<()>().await;
                },
                async { panic!("a poll") },
            )));
        });
        assert_eq!(said, "a poll");
        let said = panic_of(|| {
            let (first, second) = (Mine("first"), Mine("second"));
            let hold = |mine: Mine| async move {
                let _mine = mine;
                std::future::pending::<Result<(), ()>>().await
            };
            let _ = block_on(try_join((
                hold(second),
                hold(first),
                ready(Err::<(), _>(())),
            )));
        });
        assert_eq!(said, "first");
    }

    #[test]
    fn a_destructor_that_panics_keeps_none_from_being_dropped() {
        let log = Log::default();
        let said = panic_of(|| {
            let mine = Mine("a destructor");
            drop(join((
                log.child("a", 9),
                async move { drop(mine) },
                log.child("c", 9),
            )));
        });
        assert_eq!(
            (said.as_str(), log.dropped()),
            ("a destructor", vec!["c", "a"])
        );
    }
}

/// A child may wait for what only another one of the same poll brings.
#[test]
fn a_child_that_wakes_the_join_while_it_is_polled_is_polled_again() {
    let told = Cell::new(false);
    let waits = poll_fn(|_| {
        if told.get() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    });
    let tells = poll_fn(|cx| {
        told.set(true);
        cx.waker().wake_by_ref();
        Poll::Ready(())
    });
    block_on(join((waits, tells)));
}
