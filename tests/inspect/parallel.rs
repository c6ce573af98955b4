//! Children that are tasks of a runtime, and what is run in them.

use std::{
    future::{Future, pending},
    pin::Pin,
    sync::{Arc, Mutex, mpsc},
    task::Poll,
    thread,
    time::Duration,
};

use pleach::{
    CancelToken,
    inspect::{Inspect, Node, NodeKind, State, WaitKind},
    par::par_scope,
    runtime::{Spawn, SpawnBlocking},
    scope,
    time::{Clock, ManualClock},
};

use crate::{
    below, limit, nodes,
    support::{Wakes, poll_now, poll_with, yield_now},
    tree,
};

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Keeps its tasks, for the test to poll them.
#[derive(Clone, Default)]
struct Shelf(Arc<Mutex<Vec<Work>>>);

impl Spawn for Shelf {
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        self.0.lock().unwrap().push(Box::pin(future));
    }
}

impl SpawnBlocking for Shelf {
    fn spawn_blocking<W: FnOnce() + Send + 'static>(&self, work: W) {
        thread::spawn(work);
    }
}

impl Shelf {
    fn take(&self) -> Work {
        self.0.lock().unwrap().remove(0)
    }
}

#[test]
fn a_task_is_told_by_its_own_polls_and_what_it_runs_hangs_below() {
    use State::{Ready, Running, Unstarted, Waiting};
    let shelf = Shelf::default();
    let (driver, s) = par_scope(shelf.clone());
    let told = |at: usize| {
        let node = below(&s)[at];
        (node.kind(), node.state(), node.polls())
    };
    let looks = s.clone();
    let driver = driver.named("top").limit(limit(2));
    let mut running = Box::pin(driver.run(async {
        let child = async move {
            let node = below(&looks)[0];
            assert_eq!((node.state(), node.polls()), (Running, 1));
            scope!(named = "inner", |inner| {
                inner.spawn(pending::<()>()).named("stays");
                yield_now().await;
                assert_eq!(tree(&looks), "top[task[inner[stays]] 0#2 0#3]");
                pending::<()>().await;
            })
            .await;
        };
        s.spawn(child).named("task");
        s.scope().spawn(pending::<()>());
        s.spawn_daemon(pending::<()>());
        pending::<()>().await;
    }));
    assert!(poll_now(running.as_mut()).is_pending());
    assert_eq!(told(0), (NodeKind::Parallel, Unstarted, 0));
    assert!(poll_now(running.as_mut()).is_pending());
    assert_eq!(told(0), (NodeKind::Parallel, Ready, 0));
    assert_eq!(told(1), (NodeKind::Child, Waiting, 1));
    assert_eq!(told(2).0, NodeKind::Daemon);
    let mut task = shelf.take();
    let (wakes, waker) = Wakes::new();
    for _ in 0..3 {
        assert!(poll_with(task.as_mut(), &waker).is_pending());
    }
    assert!(wakes.count() > 0, "by the waker in the envelope");
    assert_eq!(told(0), (NodeKind::Parallel, Waiting, 3));
    drop(running);
    assert_eq!(tree(&s), "top[task[inner[stays]] 0#3]", "they go on");
    assert_eq!((s.live(), nodes(&s)[0].tasks()), (4, 2));
    assert!(poll_with(task.as_mut(), &waker).is_ready());
    assert_eq!((tree(&s), nodes(&s)[0].tasks()), ("top[0#3]".into(), 1));
    drop(shelf.take());
    assert_eq!((tree(&s), s.live()), ("top".into(), 0));
    assert_eq!(nodes(&s)[0].tasks(), 0);
}

#[test]
fn who_awaits_a_future_that_is_run_elsewhere_joins_it() {
    let shelf = Shelf::default();
    let (driver, s) = par_scope(shelf.clone());
    let mut running = Box::pin(driver.run(async {
        let _ = s.parallel(pending::<()>()).await;
    }));
    assert_eq!(nodes(&s)[0].tasks(), 0);
    let begun = line!() - 3;
    for _ in 0..2 {
        assert!(poll_now(running.as_mut()).is_pending());
        let top = nodes(&s)[0];
        let waits: Vec<_> = top.waits().iter().collect();
        assert_eq!((top.tasks(), waits.len()), (1, 1));
        assert_eq!(
            (waits[0].kind(), waits[0].site().line()),
            (WaitKind::Join, begun)
        );
    }
    drop(running);
    drop(shelf.take());
    assert_eq!(nodes(&s)[0].tasks(), 0);
}

#[test]
fn a_clone_of_its_waker_is_the_runtimes_own() {
    let shelf = Shelf::default();
    let (driver, s) = par_scope(shelf.clone());
    let (sender, wakers) = mpsc::channel();
    let mut running = Box::pin(driver.run(async {
        s.spawn(std::future::poll_fn(move |cx| {
            sender.send(cx.waker().clone()).unwrap();
            Poll::<()>::Pending
        }));
        pending::<()>().await;
    }));
    for _ in 0..2 {
        assert!(poll_now(running.as_mut()).is_pending());
    }
    let mut task = shelf.take();
    let (wakes, waker) = Wakes::new();
    assert!(poll_with(task.as_mut(), &waker).is_pending());
    let clone = wakers.recv().unwrap();
    assert!(clone.will_wake(&waker));
    drop((task, running));
    clone.wake();
    assert_eq!(wakes.count(), 1);
}

#[test]
fn a_call_is_running_while_it_runs() {
    let (driver, s) = par_scope(Shelf::default());
    let (begun, begins) = mpsc::channel();
    let (end, ends) = mpsc::channel::<()>();
    let mut running = Box::pin(driver.run(async {
        s.spawn_blocking(move || {
            begun.send(()).unwrap();
            ends.recv().unwrap();
        });
        pending::<()>().await;
    }));
    for _ in 0..2 {
        assert!(poll_now(running.as_mut()).is_pending());
    }
    begins.recv().unwrap();
    let call = below(&s)[0];
    assert_eq!(
        (call.kind(), call.state(), call.polls()),
        (NodeKind::Parallel, State::Running, 1)
    );
    end.send(()).unwrap();
    while nodes(&s).len() > 1 {
        assert!(poll_now(running.as_mut()).is_pending());
        thread::yield_now();
    }
}

#[test]
fn the_token_of_a_parallel_scope_was_made_where_it_was_given_one_or_a_deadline() {
    let (clock, server) = (ManualClock::new(), CancelToken::new());
    let place = |told: &[Node], at: usize| {
        let site = told[at].site().unwrap();
        (site.file(), site.line())
    };

    let (driver, s) = par_scope(Shelf::default());
    let here = line!() + 1;
    let below = driver.token(&server);
    assert_eq!(place(&nodes(&server), 1), (file!(), here));
    drop((below, s));

    let (driver, s) = par_scope(Shelf::default());
    let here = line!() + 1;
    let timed = driver.deadline((&clock, clock.now() + Duration::from_secs(1)));
    assert_eq!(place(&nodes(&s.token()), 0), (file!(), here));
    drop((timed, s));
}
