//! Who is polled, and how often.

use std::{
    cell::Cell,
    future::{Future, poll_fn},
    pin::Pin,
};

use pleach::local_scope;

use crate::{
    Kept, leaves_wakers,
    support::{Wakes, block_on, poll_with, yield_now},
    wake_all,
};

/// Scopes in scopes, so deep, and each with so many children.
fn tree<'a>(
    depth: usize,
    width: usize,
    leaf: &'a (dyn Fn() -> Pin<Box<dyn Future<Output = ()> + 'a>> + 'a),
) -> Pin<Box<dyn Future<Output = ()> + 'a>> {
    if depth == 0 {
        return leaf();
    }
    Box::pin(async move {
        local_scope!(|s| {
            for _ in 0..width {
                s.spawn(tree(depth - 1, width, leaf));
            }
        })
        .await;
    })
}

/// 30, 33.
#[test]
fn nested_scopes_cost_as_much_as_those_in_them_that_are_ready() {
    const LEAVES: usize = 8 * 8 * 8;
    let (kept, polls) = (Kept::default(), Cell::new(0));
    let leaf = || -> Pin<Box<dyn Future<Output = ()> + '_>> {
        let mut waiting = Box::pin(leaves_wakers(&kept, 2));
        Box::pin(poll_fn({
            let polls = &polls;
            move |cx| {
                polls.set(polls.get() + 1);
                waiting.as_mut().poll(cx)
            }
        }))
    };
    let (wakes, waker) = Wakes::new();
    let mut running = tree(3, 8, &leaf);
    let mut before = wakes.count();
    assert!(poll_with(running.as_mut(), &waker).is_pending());
    while wakes.count() > before {
        before = wakes.count();
        assert!(poll_with(running.as_mut(), &waker).is_pending());
    }
    assert_eq!(polls.get(), LEAVES);
    for round in 2..=3 {
        wake_all(&kept);
        assert_eq!(wakes.count(), before + 1, "one wake for all of them");
        before = wakes.count();
        let is_done = poll_with(running.as_mut(), &waker).is_ready();
        assert_eq!((is_done, polls.get()), (round == 3, round * LEAVES));
        assert_eq!(wakes.count(), before, "nothing is left to be done");
    }
}

/// 31.
#[test]
fn nobody_starves_beside_those_that_are_always_ready() {
    let steps = [(); 4].map(|()| Cell::new(0_u32));
    let (driver, s) = pleach::scope::local::try_scope();
    for steps in &steps[1..] {
        s.spawn(async move {
            loop {
                steps.set(steps.get() + 1);
                yield_now().await;
            }
        });
    }
    let result = block_on(driver.run_try(async {
        while steps[0].get() < 100 {
            steps[0].set(steps[0].get() + 1);
            yield_now().await;
        }
        Err::<(), _>("enough")
    }));
    assert_eq!(result, Err("enough"));
    let steps = steps.map(Cell::into_inner);
    assert!(
        steps.iter().all(|steps| steps.abs_diff(100) <= 1),
        "all have gone on as far: {steps:?}"
    );
}
