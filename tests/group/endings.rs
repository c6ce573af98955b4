//! How groups end: the order of what is dropped, wakers that outlive them or call back.

use std::{
    future::{Future, pending, poll_fn},
    num::NonZeroUsize,
    pin::{Pin, pin},
    sync::Mutex,
    task::{Poll, Waker},
};

use pleach::group::{All, Discard, TryAll, group, open};

use crate::support::{Hostile, block_on, forget, poll_now, poll_with, yield_now};

#[derive(Default)]
pub(crate) struct Log(Mutex<Vec<String>>);

impl Log {
    pub(crate) fn guard(&self, name: impl Into<String>) -> Guard<'_> {
        Guard(self, name.into())
    }

    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

pub(crate) struct Guard<'a>(&'a Log, String);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.0.0.lock().unwrap().push(std::mem::take(&mut self.1));
    }
}

/// Four children that wait, of which `failing` does something in its second poll.
pub(crate) fn waiting<'a, T: 'a>(
    log: &'a Log,
    failing: usize,
    fail: impl Fn() -> T + Copy + 'a,
) -> impl Iterator<Item = impl Future<Output = T> + 'a> {
    (0..4).map(move |n| {
        let guard = log.guard(n.to_string());
        async move {
            let _guard = guard;
            yield_now().await;
            if n == failing {
                return fail();
            }
            pending().await
        }
    })
}

#[test]
fn dropping_a_group_drops_its_children_newest_first() {
    let log = Log::default();
    let mut joined = Box::pin(group(waiting(&log, 9, || ())).join(Discard::new()));
    assert!(poll_now(joined.as_mut()).is_pending());
    drop(joined);
    assert_eq!(log.take(), ["3", "2", "1", "0"]);
}

#[test]
fn an_early_end_drops_the_others_newest_first_before_the_result() {
    let log = Log::default();
    let result: Result<Vec<()>, &str> = block_on(async {
        let result = group(waiting(&log, 1, || Err("no")))
            .join(TryAll::new())
            .await;
        drop(log.guard("result"));
        result
    });
    assert_eq!(result, Err("no"));
    assert_eq!(log.take(), ["1", "3", "2", "0", "result"]);
}

#[test]
fn a_forgotten_group_touches_nothing_any_more() {
    let text = String::from("borrowed");
    let waker = {
        let kept = Mutex::new(None::<Waker>);
        let child = poll_fn(|cx| {
            *kept.lock().unwrap() = Some(cx.waker().clone());
            let _ = text.len();
            Poll::<()>::Pending
        });
        let mut joined = Box::pin(group([child]).join(All::new()));
        assert!(poll_now(joined.as_mut()).is_pending());
        forget(joined);
        kept.into_inner().unwrap().unwrap()
    };
    drop(text);
    waker.wake_by_ref();
    drop(waker);
}

#[test]
fn wakers_outlive_their_group() {
    let kept = Mutex::new(Vec::<Waker>::new());
    let children = (0..20).map(|n| {
        let kept = &kept;
        poll_fn(move |cx| {
            kept.lock().unwrap().push(cx.waker().clone());
            if n % 3 == 0 {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
    });
    let mut joined = Box::pin(group(children).join(Discard::new()));
    assert!(poll_now(joined.as_mut()).is_pending());
    drop(joined);
    let wakers = kept.into_inner().unwrap();
    for waker in &wakers {
        waker.wake_by_ref();
        drop(waker.clone());
    }
    let other = std::thread::spawn(move || wakers.into_iter().for_each(Waker::wake));
    other.join().unwrap();
}

/// The task's waker calls back into the group's own wakers, whatever is done to it.
#[test]
fn hostile_wakers_of_the_task_find_no_lock_held() {
    static INNER: Mutex<Option<Waker>> = Mutex::new(None);
    fn ring() {
        let waker = INNER.lock().unwrap().clone();
        if let Some(waker) = waker {
            waker.wake_by_ref();
            drop(waker.clone());
        }
    }
    let mut polls = 0;
    let child = poll_fn(move |cx| {
        *INNER.lock().unwrap() = Some(cx.waker().clone());
        polls += 1;
        if polls == 3 {
            Poll::Ready(polls)
        } else {
            Poll::Pending
        }
    });
    let mut joined = pin!(group([child]).join(All::new()));
    for _ in 0..2 {
        let hostile = Hostile::default()
            .on_clone(ring)
            .on_wake(ring)
            .on_drop(ring);
        let waker = hostile.waker();
        assert!(poll_with(joined.as_mut(), &waker).is_pending());
        ring();
    }
    let hostile = Hostile::default()
        .on_clone(ring)
        .on_wake(ring)
        .on_drop(ring);
    assert!(poll_with(joined.as_mut(), &hostile.waker()).is_ready());
    *INNER.lock().unwrap() = None;
}

#[test]
fn what_a_group_has_not_started_is_dropped_first() {
    let log = Log::default();
    let (group, spawner) = open::<Pin<Box<dyn Future<Output = ()> + '_>>>();
    let child = |name: &'static str| {
        let guard = log.guard(name);
        Box::pin(async move {
            let _guard = guard;
            pending().await
        })
    };
    spawner.spawn(child("running 1")).unwrap();
    spawner.spawn(child("running 2")).unwrap();
    let two = NonZeroUsize::new(2).unwrap();
    let (driver, _results) = group.limit(two).results();
    let mut run = Box::pin(driver.run(async {
        let _guard = log.guard("body");
        pending::<()>().await;
    }));
    assert!(poll_now(run.as_mut()).is_pending());
    spawner.spawn(child("unstarted 1")).unwrap();
    spawner.spawn(child("unstarted 2")).unwrap();
    assert!(poll_now(run.as_mut()).is_pending());
    drop(run);
    assert_eq!(
        log.take(),
        [
            "unstarted 2",
            "unstarted 1",
            "body",
            "running 2",
            "running 1"
        ]
    );
    let refused = spawner.spawn(child("late")).unwrap_err();
    assert!(spawner.is_closed() && !refused.is_full());
    drop(refused);
    assert_eq!(log.take(), ["late"]);
}
