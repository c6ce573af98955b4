//! Scopes: bodies and children in every order, handles, limits and loans, nesting.
#![allow(
    clippy::async_yields_async,
    reason = "handles leave their children here on purpose"
)]

use std::{
    cell::RefCell,
    future::{Future, poll_fn},
    num::NonZeroUsize,
    pin::Pin,
    rc::Rc,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use pleach::{
    Cancelled, Handle, Scope, local_scope, scope,
    scope::{scope, try_scope},
    testing::inject::{Bell, Part, Task, Trial, World, settled},
};

use crate::{Output, inject, resolved, support::yield_now};

fn limit(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).unwrap()
}

/// What a handle gave, in words.
fn told(result: Result<Output, Cancelled>) -> String {
    let value = result.map(value);
    value.map_or_else(|_| String::from("cancelled"), |value| value.to_string())
}

fn value(output: Output) -> u32 {
    output.value
}

/// A child that yields so often and gives an output.
fn yields(
    world: &World,
    name: &'static str,
    times: u32,
) -> impl Future<Output = Output> + Send + use<> {
    let inner = world.clone();
    world.child(name, async move {
        let inside = inner.part("local of a child");
        for _ in 0..times {
            yield_now().await;
        }
        drop(inside);
        inner.output(times)
    })
}

#[test]
fn children_outlast_the_body() {
    inject("children outlast the body", 95, |world| {
        let (driver, s) = scope();
        for (name, times) in [("one", 1), ("two", 2), ("three", 0)] {
            s.spawn(yields(world, name, times));
        }
        let body = world.child("body", std::future::ready(world.output(7)));
        Trial::new(world, driver.run(body), |value| format!("{value:?}"))
    });
}

#[test]
fn the_body_outlasts_the_children() {
    inject("the body outlasts the children", 163, |world| {
        let (driver, s) = scope();
        let inner = world.clone();
        let body = world.child("body", async move {
            let inside = inner.part("local of the body");
            let handles = ["one", "two", "three"].map(|name| s.spawn(yields(&inner, name, 2)));
            let mut sum = 0;
            for handle in handles {
                sum += handle.await.unwrap().value;
            }
            yield_now().await;
            drop(inside);
            inner.output(sum)
        });
        Trial::new(world, driver.run(body), |value| format!("{value:?}"))
    });
}

#[test]
fn children_wait_for_somebody_outside() {
    inject("children wait for somebody outside", 55, |world| {
        let (driver, s) = scope();
        let bells = [(); 2].map(|()| Bell::default());
        for bell in &bells {
            let (first, second) = (bell.wait(), bells[1].wait());
            s.spawn(world.child("waits", async move {
                first.await;
                second.await;
            }));
        }
        let wait = bells[0].wait();
        let body = world.child("body", wait);
        let mut trial = Trial::new(world, driver.run(body), |()| String::from("both have rung"));
        for bell in bells {
            let (now, late, world, later) = (bell.clone(), bell, world.clone(), world.clone());
            trial = trial.outside(move || now.ring(&world));
            // Its wakers have outlived the scope.
            trial = trial.after(move || late.ring(&later));
        }
        trial
    });
}

#[test]
fn children_are_held_back_by_a_limit() {
    inject("children are held back by a limit", 111, |world| {
        let (driver, s) = scope();
        let driver = driver.limit(limit(1));
        let bell = Bell::default();
        let wait = bell.wait();
        s.spawn(world.child("has the place", wait));
        let handles = ["second", "third"].map(|name| s.spawn(yields(world, name, 1)));
        let body = world.child("body", async move {
            let mut seen = Vec::new();
            for handle in handles {
                seen.push(told(handle.await));
            }
            seen
        });
        let ringer = world.clone();
        Trial::new(world, driver.run(body), |seen: &Vec<String>| {
            seen.join(", ")
        })
        .outside(move || bell.ring(&ringer))
    });
}

#[test]
fn a_place_is_lent_under_a_limit_of_one() {
    inject("a place is lent under a limit of one", 97, |world| {
        let (driver, s) = scope();
        let driver = driver.limit(limit(1));
        // The handle is passed on to a sibling that was not there when the other was spawned.
        let passed: Arc<Mutex<Option<Handle<Output>>>> = Arc::default();
        let inner = world.clone();
        s.spawn_with(|s| {
            let to = Arc::clone(&passed);
            world.child("lender", async move {
                let handle = s.spawn(yields(&inner, "borrower", 1));
                let other = s.spawn(yields(&inner, "passed on", 1));
                *to.lock().unwrap() = Some(other);
                told(handle.await)
            })
        });
        let inner = world.clone();
        s.spawn(world.child("heir", async move {
            let handle = passed.lock().unwrap().take();
            match handle {
                Some(handle) => told(handle.await),
                None => inner.output(0).value.to_string(),
            }
        }));
        let body = world.child("body", std::future::ready(1));
        Trial::new(world, driver.run(body), |value| value.to_string())
    });
}

#[test]
fn a_place_is_lent_to_one_that_cannot_come() {
    inject("a place is lent to one that cannot come", 42, |world| {
        let (driver, s) = scope();
        let driver = driver.limit(limit(1));
        let (inner, bell) = (world.clone(), Bell::default());
        let wait = bell.wait();
        let child = s.spawn_with(|s| {
            world.child("lender", async move {
                let held_back = s.spawn(yields(&inner, "awaited", 1));
                s.cancel();
                let seen = told(held_back.await);
                wait.await;
                seen
            })
        });
        let body = world.child("body", child);
        let ringer = world.clone();
        Trial::new(world, driver.run(body), |seen| format!("{seen:?}"))
            .outside(move || bell.ring(&ringer))
    });
}

#[test]
fn a_wait_is_given_up_while_somebody_runs_on_the_place() {
    inject(
        "a wait is given up while somebody runs on the place",
        119,
        |world| {
            let (driver, s) = scope();
            let driver = driver.limit(limit(1));
            let inner = world.clone();
            let child = s.spawn_with(|s| {
                world.child("lender", async move {
                    let mut lent = s.spawn(yields(&inner, "borrower", 3));
                    let other = s.spawn(yields(&inner, "other", 0));
                    let mut polls = 0;
                    poll_fn(|cx| {
                        polls += 1;
                        cx.waker().wake_by_ref();
                        let is_ready = Pin::new(&mut lent).poll(cx).is_ready();
                        assert!(!is_ready, "it is done too early");
                        if polls < 3 {
                            Poll::Pending
                        } else {
                            Poll::Ready(())
                        }
                    })
                    .await;
                    drop(lent);
                    told(other.await)
                })
            });
            let body = world.child("body", child);
            Trial::new(world, driver.run(body), |seen| format!("{seen:?}"))
        },
    );
}

/// A child that opens a scope of its own, whose child spawns into the outer one.
async fn nest(world: World, outer: Scope<'static>) -> Output {
    let sum = scope!(limit = limit(1), |inner| {
        let first = inner.spawn(yields(&world, "inner", 1));
        let spawner = world.child("spawns outside", {
            let (world, outer) = (&world, &outer);
            async move { outer.spawn(yields(world, "outer", 1)) }
        });
        let outside = inner.spawn(spawner).await.unwrap();
        first.await.unwrap().value + outside.await.unwrap().value
    })
    .await;
    world.output(sum)
}

#[test]
fn scopes_nest() {
    inject("scopes nest", 362, |world| {
        let (driver, s) = scope();
        let children =
            [(); 2].map(|()| s.spawn(world.child("middle", nest(world.clone(), s.clone()))));
        let body = world.child("body", async move {
            let mut sum = 0;
            for child in children {
                sum += child.await.unwrap().value;
            }
            sum
        });
        Trial::new(world, driver.run(body), |sum| sum.to_string())
    });
}

/// Spawns when it is dropped.
struct SpawnsOnDrop<B: Send + 'static> {
    scope: Scope<'static, B>,
    world: World,
    _part: Part,
}

impl<B: Send + 'static> SpawnsOnDrop<B> {
    fn new(world: &World, scope: &Scope<'static, B>) -> Self {
        Self {
            scope: scope.clone(),
            world: world.clone(),
            _part: world.part("spawns when it is dropped"),
        }
    }
}

impl<B: Send + 'static> Drop for SpawnsOnDrop<B> {
    fn drop(&mut self) {
        drop(
            self.scope
                .spawn(yields(&self.world, "spawned by a destructor", 0)),
        );
    }
}

#[test]
fn destructors_spawn() {
    inject("destructors spawn", 176, |world| {
        let (driver, s) = try_scope::<Output>();
        let driver = driver.limit(limit(2));
        for _ in 0..3 {
            let spawns = SpawnsOnDrop::new(world, &s);
            s.spawn(world.child("child", async move {
                let _spawns = spawns;
                std::future::pending::<()>().await;
            }));
        }
        let (spawns, inner) = (SpawnsOnDrop::new(world, &s), world.clone());
        let body = world.child("body", async move {
            for _ in 0..2 {
                yield_now().await;
            }
            drop(spawns);
            Err::<(), _>(inner.output(1))
        });
        Trial::new(world, driver.run_try(body), |result| format!("{result:?}"))
    });
}

#[test]
fn destructors_spawn_into_a_scope_that_goes_on() {
    inject(
        "destructors spawn into a scope that goes on",
        145,
        |world| {
            let (driver, s) = scope();
            for times in 0..2 {
                let (spawns, child) = (
                    SpawnsOnDrop::new(world, &s),
                    yields(world, "inner future", times),
                );
                s.spawn(world.child("child", async move {
                    let output = settled(child).await;
                    drop(spawns);
                    output
                }));
            }
            let body = world.child("body", std::future::ready(1));
            Trial::new(world, driver.run(body), |value| value.to_string())
        },
    );
}

type Kept = Rc<RefCell<Option<Handle<Output>>>>;

/// Polls a handle outside of the scope, with a waker of its own.
fn poll_kept(kept: &Kept, task: &Task) -> Option<Result<Output, Cancelled>> {
    let waker = task.waker();
    let mut kept = kept.borrow_mut();
    let handle = Pin::new(kept.as_mut()?);
    match handle.poll(&mut Context::from_waker(&waker)) {
        Poll::Ready(result) => {
            *kept = None;
            Some(result)
        }
        Poll::Pending => None,
    }
}

#[test]
fn handles_are_awaited_outside_of_the_scope() {
    inject("handles are awaited outside of the scope", 460, |world| {
        let (driver, s) = scope();
        let bell = Bell::default();
        let children = [(); 3].map(|()| {
            let (wait, child) = (bell.wait(), yields(world, "child", 1));
            let handle = s.spawn(world.child("waits", async move {
                wait.await;
                settled(child).await
            }));
            Kept::new(RefCell::new(Some(handle)))
        });
        let body = world.child("body", std::future::ready(1));
        let tasks: Rc<[Task; 2]> = Rc::new([(); 2].map(|()| Task::new(world)));
        let mut trial = Trial::new(world, driver.run(body), |value| value.to_string());
        for (turn, kept) in [(0, 0), (0, 1), (1, 1), (0, 2)] {
            let (kept, tasks) = (Rc::clone(&children[kept]), Rc::clone(&tasks));
            trial = trial.outside(move || drop(poll_kept(&kept, &tasks[turn])));
        }
        let [first, second, third] = children;
        let (ringer, judge) = (world.clone(), world.clone());
        trial
            // Dropped before its child is done.
            .outside(move || drop(third.take()))
            .outside(move || bell.ring(&ringer))
            // Awaited, and dropped, when the scope is gone.
            .after(move || drop(first.take().and_then(|handle| resolved(&judge, handle))))
            .after(move || drop(second.take()))
    });
}

#[test]
fn children_hold_the_handles_of_one_another() {
    inject("children hold the handles of one another", 47, |world| {
        let (driver, s) = scope();
        let bell = Bell::default();
        let places: [Arc<Mutex<Option<Handle<Output>>>>; 2] = Default::default();
        for turn in 0..2 {
            let (inner, wait) = (world.clone(), bell.wait());
            let (own, other) = (&places[turn], Arc::clone(&places[1 - turn]));
            let handle = s.spawn(world.child("child", async move {
                yield_now().await;
                let handle = other.lock().unwrap().take();
                // Until then each has what keeps the other's memory.
                wait.await;
                drop(handle);
                inner.output(1)
            }));
            *own.lock().unwrap() = Some(handle);
        }
        let body = world.child("body", std::future::ready(1));
        let ringer = world.clone();
        Trial::new(world, driver.run(body), |value| value.to_string())
            .outside(move || bell.ring(&ringer))
    });
}

#[test]
fn others_spawn_from_outside() {
    inject("others spawn from outside", 61, |world| {
        let (driver, s) = scope();
        let bell = Bell::default();
        let body = world.child("body", bell.wait());
        let (spawner, late, ringer) = (world.clone(), world.clone(), world.clone());
        let late_scope = s.clone();
        Trial::new(world, driver.run(body), |()| String::from("rang"))
            .outside(move || drop(s.spawn(yields(&spawner, "spawned outside", 1))))
            .outside(move || bell.ring(&ringer))
            .after(move || {
                let refused = late_scope.try_spawn(yields(&late, "too late", 1));
                if refused.is_ok() {
                    late.fail("spawned into a scope that is over");
                }
            })
    });
}

#[test]
fn a_full_scope_gives_futures_back() {
    inject("a full scope gives futures back", 64, |world| {
        let (driver, s) = scope();
        let driver = driver.limit(limit(1));
        let inner = world.clone();
        let body = world.child("body", async move {
            let child = s.spawn(yields(&inner, "child", 1));
            let refused = s.try_spawn(yields(&inner, "refused", 1)).unwrap_err();
            let (own, of_child) = (settled(refused.into_inner()).await, child.await.unwrap());
            own.value + of_child.value
        });
        Trial::new(world, driver.run(body), |sum| sum.to_string())
    });
}

#[test]
fn children_that_are_not_send() {
    inject("children that are not Send", 91, |world| {
        let (inner, shared) = (world.clone(), Rc::new(world.output(0)));
        let future = async move {
            local_scope!(limit = limit(1), |s| {
                let handles = [1, 2].map(|times| {
                    let (shared, child) = (Rc::clone(&shared), yields(&inner, "inner", times));
                    s.spawn(inner.child("local", async move { (shared, settled(child).await) }))
                });
                let mut sum = 0;
                for handle in handles {
                    let (shared, output) = handle.await.unwrap();
                    sum += shared.value + output.value;
                }
                sum
            })
            .await
        };
        Trial::new(world, future, |sum| sum.to_string())
    });
}
