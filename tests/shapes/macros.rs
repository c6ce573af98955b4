//! The four macros, with and without settings.

use super::*;

#[test]
fn all_four_take_settings() {
    // A child that yields shows how many run beside it.
    async fn watch(running: &Cell<usize>, most: &Cell<usize>) {
        running.set(running.get() + 1);
        most.set(most.get().max(running.get()));
        yield_now().await;
        running.set(running.get() - 1);
    }
    let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let watch_sync = || async {
        most.fetch_max(
            running.fetch_add(1, Ordering::Relaxed) + 1,
            Ordering::Relaxed,
        );
        yield_now().await;
        running.fetch_sub(1, Ordering::Relaxed);
    };
    block_on(need_send(async {
        scope!(limit = limit(2), |s| {
            for _ in 0..5 {
                s.spawn(watch_sync());
            }
        })
        .await;
        assert_eq!(most.swap(0, Ordering::Relaxed), 2);
        let inferred = try_scope!(limit = limit(3), |s| {
            for _ in 0..5 {
                s.spawn(watch_sync());
            }
            Err::<(), _>("inferred")
        });
        assert_eq!(inferred.await, Err("inferred"));
        let named = try_scope!(limit = limit(3), |s| -> Infallible {
            for _ in 0..5 {
                s.spawn(watch_sync());
            }
            Ok(())
        });
        assert_eq!(named.await, Ok(()));
        assert_eq!(most.swap(0, Ordering::Relaxed), 3);
    }));
    let (running, most) = (Cell::new(0), Cell::new(0));
    block_on(async {
        local_scope!(limit = limit(2), |s| {
            for _ in 0..5 {
                s.spawn(watch(&running, &most));
            }
        })
        .await;
        assert_eq!(most.replace(0), 2);
        let inferred = try_local_scope!(limit = limit(3), |s| {
            s.spawn_try(async { Err::<(), _>("inferred") });
            Ok(())
        });
        assert_eq!(inferred.await, Err("inferred"));
        let named = try_local_scope!(limit = limit(3), |s| -> Infallible {
            for _ in 0..5 {
                s.spawn(watch(&running, &most));
            }
            Ok(())
        });
        assert_eq!(named.await, Ok(()));
        assert_eq!(most.get(), 3);
    });
}

#[test]
fn all_four_take_a_body_that_spawns_nothing() {
    block_on(async {
        assert_eq!(need_send(scope!(|_s| { 1 })).await, 1);
        assert_eq!(
            need_send(try_scope!(|_s| { Err::<(), _>(2) })).await,
            Err(2)
        );
        assert_eq!(need_send(try_scope!(|_s| -> u8 { Ok(2) })).await, Ok(2));
        assert_eq!(local_scope!(|_s| { 3 }).await, 3);
        assert_eq!(try_local_scope!(|_s| { Err::<(), _>(4) }).await, Err(4));
        assert_eq!(try_local_scope!(|_s| -> u8 { Ok(4) }).await, Ok(4));
        scope!(|_s| {}).await;
    });
}

#[test]
fn they_are_called_by_path_too() {
    block_on(async {
        assert_eq!(
            pleach::scope!(|s| { s.spawn(async { 1 }).await }).await,
            Ok(1)
        );
        let n = pleach::try_scope!(|s| -> () { Ok(s.spawn_try(async { Ok(2) }).await) });
        assert_eq!(n.await, Ok(Ok(2)));
        assert_eq!(
            pleach::local_scope!(|s| { s.spawn(async { 3 }).await }).await,
            Ok(3)
        );
        let n = pleach::try_local_scope!(|s| -> () { Ok(s.spawn_try(async { Ok(4) }).await) });
        assert_eq!(n.await, Ok(Ok(4)));
    });
}

#[test]
fn names_of_the_macros_own_do_not_meet_those_of_the_body() {
    let driver = 1;
    let sum = block_on(scope!(|s| {
        let outer = driver;
        let driver = s.spawn(async move { outer + 1 });
        driver.await.map(|n| n + outer)
    }));
    assert_eq!(sum, Ok(3));
}

#[test]
fn a_scope_is_a_value_that_may_be_made_now_and_awaited_later() {
    let v = vec![1, 2, 3];
    let scope = scope!(|s| { s.spawn(async { v.len() }).await });
    let boxed: Boxed<'_, _> = Box::pin(scope);
    assert_eq!(block_on(boxed), Ok(3));
}

#[test]
fn children_of_a_local_scope_share_what_is_not_send() {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let total = block_on(async {
        let count = Cell::new(0);
        let total = local_scope!(|s| {
            for n in 0..3 {
                let seen = Rc::clone(&seen);
                let count = &count;
                s.spawn(async move {
                    yield_now().await;
                    seen.borrow_mut().push(n);
                    count.set(count.get() + n);
                });
            }
            let shared = s.spawn(async { Rc::clone(&seen) });
            let nested = s.spawn_with(|s| async move { s.spawn(async { Rc::new(4) }).await });
            shared.await.unwrap().borrow_mut().push(3);
            nested.await.unwrap().map(|n| *n)
        });
        total.await.map(|n| n + count.get())
    });
    assert_eq!(total, Ok(4 + 3));
    seen.borrow_mut().sort_unstable();
    assert_eq!(*seen.borrow(), [0, 1, 2, 3]);
}

#[test]
fn a_local_try_scope_breaks_with_what_is_not_send() {
    let error = Rc::new("broken");
    let result = block_on(try_local_scope!(|s| -> Rc<&'static str> {
        s.spawn_try(async { Err::<(), _>(Rc::clone(&error)) });
        std::future::pending().await
    }));
    assert_eq!(result, Err::<(), _>(error));
}

#[test]
fn a_local_scope_within_a_child_of_a_sendable_one_stays_on_one_thread() {
    let n = on_a_thread(scope!(|s| {
        s.spawn(async {
            let sum = || {
                let cell = Rc::new(Cell::new(1));
                block_on(local_scope!(|s| {
                    s.spawn(async { cell.set(cell.get() + 1) });
                }));
                cell.get()
            };
            yield_now().await;
            sum()
        })
        .await
    }));
    assert_eq!(n, Ok(2));
}
