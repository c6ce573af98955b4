//! Parallel scopes: a scope on the model's main thread, and a task of it on another.

use std::{
    future::{Future, pending, poll_fn},
    mem,
    num::NonZeroUsize,
    panic::{self, AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::Arc,
    task::{Poll, Waker},
};

use crate::explore::{
    Explore, explore,
    guarded::Guarded,
    is_ready, pending as polled, poll_now,
    shelf::{Shelf, Work, Writes, complete, watched},
    task::{Task, Tracked, finish},
    token::drop_elsewhere,
};
use loom::{future::block_on, thread};
use pleach_loom::{
    Handle,
    cancel::CauseKind,
    join::join,
    par::{par_scope, try_par_scope},
};

/// A scope that awaits one child, which has been started, and the task of that.
fn scope_of<F, T>(child: F) -> (Pin<Box<impl Future<Output = Option<T>>>>, Work)
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let shelf = Shelf::default();
    let (driver, s) = par_scope(shelf.clone());
    let child = s.spawn(child);
    let running = polled(driver.run(async move { child.await.ok() }));
    (running, shelf.take())
}

/// Is pending once, so that children are started, and then gives what `f` does.
fn then<R>(mut f: impl FnMut() -> R) -> impl Future<Output = R> {
    let mut polls = 0;
    poll_fn(move |cx| {
        polls += 1;
        if polls > 1 {
            return Poll::Ready(f());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
}

/// The output of a child that is over, if it has one.
fn output_of<T>(child: Handle<T>) -> Option<T> {
    match poll_now(pin!(child), Waker::noop()) {
        Poll::Ready(result) => result.ok(),
        Poll::Pending => panic!("it is over"),
    }
}

/// As `finish`, where the other thread waits for this one, too.
fn run<R: Future, T>(mut running: Pin<Box<R>>, other: thread::JoinHandle<T>) -> (R::Output, T) {
    let output = block_on(poll_fn(move |cx| running.as_mut().poll(cx)));
    (output, other.join().unwrap())
}

#[test]
fn a_scope_hears_of_a_childs_end_and_sees_its_output() {
    explore(
        &[7],
        watched(|| {
            let (running, task) = scope_of(async { Tracked::new(7) });
            let other = thread::spawn(move || complete(task));
            finish(running, other).0.unwrap().get()
        }),
    );
}

#[test]
fn a_childs_last_poll_beside_its_abort_gives_the_output_or_drops_it() {
    explore(
        &[Some(7), None],
        watched(|| {
            let shelf = Shelf::default();
            let (driver, s) = par_scope(shelf.clone());
            let child = s.spawn(async { Tracked::new(7) });
            let mut running = polled(driver.run(pending::<()>()));
            let task = shelf.take();
            let other = thread::spawn(move || complete(task));
            assert!(!is_ready(&mut running));
            child.abort();
            other.join().unwrap();
            assert!(!is_ready(&mut running));
            output_of(child).map(|output| output.get())
        }),
    );
}

#[test]
fn a_task_that_is_not_ready_when_its_child_is_dropped_is_woken() {
    Explore::new().shallow(3).run(
        &[true, false],
        watched(|| {
            let (running, mut task) = scope_of(pending::<()>());
            let dropped = drop_elsewhere(running);
            let woken = Arc::new(Task::default());
            let was_ready = poll_now(task.as_mut(), &Waker::from(Arc::clone(&woken))).is_ready();
            dropped.join().unwrap();
            if !was_ready {
                assert!(woken.take(), "the task was not told");
                complete(task);
            }
            was_ready
        }),
    );
}

#[test]
fn a_task_that_waits_on_beside_the_drop_of_its_child_is_woken() {
    Explore::new().shallow(3).run(
        &[true, false],
        watched(|| {
            let (running, mut task) = scope_of(pending::<()>());
            let woken = Arc::new(Task::default());
            let waker = Waker::from(Arc::clone(&woken));
            assert!(poll_now(task.as_mut(), &waker).is_pending());
            let dropped = drop_elsewhere(running);
            let was_ready = poll_now(task.as_mut(), &waker).is_ready();
            dropped.join().unwrap();
            assert!(was_ready || woken.take(), "the task was not told");
            drop((task, waker));
            assert_eq!(Arc::strong_count(&woken), 1);
            was_ready
        }),
    );
}

#[test]
fn a_task_that_moves_to_another_waker_beside_the_drop_of_its_child_is_woken_by_one_of_them() {
    Explore::new().shallow(3).run(
        &[true, false],
        watched(|| {
            let (running, mut task) = scope_of(pending::<()>());
            let wakes: [_; 2] = [(); 2].map(|()| Arc::new(Task::default()));
            let [first, second] = wakes.clone().map(Waker::from);
            assert!(poll_now(task.as_mut(), &first).is_pending());
            drop(first);
            let dropped = drop_elsewhere(running);
            let was_ready = poll_now(task.as_mut(), &second).is_ready();
            drop(second);
            dropped.join().unwrap();
            if !was_ready {
                assert!(wakes[1].take(), "the new waker was stored and not called");
                complete(task);
            }
            was_ready
        }),
    );
}

#[test]
fn the_drop_of_a_scope_beside_a_childs_end_frees_the_output_once() {
    Explore::new().shallow(3).run(
        &[()],
        watched(|| {
            let (running, task) = scope_of(async { Tracked::new(7) });
            let dropped = drop_elsewhere(running);
            complete(task);
            dropped.join().unwrap();
        }),
    );
}

#[test]
fn an_output_that_comes_beside_the_drop_of_the_scope_leaves_the_tasks_waker_alone() {
    Explore::new().shallow(3).run(
        &[()],
        watched(|| {
            let (running, mut task) = scope_of(then(|| Tracked::new(7)));
            // So that there is a waker.
            assert!(!is_ready(&mut task));
            let dropped = drop_elsewhere(running);
            complete(task);
            dropped.join().unwrap();
        }),
    );
}

#[test]
fn the_drop_of_a_scope_beside_that_of_a_task_frees_both_once() {
    Explore::new().shallow(3).run(
        &[()],
        watched(|| {
            let owned = Tracked::new(7);
            let (running, mut task) = scope_of(async move {
                let owned = owned;
                pending::<()>().await;
                owned.get()
            });
            // So that there is a waker, which belongs to either.
            assert!(!is_ready(&mut task));
            let dropped = drop_elsewhere(running);
            drop(task);
            dropped.join().unwrap();
        }),
    );
}

/// What is in the cell when the scope is over, be that before the other thread is joined.
async fn seen_after<R: Future>(running: R, cell: &Guarded<()>) -> u32 {
    running.await;
    cell.read()
}

#[test]
fn what_the_task_of_an_aborted_child_did_last_is_seen_when_the_scope_is_over() {
    Explore::new().shallow(3).run(
        &[1],
        watched(|| {
            let (shelf, cell) = (Shelf::default(), Guarded::with(()));
            let (driver, s) = par_scope(shelf.clone());
            let writes = Writes(Arc::clone(&cell));
            let child = s.spawn(async move {
                let _writes = writes;
                pending::<()>().await
            });
            let running = polled(driver.run(then(move || child.abort())));
            let dropped = drop_elsewhere(shelf.take());
            finish(seen_after(running, &cell), dropped).0
        }),
    );
}

#[test]
fn an_output_that_nobody_wants_is_dropped_before_the_scope_is_over() {
    Explore::new().shallow(3).run(
        &[1],
        watched(|| {
            let (shelf, cell) = (Shelf::default(), Guarded::with(()));
            let (driver, s) = try_par_scope::<_, ()>(shelf.clone());
            let writes = Writes(Arc::clone(&cell));
            drop(s.spawn(async move { writes }));
            let running = polled(driver.run_try(then(|| Err::<(), ()>(()))));
            let task = shelf.take();
            let other = thread::spawn(move || complete(task));
            finish(seen_after(running, &cell), other).0
        }),
    );
}

#[test]
fn a_scope_waits_for_the_last_of_its_tasks() {
    Explore::new().shallow(2).run(
        &[2],
        watched(|| {
            let (shelf, cell) = (Shelf::default(), Guarded::with(()));
            let (driver, s) = par_scope(shelf.clone());
            for _ in 0..2 {
                let writes = Writes(Arc::clone(&cell));
                s.spawn_daemon(async move {
                    let _writes = writes;
                    pending::<()>().await
                });
            }
            let running = polled(driver.run(then(|| ())));
            let tasks = drop_elsewhere(shelf.take_all());
            finish(seen_after(running, &cell), tasks).0
        }),
    );
}

#[test]
fn two_tasks_that_end_at_once_let_the_scope_go() {
    explore(
        &[()],
        watched(|| {
            let shelf = Shelf::default();
            let (driver, s) = par_scope(shelf.clone());
            let first = polled(s.parallel(pending::<()>()));
            let second = polled(s.parallel(pending::<()>()));
            let mut running = polled(driver.run(then(|| ())));
            drop((first, second));
            let [second, first] = [(); 2].map(|()| drop_elsewhere(shelf.take()));
            let woken = Arc::new(Task::default());
            let waker = Waker::from(Arc::clone(&woken));
            let mut over = poll_now(running.as_mut(), &waker).is_ready();
            first.join().unwrap();
            second.join().unwrap();
            if !over {
                assert!(woken.take(), "a wake was lost");
                over = poll_now(running.as_mut(), &waker).is_ready();
            }
            assert!(over);
        }),
    );
}

#[test]
fn a_child_that_its_runtime_drops_is_lost_and_cancels_the_scope() {
    explore(
        &[(CauseKind::Lost, true)],
        watched(|| {
            let shelf = Shelf::default();
            let (driver, s) = par_scope(shelf.clone());
            let child = s.spawn(pending::<()>());
            let running = polled(driver.run(async { child.await.unwrap_err().cause().kind() }));
            let dropped = drop_elsewhere(shelf.take());
            let (kind, ()) = finish(running, dropped);
            (kind, s.is_cancelled())
        }),
    );
}

#[test]
fn a_child_that_is_lost_beside_its_abort_is_one_of_the_two() {
    explore(
        &[CauseKind::Aborted, CauseKind::Lost],
        watched(|| {
            let shelf = Shelf::default();
            let (driver, s) = par_scope(shelf.clone());
            let child = s.spawn(pending::<()>());
            let mut running = polled(driver.run(pending::<()>()));
            let dropped = drop_elsewhere(shelf.take());
            // It may find out before that.
            assert!(!is_ready(&mut running));
            child.abort();
            dropped.join().unwrap();
            assert!(!is_ready(&mut running));
            let Poll::Ready(Err(cancelled)) = poll_now(pin!(child), Waker::noop()) else {
                panic!("it is over, without an output");
            };
            cancelled.cause().kind()
        }),
    );
}

#[test]
fn a_handle_that_is_awaited_where_the_task_ends_gets_its_output() {
    Explore::new().shallow(3).run(
        &[7],
        watched(|| {
            let shelf = Shelf::default();
            let (driver, s) = par_scope(shelf.clone());
            let child = s.spawn(async { Tracked::new(7) });
            let running = polled(driver.run(then(|| ())));
            let task = shelf.take();
            let other = thread::spawn(move || {
                complete(task);
                block_on(child).unwrap().get()
            });
            run(running, other).1
        }),
    );
}

#[test]
fn a_panic_of_the_task_of_an_aborted_child_is_not_lost() {
    Explore::new().shallow(3).run(
        &["destructor"],
        watched(|| {
            let shelf = Shelf::default();
            let (driver, s) = par_scope(shelf.clone());
            let panics = OnDrop(|| panic::resume_unwind(Box::new("destructor")));
            let child = s.spawn(async move {
                let _panics = panics;
                pending::<()>().await
            });
            let mut running = polled(driver.run(then(|| ())));
            child.abort();
            drop(child);
            let dropped = drop_elsewhere(shelf.take());
            let woken = Arc::new(Task::default());
            let waker = Waker::from(Arc::clone(&woken));
            woken.clone().take();
            let mut poll = || catch_unwind(AssertUnwindSafe(|| poll_now(running.as_mut(), &waker)));
            let mut end = poll();
            dropped.join().unwrap();
            while let Ok(Poll::Pending) = end {
                assert!(woken.take(), "a wake was lost");
                end = poll();
            }
            *end.unwrap_err().downcast::<&str>().unwrap()
        }),
    );
}

/// Calls its closure when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[test]
fn a_task_that_waits_for_a_handle_lends_its_place_to_that_child() {
    Explore::new().shallow(3).run(
        &[7],
        watched(|| {
            let shelf = Shelf::default();
            let (driver, s) = par_scope(shelf.clone());
            let waits = s.spawn_with(|s| async move {
                let child = s.spawn(async { 7 });
                child.await.unwrap()
            });
            let driver = driver.limit(NonZeroUsize::MIN);
            let mut running = polled(driver.run(async { waits.await.unwrap() }));
            let mut task = shelf.take();
            let [told, woken] = [(); 2].map(|()| Arc::new(Task::default()));
            let [of_task, of_scope] = [&told, &woken].map(|task| Waker::from(Arc::clone(task)));
            let other = thread::spawn({
                let of_task = of_task.clone();
                move || {
                    assert!(poll_now(task.as_mut(), &of_task).is_pending());
                    task
                }
            });
            assert!(poll_now(running.as_mut(), &of_scope).is_pending());
            let mut task = other.join().unwrap();
            loop {
                for work in shelf.take_all() {
                    complete(work);
                }
                if told.take() {
                    complete(mem::replace(&mut task, Box::pin(pending())));
                }
                assert!(woken.take(), "a wake was lost");
                if let Poll::Ready(seven) = poll_now(running.as_mut(), &of_scope) {
                    break seven;
                }
            }
        }),
    );
}

#[test]
fn a_wait_that_begins_in_a_task_has_the_scope_look_for_a_place() {
    // See `what_is_awaited_starts_when_the_last_who_ran_waits_too` in tests/par/limits.rs.
    explore(
        &[()],
        watched(|| {
            let shelf = Shelf::default();
            let (driver, s) = par_scope(shelf.clone());
            let d = s.spawn(pending::<()>());
            s.spawn_with(|s| async move {
                let b = s.spawn(async move { d.await.is_ok() });
                let c = s.spawn(async {});
                join((b, c)).await.0.is_ok()
            });
            let driver = driver.limit(NonZeroUsize::new(2).unwrap());
            let mut running = polled(driver.run(pending::<()>()));
            let mut a = shelf.take();
            assert!(!is_ready(&mut a));
            // B is started, and C held back.
            let mut tasks = shelf.take_all();
            assert!(!is_ready(&mut running));
            let mut b = shelf.take();
            assert!(!is_ready(&mut running));
            let other = thread::spawn(move || {
                assert!(!is_ready(&mut b));
                b
            });
            let woken = Arc::new(Task::default());
            let waker = Waker::from(Arc::clone(&woken));
            assert!(poll_now(running.as_mut(), &waker).is_pending());
            tasks.push(other.join().unwrap());
            while woken.take() {
                assert!(poll_now(running.as_mut(), &waker).is_pending());
            }
            tasks.push(shelf.take());
            drop((running, a, tasks));
        }),
    );
}
