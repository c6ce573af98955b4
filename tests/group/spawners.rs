//! Children that are spawned while a group runs.

use std::{
    future::{Future, pending},
    num::NonZeroUsize,
    pin::{Pin, pin},
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    task::Waker,
};

use pleach::group::{All, Discard, Spawner, open};

use crate::support::{Wakes, block_on, poll_with, yield_now};

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

#[test]
fn children_spawn_others_and_all_are_awaited() {
    let (group, spawner) = open::<Boxed<'_, u32>>();
    fn tree<'a>(spawner: &Spawner<Boxed<'a, u32>>, depth: u32) {
        let inner = spawner.clone();
        let child = Box::pin(async move {
            yield_now().await;
            if depth > 0 {
                tree(&inner, depth - 1);
                tree(&inner, depth - 1);
            }
            1
        });
        assert!(spawner.spawn(child).is_ok());
    }
    tree(&spawner, 5);
    let ones = block_on(group.limit(NonZeroUsize::new(3).unwrap()).join(All::new()));
    assert_eq!(ones.len(), 63);
    assert!(spawner.is_closed());
}

#[test]
fn a_spawn_wakes_the_group_and_is_started_in_its_next_poll() {
    let (group, spawner) = open::<std::future::Ready<u8>>();
    let (driver, mut results) = group.results();
    let mut run = pin!(driver.run(async {
        let mut sum = 0;
        for _ in 0..2 {
            while let Some(n) = results.next().await {
                sum += n;
            }
            yield_now().await;
        }
        pending::<()>().await;
        sum
    }));
    let (wakes, waker) = Wakes::new();
    for _ in 0..10 {
        assert!(poll_with(run.as_mut(), &waker).is_pending());
    }
    let before = wakes.count();
    assert!(poll_with(run.as_mut(), &waker).is_pending());
    assert_eq!(wakes.count(), before, "at rest");
    spawner.spawn(std::future::ready(1)).unwrap();
    assert_eq!(wakes.count(), before + 1);
    spawner.spawn(std::future::ready(1)).unwrap();
    assert_eq!(wakes.count(), before + 1, "a burst wakes once");
}

#[test]
fn a_body_spawns_and_takes_in_turn() {
    let (group, spawner) = open();
    let (driver, mut results) = group.limit(NonZeroUsize::MIN).results();
    let sum = block_on(driver.run(async move {
        let mut sum = 0;
        for n in 0..100 {
            let child = |n| async move {
                yield_now().await;
                n
            };
            spawner.spawn(child(n)).unwrap();
            if n % 3 == 2 {
                for _ in 0..3 {
                    sum += results.next().await.unwrap();
                }
                assert_eq!(results.next().await, None, "nobody is left");
            }
        }
        while let Some(n) = results.next().await {
            sum += n;
        }
        sum
    }));
    assert_eq!(sum, 4950);
}

#[test]
fn spawns_from_other_threads_are_run_or_given_back() {
    for _ in 0..200 {
        let ran = AtomicUsize::new(0);
        let (group, spawner) = open();
        let child = || async {
            ran.fetch_add(1, SeqCst);
        };
        spawner.spawn(child()).unwrap();
        let refused = std::thread::scope(|threads| {
            let spawners = (0..2).map(|_| spawner.clone()).collect::<Vec<_>>();
            let others = spawners.into_iter().map(|spawner| {
                let child = &child;
                threads.spawn(move || (0..20).filter(|_| spawner.spawn(child()).is_err()).count())
            });
            let others = others.collect::<Vec<_>>();
            block_on(group.join(Discard::new()));
            others
                .into_iter()
                .map(|other| other.join().unwrap())
                .sum::<usize>()
        });
        assert_eq!(ran.load(SeqCst) + refused, 41);
    }
}

#[test]
fn a_destructor_that_spawns_while_a_group_ends_gets_its_child_back() {
    struct SpawnInDrop<'a>(Spawner<Boxed<'a, ()>>, &'a AtomicUsize);
    impl Drop for SpawnInDrop<'_> {
        fn drop(&mut self) {
            let refused = self.0.spawn(Box::pin(pending()));
            self.1.fetch_add(usize::from(refused.is_err()), SeqCst);
        }
    }
    let refused = AtomicUsize::new(0);
    let (group, spawner) = open::<Boxed<'_, ()>>();
    for _ in 0..3 {
        let guard = SpawnInDrop(spawner.clone(), &refused);
        let child = Box::pin(async move {
            let _guard = guard;
            pending().await
        });
        assert!(spawner.spawn(child).is_ok());
    }
    let two = NonZeroUsize::new(2).unwrap();
    let mut joined = Box::pin(group.limit(two).join(Discard::new()));
    assert!(poll_with(joined.as_mut(), Waker::noop()).is_pending());
    drop(joined);
    assert_eq!(refused.load(SeqCst), 3);
}
