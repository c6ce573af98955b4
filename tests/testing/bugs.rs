//! Classic bugs, each found by exploring, with a seed that shows it again; and what is right passes.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    future::poll_fn,
    rc::Rc,
    task::{Poll, Waker},
    time::Duration,
};

use pleach::{
    Semaphore, channel,
    join::join,
    local_scope, select,
    testing::{Explore, Failure, Sim, Why, inject},
    time::timeout,
};

use crate::support::yield_now;

/// Finds a failure by seeds and by all schedules; each of them fails again when it is repeated.
fn found(test: impl AsyncFn(Sim)) -> Failure {
    for explore in [Explore::seeds(1000), Explore::all(1000)] {
        let first = explore.clone().try_run(&test).expect_err("there is a bug");
        let again = explore.replay(first.seed().clone());
        let again = again.try_run(&test).expect_err("it is repeated");
        assert_eq!((again.seed(), again.runs()), (first.seed(), 1));
        assert_eq!(again.halted().is_some(), first.halted().is_some());
    }
    Explore::seeds(1000).try_run(&test).unwrap_err()
}

/// Nothing is found where there is nothing.
fn none_found(test: impl AsyncFn(Sim)) {
    Explore::seeds(300).run(&test);
    Explore::all(3000).run(&test);
}

async fn add(sim: &Sim, total: &Cell<u32>, lock: Option<&Semaphore>) {
    let _permit = match lock {
        Some(lock) => Some(lock.acquire().await.unwrap()),
        None => None,
    };
    let before = total.get();
    sim.pause().await;
    total.set(before + 1);
}

async fn add_twice(sim: Sim, lock: Option<Semaphore>) {
    let total = Cell::new(0);
    let add = || add(&sim, &total, lock.as_ref());
    join((add(), sim.shuffled(add()))).await;
    assert_eq!(total.get(), 2, "an update is lost");
}

#[test]
fn a_lost_update() {
    let failure = found(async |sim| add_twice(sim, None).await);
    assert!(failure.to_string().contains("an update is lost"));
    none_found(async |sim| add_twice(sim, Some(Semaphore::new(1))).await);
}

/// A queue whose receiver looks, and leaves its waker later.
#[derive(Default)]
struct Queue {
    messages: RefCell<VecDeque<u32>>,
    waker: RefCell<Option<Waker>>,
}

impl Queue {
    fn send(&self, message: u32) {
        self.messages.borrow_mut().push_back(message);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    async fn recv(&self, looks_again: bool) -> u32 {
        loop {
            if let Some(message) = self.messages.borrow_mut().pop_front() {
                return message;
            }
            // For a lock that a real one awaits here.
            pleach::testing::pause().await;
            let mut is_new = true;
            poll_fn(|cx| {
                if !std::mem::take(&mut is_new) || (looks_again && self.has_messages()) {
                    return Poll::Ready(());
                }
                *self.waker.borrow_mut() = Some(cx.waker().clone());
                Poll::Pending
            })
            .await;
        }
    }

    fn has_messages(&self) -> bool {
        !self.messages.borrow().is_empty()
    }
}

async fn pass_on(sim: Sim, looks_again: bool) {
    let queue = Rc::new(Queue::default());
    let (sends, receives) = (queue.clone(), queue);
    let receiver = sim.named("receiver");
    let receiver = receiver.spawn(async move { receives.recv(looks_again).await });
    let sender = sim.named("sender").spawn(async move { sends.send(7) });
    sender.await;
    assert_eq!(receiver.await, 7);
}

#[test]
fn a_lost_wake_up() {
    let failure = found(async |sim| pass_on(sim, false).await);
    let halted = failure.halted().expect("nobody panics");
    assert_eq!(halted.why, Why::Stalled);
    let names: Vec<_> = halted.tasks.iter().map(|task| task.name).collect();
    assert_eq!(names, [Some("main"), Some("receiver")]);
    none_found(async |sim| pass_on(sim, true).await);
}

async fn take_two(sim: Sim, in_order: bool) {
    let forks = Rc::new([Semaphore::new(1), Semaphore::new(1)]);
    let tasks = [[0, 1], if in_order { [0, 1] } else { [1, 0] }].map(|[first, second]| {
        let forks = forks.clone();
        sim.named("philosopher").spawn(async move {
            let _one = forks[first].acquire().await.unwrap();
            pleach::testing::pause().await;
            let _two = forks[second].acquire().await.unwrap();
        })
    });
    join(tasks).await;
}

#[test]
fn a_deadlock_by_two_semaphores() {
    let failure = found(async |sim| take_two(sim, false).await);
    let halted = failure.halted().expect("nobody panics");
    assert_eq!((halted.why, halted.tasks.len()), (Why::Stalled, 3));
    none_found(async |sim| take_two(sim, true).await);
}

/// Reads two messages and gives their sum; what it has read is in it alone.
async fn read_pair(messages: &channel::Receiver<u32>) -> u32 {
    let first = messages.recv().await.unwrap();
    let second = messages.recv().await.unwrap();
    first + second
}

/// A reader of pairs beside a tick; it is begun anew after each tick, or goes on.
async fn read_beside_ticks(sim: Sim, goes_on: bool) {
    let (sender, receiver) = channel::bounded(4);
    let sends = async {
        for message in 1..=2 {
            sim.sleep(Duration::from_secs(1)).await;
            sender.send(message).await.unwrap();
        }
    };
    let reads = async {
        let mut pair = Box::pin(read_pair(&receiver));
        loop {
            select! {
                sum = pair.as_mut() => return sum,
                () = sim.sleep(Duration::from_secs(1)) => {}
            }
            if !goes_on {
                pair = Box::pin(read_pair(&receiver));
            }
        }
    };
    let patience = Duration::from_secs(60);
    let (_, sum) = join((sends, timeout(&sim, patience, reads))).await;
    assert_eq!(sum.ok(), Some(3), "a message is lost");
}

#[test]
fn a_select_that_drops_data() {
    let failure = found(async |sim| read_beside_ticks(sim, false).await);
    assert!(
        failure.to_string().contains("a message is lost"),
        "{failure}"
    );
    none_found(async |sim| read_beside_ticks(sim, true).await);
}

#[test]
fn a_drop_that_loses_data_is_found_without_a_schedule() {
    let lossy = || {
        inject::drops(|world| {
            let (sender, receiver) = channel::bounded(4);
            for message in 1..=2 {
                sender.try_send(message).unwrap();
            }
            let left = receiver.clone();
            let reads = async move {
                let first = receiver.recv().await.unwrap();
                yield_now().await;
                first + receiver.recv().await.unwrap()
            };
            let world = world.clone();
            inject::Trial::of(&world.clone(), reads).after(move || {
                let messages = std::iter::from_fn(|| left.try_recv().ok()).count();
                if messages % 2 == 1 {
                    world.fail("a message is lost");
                }
            })
        })
    };
    let panic = std::panic::catch_unwind(lossy).unwrap_err();
    let message = crate::support::message(&*panic);
    assert!(message.contains("a message is lost"), "{message}");
}

#[test]
fn a_check_before_an_await_that_does_not_hold_after_it() {
    // At most one is to be in, by a flag that is looked at and set on two sides of an await.
    let test = async |sim: Sim| {
        let (is_taken, inside) = (Cell::new(false), Cell::new(0));
        local_scope!(|s| {
            for _ in 0..2 {
                let (sim, is_taken, inside) = (&sim, &is_taken, &inside);
                s.spawn(async move {
                    if is_taken.get() {
                        return;
                    }
                    sim.pause().await;
                    is_taken.set(true);
                    inside.set(inside.get() + 1);
                    sim.pause().await;
                    assert_eq!(inside.get(), 1, "two are in");
                    inside.set(inside.get() - 1);
                    is_taken.set(false);
                });
            }
        })
        .await;
    };
    assert!(found(test).to_string().contains("two are in"));
}
