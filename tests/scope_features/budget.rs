//! `Driver::budget`.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use pleach::scope;

use crate::{
    limit,
    support::{Wakes, block_on, poll_with, yield_now},
};

/// Polls until ready and returns how many entries each pass has added.
fn passes(scope: impl Future<Output = ()>, entries: &AtomicUsize) -> Vec<usize> {
    let mut scope = std::pin::pin!(scope);
    let (wakes, waker) = Wakes::new();
    let mut added = Vec::new();
    loop {
        let (before, woken) = (entries.load(SeqCst), wakes.count());
        let ready = poll_with(scope.as_mut(), &waker).is_ready();
        added.push(entries.load(SeqCst) - before);
        if ready {
            return added;
        }
        assert_eq!(
            wakes.count(),
            woken + 1,
            "a pass that yields wakes its task once"
        );
    }
}

#[test]
fn a_pass_makes_no_more_polls_than_the_budget_allows() {
    let polls = AtomicUsize::new(0);
    let run = |budget| {
        let (driver, s) = scope::scope();
        let polls = &polls;
        driver.budget(limit(budget)).run(async move {
            polls.fetch_add(1, SeqCst);
            for _ in 0..7 {
                s.spawn(async { polls.fetch_add(1, SeqCst) });
            }
        })
    };
    assert_eq!(passes(run(3), &polls), [1, 3, 3, 1]);
    assert_eq!(passes(run(1), &polls), [1; 8]);
    assert_eq!(passes(run(7), &polls), [1, 7]);
    assert_eq!(passes(run(usize::MAX), &polls), [1, 7]);
}

#[test]
fn the_body_counts_and_nobody_is_polled_twice_before_the_others() {
    let order = Mutex::new(Vec::new());
    block_on(scope!(budget = limit(2), |s| {
        let order = &order;
        for n in 1..=4 {
            s.spawn(async move {
                for _ in 0..3 {
                    order.lock().unwrap().push(n);
                    yield_now().await;
                }
            });
        }
        for _ in 0..3 {
            order.lock().unwrap().push(0);
            yield_now().await;
        }
    }));
    let order = order.into_inner().unwrap();
    assert_eq!(order, [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
}

#[test]
fn what_is_left_over_is_dropped_with_the_scope() {
    let drops = AtomicUsize::new(0);
    let mut scope = Box::pin(scope!(budget = limit(2), |s| {
        for _ in 0..5 {
            let guard = crate::OnDrop(|| {
                drops.fetch_add(1, SeqCst);
            });
            s.spawn(async move {
                let _guard = guard;
                std::future::pending::<()>().await
            });
        }
        std::future::pending::<()>().await
    }));
    for _ in 0..2 {
        assert!(poll_with(scope.as_mut(), std::task::Waker::noop()).is_pending());
    }
    drop(scope);
    assert_eq!(drops.into_inner(), 5);
}
