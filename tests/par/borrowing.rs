//! Parallel children that borrow, of a thread that blocks.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread,
};

use pleach::{
    cancel::CauseKind,
    par::{BlockingScope, par_scope_blocking},
};

use crate::{
    Census, Each, Threads, block_on,
    census::{OnDrop, Slow},
    support::{message, yield_now},
};

#[test]
fn children_borrow_and_their_outputs_too() {
    Each::run(|executor| {
        let census = Census::default();
        let (mut numbers, words) = (
            vec![3, 1, 2, 6, 5, 4],
            [String::from("a"), String::from("b")],
        );
        let longest = par_scope_blocking(executor, async |s| {
            for half in numbers.chunks_mut(3) {
                s.spawn(async {
                    yield_now().await;
                    half.sort_unstable();
                });
            }
            let gives = census.gives(1);
            let longest = s.spawn(async {
                drop(gives.await);
                words.iter().max_by_key(|word| word.len()).unwrap()
            });
            longest.await.unwrap()
        });
        assert_eq!(*longest, "b");
        assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
        census.assert_empty();
    });
}

#[test]
fn the_body_need_not_be_send() {
    let seen = Rc::new(Cell::new(0));
    par_scope_blocking(Threads, async |s| {
        let seen = Rc::clone(&seen);
        seen.set(s.spawn(async { 1 }).await.unwrap());
    });
    assert_eq!(seen.get(), 1);
}

#[test]
fn it_returns_after_the_last_destructor() {
    Each::run(|executor| {
        let census = Census::default();
        let count = AtomicUsize::new(0);
        par_scope_blocking(executor, async |s| {
            for _ in 0..5 {
                let slow = Slow(census.guard());
                s.spawn(async {
                    let output = slow;
                    count.fetch_add(1, SeqCst);
                    output
                });
            }
        });
        assert_eq!(count.into_inner(), 5);
        census.assert_empty();
    });
}

#[test]
fn it_does_not_return_by_a_panic_either_before_all_are_gone() {
    enum Who {
        Child,
        Body,
        Output,
    }
    Each::run(|executor| {
        for who in [Who::Child, Who::Body, Who::Output] {
            let (census, borrowed) = (Census::default(), Census::default());
            let run = || match who {
                Who::Child => par_scope_blocking(executor, async |s| {
                    let slow = Slow(census.guard());
                    s.spawn(async {
                        let _slow = (slow, borrowed.guard());
                        std::future::pending::<()>().await
                    });
                    s.spawn(async { panic!("there") });
                    std::future::pending::<()>().await
                }),
                Who::Body => par_scope_blocking(executor, async |s| {
                    let slow = Slow(census.guard());
                    s.spawn(async {
                        let _slow = (slow, borrowed.guard());
                        std::future::pending::<()>().await
                    });
                    yield_now().await;
                    panic!("there")
                }),
                Who::Output => par_scope_blocking(executor, async |s| {
                    let slow = Slow(census.guard());
                    s.spawn(async {
                        let borrowed = borrowed.guard();
                        (slow, borrowed, OnDrop(|| panic!("there")))
                    });
                }),
            };
            let payload = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
            assert_eq!(message(&*payload), "there");
            borrowed.assert_empty();
            census.assert_empty();
        }
    });
}

#[test]
fn a_body_that_panics_before_it_is_a_future_starts_nobody() {
    fn spawns_and_panics(s: BlockingScope<'_, Threads>) -> std::future::Ready<()> {
        s.spawn(async { panic!("started") });
        panic!("there");
    }
    let run = || par_scope_blocking(Threads, spawns_and_panics);
    let payload = catch_unwind(run).unwrap_err();
    assert_eq!(message(&*payload), "there");
}

#[test]
fn it_may_be_cancelled() {
    Each::run(|executor| {
        let census = Census::default();
        par_scope_blocking(executor, async |s| {
            let token = s.token();
            let running = s.spawn(async move { token.cancelled().await.kind() });
            yield_now().await;
            s.clone().cancel();
            assert!(s.spawn(census.stays()).await.is_err());
            if let Ok(kind) = running.await {
                assert_eq!(kind, CauseKind::Requested);
            }
        });
        census.assert_empty();
    });
}

#[test]
fn a_scope_that_got_away_is_harmless() {
    let census = Census::default();
    let text = String::from("borrowed");
    let mut escaped = None;
    par_scope_blocking(Threads, async |s| {
        s.spawn(async { assert_eq!(text, "borrowed") });
        escaped = Some(s.clone());
    });
    let s = escaped.unwrap();
    let stays = census.stays();
    let late = s.spawn(async {
        assert_eq!(text, "never looked at");
        stays.await;
    });
    assert!(block_on(late).is_err());
    assert!(format!("{s:?}").starts_with("BlockingScope"));
    census.assert_empty();
}

#[test]
fn one_inside_another() {
    let numbers = [1, 2, 3, 4];
    let sum = par_scope_blocking(Threads, async |outer| {
        let halves: Vec<_> = numbers
            .chunks(2)
            .map(|half| {
                outer.spawn(async move {
                    par_scope_blocking(Threads, async |inner| {
                        let (a, b) = (
                            inner.spawn(async { half[0] }),
                            inner.spawn(async { half[1] }),
                        );
                        a.await.unwrap() + b.await.unwrap()
                    })
                })
            })
            .collect();
        let mut sum = 0;
        for half in halves {
            sum += half.await.unwrap();
        }
        sum
    });
    assert_eq!(sum, 10);
}

#[test]
fn many_at_once() {
    let census = Census::default();
    thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                let count = AtomicUsize::new(0);
                for _ in 0..20 {
                    par_scope_blocking(Threads, async |s| {
                        for n in 0..4 {
                            let gives = census.gives(n);
                            let count = &count;
                            s.spawn(async move {
                                count.fetch_add(1, SeqCst);
                                gives.await
                            });
                        }
                    });
                }
                assert_eq!(count.into_inner(), 80);
            });
        }
    });
    census.assert_empty();
}
