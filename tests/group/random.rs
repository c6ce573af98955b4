//! Random programs: children that wait for one another's wakes, kept wakers, early ends; each child
//! is dropped exactly once, and polled no more often than it was woken.

use std::{
    cell::RefCell,
    env,
    future::{Future, poll_fn},
    num::NonZeroUsize,
    pin::pin,
    rc::Rc,
    task::{Poll, Waker},
};

use pleach::group::{Collect, group};

use crate::support::{poll_with, rng::Rng};

#[derive(Default)]
struct World {
    rng: Option<Rng>,
    /// Wakers that somebody kept, and of which child.
    kept: Vec<(usize, Waker)>,
    children: Vec<Child>,
}

#[derive(Clone, Default)]
struct Child {
    polls: usize,
    wakes: usize,
    is_queued: bool,
    done: bool,
    drops: usize,
}

struct Guard(Rc<RefCell<World>>, usize);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.borrow_mut().children[self.1].drops += 1;
    }
}

fn child(world: &Rc<RefCell<World>>, n: usize) -> impl Future<Output = Result<usize, usize>> {
    let guard = Guard(Rc::clone(world), n);
    poll_fn(move |cx| {
        let mut world = guard.0.borrow_mut();
        let world = &mut *world;
        let me = &mut world.children[n];
        me.polls += 1;
        me.is_queued = false;
        let rng = world.rng.as_mut().unwrap();
        let done = rng.below(4) == 0;
        me.done = done;
        for _ in 0..rng.below(3) {
            world.kept.push((n, cx.waker().clone()));
        }
        if done {
            return Poll::Ready(if rng.below(2) == 0 { Ok(n) } else { Err(n) });
        }
        if rng.below(2) == 0 || !world.kept.iter().any(|(of, _)| *of == n) {
            cx.waker().wake_by_ref();
            me.is_queued = true;
            me.wakes += 1;
        }
        Poll::Pending
    })
}

fn wake(world: &Rc<RefCell<World>>) {
    let (waker, by_value) = {
        let mut world = world.borrow_mut();
        let world = &mut *world;
        let rng = world.rng.as_mut().unwrap();
        if world.kept.is_empty() {
            return;
        }
        let at = rng.below(world.kept.len() as u64) as usize;
        let (n, waker) = world.kept.swap_remove(at);
        let how = rng.below(3);
        let me = &mut world.children[n];
        if how < 2 && !me.is_queued && !me.done {
            me.is_queued = true;
            me.wakes += 1;
        }
        if how == 2 {
            // Kept a little longer, unless it would be the last that the child is waiting for.
            world.kept.push((n, waker.clone()));
            return;
        }
        (waker, how == 0)
    };
    if by_value {
        waker.wake();
    } else {
        waker.wake_by_ref();
        drop(waker);
    }
}

fn program(seed: u64) {
    let mut rng = Rng::new(seed);
    let count = rng.below(40) as usize;
    let limit = NonZeroUsize::new(1 + rng.below(12) as usize).unwrap();
    let is_cut = rng.below(3) == 0;
    let rounds = rng.below(60);
    let world = Rc::new(RefCell::new(World {
        rng: Some(rng),
        children: vec![Child::default(); count],
        ..World::default()
    }));
    let children = (0..count).map(|n| child(&world, n));
    {
        let mut joined = pin!(group(children).limit(limit).join(Collect::new()));
        let mut round = 0;
        loop {
            if is_cut && round == rounds {
                break;
            }
            round += 1;
            assert!(round < 100_000, "seed {seed}: it hangs");
            if let Poll::Ready(collected) = poll_with(joined.as_mut(), Waker::noop()) {
                let mut all: Vec<_> = collected.values.iter().map(|(at, n)| (*at, *n)).collect();
                all.extend(collected.errors.iter().map(|(at, n)| (*at, *n)));
                all.sort();
                let expected: Vec<_> = (0..count).map(|n| (n, n)).collect();
                assert_eq!(all, expected, "seed {seed}");
                break;
            }
            wake(&world);
        }
    }
    // The group is gone; wakers may be left.
    while !world.borrow().kept.is_empty() {
        wake(&world);
    }
    for (n, child) in world.borrow().children.iter().enumerate() {
        assert_eq!(
            child.drops,
            usize::from(child.polls > 0),
            "seed {seed}, child {n}"
        );
        assert!(
            child.polls <= child.wakes + 1,
            "seed {seed}, child {n}: {} polls",
            child.polls
        );
    }
}

#[test]
fn random_groups_lose_nobody_and_poll_nobody_for_nothing() {
    let seeds = env::var("SEEDS").map_or(3_000, |seeds| seeds.parse().expect("a number"));
    for seed in 0..seeds {
        program(seed);
    }
}
