//! `Scope::break_with`.

use std::{
    future::pending,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use pleach::{Scope, scope, try_local_scope, try_scope};

use crate::{
    Log, OnDrop, limit,
    support::{Wakes, block_on, poll_now, poll_with, yield_now},
};

type Ends<T = ()> = Result<T, &'static str>;

#[test]
fn it_ends_the_scope_from_the_body_a_child_and_elsewhere() {
    let body: Ends = block_on(try_scope!(|s| {
        s.break_with("body").unwrap();
        pending().await
    }));
    assert_eq!(body, Err("body"));

    let child: Ends = block_on(try_scope!(|s| {
        s.spawn(async {
            yield_now().await;
            s.break_with("child").unwrap();
            pending::<()>().await
        });
        pending().await
    }));
    assert_eq!(child, Err("child"));

    let (driver, s) = scope::try_scope::<&str>();
    let mut running = Box::pin(driver.run_try(pending::<Ends>()));
    let (wakes, waker) = Wakes::new();
    assert!(poll_with(running.as_mut(), &waker).is_pending());
    std::thread::scope(|threads| {
        threads.spawn(|| s.break_with("elsewhere").unwrap());
    });
    assert_eq!(wakes.count(), 1);
    assert_eq!(block_on(running), Err("elsewhere"));
}

#[test]
fn everything_is_dropped_in_order_before_the_result() {
    let log = Log::default();
    let result: Ends = block_on(try_scope!(limit = limit(1), |s| {
        s.spawn(log.stays("running"));
        s.spawn(log.stays("held back"));
        let _body = log.guard("body");
        yield_now().await;
        yield_now().await;
        s.break_with("ended").unwrap();
        pending().await
    }));
    assert_eq!(result, Err("ended"));
    assert_eq!(log.take(), ["held back", "body", "running"]);
}

#[test]
fn the_first_one_wins_and_the_others_get_theirs_back() {
    let (driver, s) = scope::try_scope::<String>();
    assert_eq!(s.break_with("first".into()), Ok(()));
    assert_eq!(s.clone().break_with("second".into()), Err("second".into()));
    let result = block_on(driver.run_try(pending::<Result<(), String>>()));
    assert_eq!(result, Err("first".into()));
    assert_eq!(s.break_with("third".into()), Err("third".into()));
}

#[test]
fn a_scope_that_is_over_gives_it_back() {
    let (driver, s) = scope::try_scope::<&str>();
    assert_eq!(block_on(driver.run_try(async { Ends::Ok(()) })), Ok(()));
    assert_eq!(s.break_with("late"), Err("late"));
    let (driver, s) = scope::try_scope::<&str>();
    drop(driver);
    assert_eq!(s.break_with("late"), Err("late"));
}

#[test]
fn who_is_polled_before_it_decides() {
    let drops = AtomicUsize::new(0);
    let count = || {
        drops.fetch_add(1, SeqCst);
    };
    let error = |name| (name, OnDrop(count));
    let result = block_on(try_scope!(|s| {
        s.spawn_try(async { Err::<(), _>(error("child")) });
        assert!(s.break_with(error("outside")).is_ok());
        s.spawn_try(async { Err::<(), _>(error("never polled")) });
        pending::<Result<(), _>>().await
    }));
    assert_eq!(result.unwrap_err().0, "child");
    assert_eq!(
        drops.into_inner(),
        2,
        "the child's own, and that from outside"
    );
}

#[test]
fn the_end_of_body_and_children_waits_for_it() {
    let result: Ends = block_on(try_scope!(|s| {
        s.break_with("in the last poll").unwrap();
        Ok(())
    }));
    assert_eq!(result, Err("in the last poll"));
}

#[test]
fn a_cancelled_scope_and_one_at_its_limit_can_be_broken() {
    let result: Ends = block_on(try_scope!(limit = limit(1), |s| {
        s.spawn(pending::<()>());
        yield_now().await;
        s.cancel();
        yield_now().await;
        s.break_with("broken").unwrap();
        pending().await
    }));
    assert_eq!(result, Err("broken"));
}

#[test]
fn a_local_scope_is_broken_with_what_is_not_send() {
    let result: Result<(), Rc<str>> = block_on(try_local_scope!(|s| {
        s.break_with("rc".into()).unwrap();
        pending().await
    }));
    assert_eq!(&*result.unwrap_err(), "rc");
}

#[test]
fn an_error_that_was_not_looked_at_is_dropped_with_the_scope() {
    let alive = Arc::new(());
    for polled in [true, false] {
        let (driver, s) = scope::try_scope::<Arc<()>>();
        let mut running = Box::pin(driver.run_try(pending::<Result<(), Arc<()>>>()));
        if polled {
            assert!(poll_now(running.as_mut()).is_pending());
        }
        assert!(s.break_with(Arc::clone(&alive)).is_ok());
        drop(running);
        assert_eq!(Arc::strong_count(&alive), 1);
    }
}

#[test]
fn a_destructor_that_breaks_the_scope_that_ends_gets_its_error_back() {
    let refused = AtomicUsize::new(0);
    let result: Ends = block_on(try_scope!(|s| {
        let refused = &refused;
        s.spawn_with(|s: Scope<'_, &str>| async move {
            let _guard = OnDrop(|| {
                refused.fetch_add(usize::from(s.break_with("").is_err()), SeqCst);
            });
            pending::<()>().await
        });
        yield_now().await;
        Err("first")
    }));
    assert_eq!((result, refused.into_inner()), (Err("first"), 1));
}
