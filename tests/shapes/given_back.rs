//! `q1` to `q6` of the design: what was borrowed comes back.

use super::*;

#[test]
fn q1_a_mutable_borrow_comes_back_after_the_macro() {
    let m = block_on(need_send(async {
        let mut m = 5;
        scope!(|s| {
            s.spawn(async { m += 1 });
        })
        .await;
        m += 1;
        m
    }));
    assert_eq!(m, 7);
}

#[test]
fn q2_a_mutable_borrow_comes_back_after_an_explicit_scope_without_a_block() {
    let m = block_on(need_send(async {
        let mut m = 5;
        let (driver, s) = pleach::scope::scope();
        driver
            .run(async {
                s.spawn(async { m += 1 });
            })
            .await;
        m += 1;
        m
    }));
    assert_eq!(m, 7);
}

/// The closure form that was weighed and left out is a few lines on top of the driver.
#[test]
fn q3_a_closure_that_returns_a_future_can_be_built_on_the_driver() {
    async fn scope_plain<'env, F: Future>(body: impl FnOnce(Scope<'env>) -> F) -> F::Output {
        let (driver, s) = pleach::scope::scope();
        driver.run(body(s)).await
    }
    let m = block_on(need_send(async {
        let mut m = 5;
        let r = &mut m;
        scope_plain(|s| async move {
            s.spawn(async move { *r += 1 });
        })
        .await;
        m += 1;
        m
    }));
    assert_eq!(m, 7);
}

#[test]
fn q4_a_scope_that_was_forgotten_halfway_leaves_what_it_borrowed_alone() {
    let v = vec![1, 2, 3];
    let polled = Cell::new(0);
    {
        let mut future = Box::pin(local_scope!(|s| {
            s.spawn(async {
                let _borrow = v.len();
                polled.set(polled.get() + 1);
                std::future::pending::<()>().await;
            });
        }));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(future.as_mut().poll(&mut cx).is_pending());
        assert!(future.as_mut().poll(&mut cx).is_pending());
        support::forget(future);
    }
    assert_eq!(polled.into_inner(), 1);
    drop(v);
}

#[test]
fn q5_a_handle_may_leave_its_scope() {
    let (length, lost) = block_on(need_send(async {
        let v = vec![1, 2, 3];
        let (h, lost) = scope!(|s| {
            let h = s.spawn(async { v.len() });
            s.cancel();
            (h, s.spawn(async { v.len() }))
        })
        .await;
        (h.await, lost.await)
    }));
    // The first was not started either when the scope was cancelled.
    assert!(length.is_err() && lost.is_err());
    let length = block_on(need_send(async {
        let v = vec![1, 2, 3];
        let h = scope!(|s| { s.spawn(async { v.len() }) }).await;
        h.await
    }));
    assert_eq!(length, Ok(3));
}

#[test]
fn q6_children_of_a_loop_take_the_loops_variable_or_what_is_around_it() {
    let sum = AtomicUsize::new(0);
    block_on(need_send(async {
        let v = vec![1_usize, 2, 3];
        scope!(|s| {
            let sum = &sum;
            for x in &v {
                s.spawn(async move { sum.fetch_add(*x, Ordering::Relaxed) });
            }
            for _ in &v {
                s.spawn(async { sum.fetch_add(v.len(), Ordering::Relaxed) });
            }
        })
        .await;
    }));
    assert_eq!(sum.into_inner(), 6 + 9);
}
