//! Several ends at once, and what may not be asked of children.

use std::{cell::Cell, future::ready, pin::pin, task::Poll};

use pleach::{scope, scope::try_scope};

use crate::{
    Kept, leaves_wakers,
    support::{block_on, poll_now, yield_now},
    wake_all,
};

/// 19.
#[test]
fn of_the_errors_of_one_pass_that_of_whoever_is_polled_first_decides() {
    // The body comes before those that were spawned before it had been polled.
    let (driver, s) = try_scope();
    s.spawn_try(ready(Err::<(), _>("child")));
    let body = driver.run_try(ready(Err::<(), _>("body")));
    assert_eq!(block_on(body), Err("body"));

    // After that it is as anybody else: whoever was woken first.
    for first in ["child", "body"] {
        let (of_child, of_body) = (Kept::default(), Kept::default());
        let fails = |kept, error| {
            let waiting = leaves_wakers(kept, 1);
            async move {
                waiting.await;
                Err::<(), _>(error)
            }
        };
        let (driver, s) = try_scope();
        s.spawn_try(fails(&of_child, "child"));
        let mut running = pin!(driver.run_try(fails(&of_body, "body")));
        assert!(poll_now(running.as_mut()).is_pending());
        let order = if first == "child" {
            [&of_child, &of_body]
        } else {
            [&of_body, &of_child]
        };
        order.into_iter().for_each(wake_all);
        assert_eq!(poll_now(running.as_mut()), Poll::Ready(Err(first)));
    }
}

/// 19.
#[cfg(feature = "std")]
#[test]
fn a_panic_beats_an_error_of_the_same_pass() {
    use std::{future::pending, panic};

    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("a destructor");
        }
    }
    let (driver, s) = try_scope();
    let bomb = Bomb;
    s.spawn(async move {
        let _bomb = bomb;
        pending::<()>().await;
    });
    s.spawn_try(async { Err::<(), _>("an error") });
    let run = panic::AssertUnwindSafe(|| block_on(driver.run_try(pending::<Result<(), _>>())));
    let payload = panic::catch_unwind(run).unwrap_err();
    assert_eq!(crate::support::message(&*payload), "a destructor");
}

/// 27.
#[test]
fn children_and_outputs_need_not_be_sync() {
    fn need_send<T: Send>(value: T) -> T {
        value
    }
    let sum = block_on(need_send(scope!(|s| {
        let cell = s.spawn(async {
            let cell = Cell::new(1);
            yield_now().await;
            cell.set(cell.get() + 1);
            cell
        });
        cell.await.unwrap().get()
    })));
    assert_eq!(sum, 2);
}
