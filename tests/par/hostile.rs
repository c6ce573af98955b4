//! Runtimes and wakers that do what they should not: panics go on once, and nothing is lost or used
//! after its end.

use std::{
    future::{Future, pending, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Waker},
};

use pleach::{par::par_scope, par_scope, runtime::Spawn};

use crate::{
    Census, Threads, block_on,
    census::OnDrop,
    executors::Shelf,
    limit,
    support::{Hostile, forget, message, poll_now, poll_with, yield_now},
};

/// Panics instead, having dropped the future.
#[derive(Clone)]
struct Refuses;

impl Spawn for Refuses {
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        drop(future);
        panic!("outside of a runtime");
    }
}

#[test]
fn a_spawn_that_panics_is_a_panic_of_the_child() {
    let census = Census::default();
    let scope = par_scope!(Refuses, |s| {
        s.scope().spawn(census.stays());
        s.spawn(census.stays());
        pending::<()>().await
    });
    let payload = catch_unwind(AssertUnwindSafe(|| block_on(scope))).unwrap_err();
    assert_eq!(message(&*payload), "outside of a runtime");
    let scope = par_scope!(Refuses, |s| s.parallel(census.stays()).await);
    let payload = catch_unwind(AssertUnwindSafe(|| block_on(scope))).unwrap_err();
    assert_eq!(message(&*payload), "outside of a runtime");
    census.assert_empty();
}

/// A task that is polled with what waker a test likes.
type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Gives the test what it is to run.
#[derive(Clone, Default)]
struct Hands(Arc<Mutex<Option<Task>>>);

impl Spawn for Hands {
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        *self.0.lock().unwrap() = Some(Box::pin(future));
    }
}

impl Hands {
    fn take(&self) -> Task {
        self.0.lock().unwrap().take().unwrap()
    }
}

/// What is wrong with a waker of the task.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wrong {
    Clone,
    Wake,
    Drop,
}

/// A waker that panics once, when that is done to it.
fn panics(wrong: Wrong) -> Waker {
    let done = AtomicBool::new(false);
    let panics = move || {
        if !done.swap(true, SeqCst) {
            panic!("waker");
        }
    };
    let hostile = Hostile::default();
    match wrong {
        Wrong::Clone => hostile.on_clone(panics),
        Wrong::Wake => hostile.on_wake(panics),
        Wrong::Drop => hostile.on_drop(panics),
    }
    .waker()
}

#[test]
fn a_waker_of_the_task_that_panics_frees_everything_once() {
    for (wrong, finishes) in [
        (Wrong::Clone, false),
        (Wrong::Wake, false),
        (Wrong::Wake, true),
        (Wrong::Drop, false),
        (Wrong::Drop, true),
    ] {
        println!("{wrong:?}, finishes: {finishes}");
        let (census, hands) = (Census::default(), Hands::default());
        let (driver, s) = par_scope(hands.clone());
        let child = s.spawn(second_time(census.guard()));
        let mut scope = Box::pin(driver.run(async { child.await.is_ok() }));
        assert!(poll_now(scope.as_mut()).is_pending());
        let mut task = hands.take();
        let waker = panics(wrong);
        let first = catch_unwind(AssertUnwindSafe(|| poll_with(task.as_mut(), &waker)));
        // But for the one that the scope has.
        forget(waker);
        let first = first.expect("it is no matter of the executor");
        assert_eq!(first.is_ready(), wrong == Wrong::Clone);
        if finishes {
            assert!(poll_now(task.as_mut()).is_ready());
        }
        let ended = said(|| {
            let polled = [(); 4].map(|()| match poll_now(scope.as_mut()) {
                Poll::Ready(true) => panic!("done"),
                polled => polled,
            });
            assert_eq!(polled, [Poll::Pending; 4]);
        });
        let dropped = said(|| drop(scope));
        let expected = match (wrong, finishes) {
            (Wrong::Clone, _) | (Wrong::Drop, true) => (Some("waker"), None),
            (Wrong::Wake, true) => (Some("done"), None),
            (Wrong::Wake, false) => (None, Some("waker")),
            // It is woken, which uses it up.
            (Wrong::Drop, false) => (None, None),
        };
        assert_eq!((ended.as_deref(), dropped.as_deref()), expected);
        drop(task);
        census.assert_empty();
    }
}

/// Is ready when it is polled for the second time, with what it owns, and wakes nobody.
fn second_time<T: Send + Unpin>(owned: T) -> impl Future<Output = T> + Send {
    let (mut owned, mut yielded) = (Some(owned), false);
    poll_fn(move |_| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(owned.take().unwrap());
        }
        Poll::Pending
    })
}

/// With what `f` panics, if it does.
fn said(f: impl FnOnce()) -> Option<String> {
    let payload = catch_unwind(AssertUnwindSafe(f)).err()?;
    Some(message(&*payload).to_owned())
}

#[test]
fn an_output_that_panics_beside_a_waker_that_does_aborts_nothing() {
    // Nobody wants the output any more when it comes, and the last waker of the task goes with it.
    let (census, hands) = (Census::default(), Hands::default());
    let (driver, s) = par_scope(hands.clone());
    let output = (census.guard(), OnDrop(|| panic!("output")));
    drop(s.spawn(second_time(output)));
    let mut scope = Box::pin(driver.run(pending::<()>()));
    assert!(poll_now(scope.as_mut()).is_pending());
    let mut task = hands.take();
    let waker = panics(Wrong::Drop);
    assert!(poll_with(task.as_mut(), &waker).is_pending());
    forget(waker);
    drop(scope);
    assert!(
        poll_now(task.as_mut()).is_ready(),
        "it is no matter of the executor"
    );
    drop(task);
    census.assert_empty();
}

#[test]
fn a_waker_of_the_scopes_task_that_panics_ends_it_and_its_tasks() {
    for wrong in [Wrong::Clone, Wrong::Wake] {
        println!("{wrong:?}");
        let census = Census::default();
        let (driver, s) = par_scope(Threads);
        for _ in 0..3 {
            s.spawn(census.stays());
        }
        // It wakes its task, since it has not dealt with all of them, and then waits.
        let driver = driver.budget(limit(1));
        let mut scope = Box::pin(driver.run(pending::<()>()));
        let waker = panics(wrong);
        let ended = said(|| while poll_with(scope.as_mut(), &waker).is_pending() {});
        assert_eq!(ended.as_deref(), Some("waker"));
        census.assert_empty();
    }
}

#[test]
fn wakers_find_no_lock_held() {
    let (census, hands) = (Census::default(), Hands::default());
    let (driver, s) = par_scope(hands.clone());
    let calls = Arc::new(AtomicUsize::new(0));
    let uses_all = {
        let (s, census, calls) = (s.clone(), census.clone(), Arc::clone(&calls));
        move || {
            calls.fetch_add(1, SeqCst);
            drop(s.spawn(census.gives(0)));
            let _ = (s.len(), s.is_cancelled());
            let mut parallel = s.parallel(census.gives(0));
            let _ = poll_now(Pin::new(&mut parallel));
        }
    };
    let waker = Hostile::default()
        .on_clone(uses_all.clone())
        .on_wake(uses_all.clone())
        .on_drop(uses_all)
        .waker();
    let child = s.spawn(census.stays());
    let mut scope = Box::pin(driver.run(pending::<()>()));
    assert!(poll_now(scope.as_mut()).is_pending());
    let mut task = hands.take();
    let mut cx = Context::from_waker(&waker);
    assert!(task.as_mut().poll(&mut cx).is_pending());
    assert!(task.as_mut().poll(&mut cx).is_pending());
    child.abort();
    assert!(poll_with(scope.as_mut(), &waker).is_pending());
    assert!(task.as_mut().poll(&mut cx).is_ready());
    assert!(calls.load(SeqCst) > 0);
    drop(scope);
    drop((task, s, child));
    let _ = hands.0.lock().unwrap().take();
    forget(waker);
    census.assert_empty();
}

#[test]
fn a_forgotten_scope_stays_harmless() {
    let census = Census::default();
    let shelf = Shelf::default();
    let (driver, s) = par_scope(shelf.clone());
    let child = s.spawn(census.gives(1));
    let mut scope = Box::pin(driver.run(pending::<()>()));
    assert!(poll_now(scope.as_mut()).is_pending());
    forget(scope);
    shelf.poll_all();
    shelf.poll_all();
    drop((child, s, shelf));
    // The output stays in the child, which nobody polls.
    assert_eq!(census.alive(), 1);
}

#[test]
fn a_task_is_polled_again_when_it_is_over() {
    let (census, hands) = (Census::default(), Hands::default());
    let (driver, s) = par_scope(hands.clone());
    let child = s.spawn(census.gives(0));
    let mut scope = Box::pin(driver.run(async { drop(child.await.unwrap()) }));
    assert!(poll_now(scope.as_mut()).is_pending());
    let mut task = hands.take();
    for _ in 0..3 {
        assert!(poll_now(task.as_mut()).is_ready());
    }
    block_on(scope);
    drop(task);
    census.assert_empty();
}

#[test]
fn a_spawn_wakes_spawns_and_polls_the_scopes_children() {
    // What `spawn` does beside: it uses the scope.
    #[derive(Clone)]
    struct Busy(
        Arc<Mutex<Option<pleach::par::ParScope<'static, Busy>>>>,
        Census,
    );

    impl Spawn for Busy {
        fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
            let s = self.0.lock().unwrap().take();
            if let Some(s) = s {
                drop(s.spawn(self.1.gives(0)));
                s.cancel();
                drop(s);
            }
            Threads.spawn(future);
        }
    }

    let census = Census::default();
    let busy = Busy(Arc::default(), census.clone());
    let (driver, s) = par_scope(busy.clone());
    *busy.0.lock().unwrap() = Some(s.clone());
    block_on(driver.run(async {
        let first = s.spawn(census.gives(1));
        drop(first.await.unwrap());
        yield_now().await;
        assert!(s.is_cancelled());
    }));
    drop(s);
    census.assert_empty();
}
