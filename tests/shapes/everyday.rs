//! `p1` to `p12` of the design: what was tried before the crate was written.

use super::*;

#[test]
fn p1_an_explicit_scope_borrows_and_is_send() {
    let length = block_on(need_send(async {
        let v = vec![1, 2, 3];
        let (driver, s) = pleach::scope::scope();
        driver
            .run(async {
                let h = s.spawn(async { v.len() });
                h.await
            })
            .await
    }));
    assert_eq!(length, Ok(3));
}

#[test]
fn p2_an_async_fn_over_an_explicit_scope_can_be_spawned() {
    async fn go(v: &[u32]) -> Result<usize, Cancelled> {
        let (driver, s) = pleach::scope::scope();
        driver
            .run(async {
                let h = s.spawn(async { v.len() });
                h.await
            })
            .await
    }
    let length = on_a_thread(async {
        let v = vec![1];
        go(&v).await
    });
    assert_eq!(length, Ok(1));
}

#[test]
fn p3_a_mutable_borrow_comes_back_when_an_explicit_scope_leaves_its_block() {
    let m = block_on(need_send(async {
        let mut m = 5;
        {
            let (driver, s) = pleach::scope::scope();
            driver
                .run(async {
                    s.spawn(async { m += 1 });
                })
                .await;
        }
        m
    }));
    assert_eq!(m, 6);
}

#[test]
fn p4_children_take_disjoint_chunks() {
    let v = block_on(need_send(async {
        let mut v = vec![1, 2, 3, 4];
        {
            let (driver, s) = pleach::scope::scope();
            driver
                .run(async {
                    for chunk in v.chunks_mut(2) {
                        s.spawn(async move { chunk[0] = 9 });
                    }
                })
                .await;
        }
        v
    }));
    assert_eq!(v, [9, 2, 9, 4]);
}

#[test]
fn p5_a_child_spawns_with_a_clone_of_the_handle() {
    let length = block_on(need_send(async {
        let v = vec![1, 2, 3];
        let (driver, s) = pleach::scope::scope();
        driver
            .run(async {
                let s2 = s.clone();
                let v = &v;
                s.spawn(async move { s2.spawn(async move { v.len() }).await })
                    .await
            })
            .await
    }));
    assert_eq!(length, Ok(Ok(3)));
}

#[test]
fn p6_the_macro_borrows_in_an_async_fn() {
    async fn go(v: &[u32]) -> Result<usize, Cancelled> {
        scope!(|s| {
            let h = s.spawn(async { v.len() });
            h.await
        })
        .await
    }
    let length = block_on(need_send(async {
        let v = vec![1, 2, 3];
        go(&v).await
    }));
    assert_eq!(length, Ok(3));
}

#[test]
fn p6b_a_moving_child_takes_a_clone_of_the_macros_handle() {
    async fn go(v: &[u32]) -> Result<usize, Cancelled> {
        scope!(|s| {
            let s2 = s.clone();
            let h = s.spawn(async move { s2.spawn(async move { v.len() }).await });
            h.await?
        })
        .await
    }
    let length = block_on(need_send(async {
        let v = vec![1, 2, 3];
        go(&v).await
    }));
    assert_eq!(length, Ok(3));
}

#[test]
fn p7_children_recurse_through_boxes() {
    fn fib(s: Scope<'_>, n: u64) -> Boxed<'_, u64> {
        Box::pin(async move {
            if n < 2 {
                return n;
            }
            let a = s.spawn(fib(s.clone(), n - 1));
            let b = s.spawn(fib(s.clone(), n - 2));
            a.await.unwrap() + b.await.unwrap()
        })
    }
    let n = block_on(need_send(async {
        let (driver, s) = pleach::scope::scope();
        driver.run(fib(s, 10)).await
    }));
    assert_eq!(n, 55);
}

/// The handle is declared beside the driver and is dropped after the scope's future, so
/// it is as good as anything else from outside.
#[test]
fn p8_a_child_may_borrow_the_handle_where_the_scope_is_opened() {
    let explicit = block_on(need_send(async {
        let (driver, s) = pleach::scope::scope();
        driver
            .run(async { s.spawn(async { s.spawn(async { 1 }).await }).await })
            .await
    }));
    let by_macro = block_on(need_send(scope!(|s| {
        s.spawn(async { s.spawn(async { 1 }).await }).await
    })));
    assert_eq!((explicit, by_macro), (Ok(Ok(1)), Ok(Ok(1))));
}

#[test]
fn p9_a_question_mark_leaves_the_body_of_an_explicit_scope() {
    async fn go(v: &[u32]) -> Result<usize, String> {
        let (driver, s) = pleach::scope::scope();
        driver
            .run(async {
                let h = s.spawn(async {
                    if v.is_empty() {
                        Err("empty".to_string())
                    } else {
                        Ok(v.len())
                    }
                });
                let length = h.await.map_err(|lost| lost.to_string())??;
                Ok(length)
            })
            .await
    }
    block_on(need_send(async {
        assert_eq!(go(&[1, 2, 3]).await, Ok(3));
        assert_eq!(go(&[]).await, Err("empty".to_string()));
    }));
}

#[test]
fn p10_an_async_fn_over_the_macro_can_be_spawned() {
    async fn go(v: &[u32]) -> Result<usize, Cancelled> {
        scope!(|s| {
            let h = s.spawn(async { v.len() });
            let t = s.clone();
            let k = s.spawn(async move { t.spawn(async { 1_usize }).await });
            Ok(h.await? + k.await??)
        })
        .await
    }
    let length = on_a_thread(async {
        let v = vec![1];
        go(&v).await
    });
    assert_eq!(length, Ok(2));
}

#[test]
fn p11_a_question_mark_leaves_the_body_of_the_macro() {
    async fn go(v: &[u32]) -> Result<usize, String> {
        scope!(|s| {
            let h = s.spawn(async {
                if v.is_empty() {
                    Err("empty".to_string())
                } else {
                    Ok(v.len())
                }
            });
            Ok::<_, String>(h.await.unwrap()? + 1)
        })
        .await
    }
    block_on(need_send(async {
        let v = vec![1];
        assert_eq!(go(&v).await, Ok(2));
        assert_eq!(go(&[]).await, Err("empty".to_string()));
    }));
}

#[test]
fn p12_scopes_nest() {
    async fn go(v: &[u32]) -> usize {
        scope!(|a| {
            a.spawn(async {
                scope!(|b| {
                    let h = b.spawn(async { v.len() });
                    h.await.unwrap()
                })
                .await
            })
            .await
            .unwrap()
        })
        .await
    }
    let length = block_on(need_send(async {
        let v = vec![1, 2];
        go(&v).await
    }));
    assert_eq!(length, 2);
}
