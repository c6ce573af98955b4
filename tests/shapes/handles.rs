//! Handles, kept and combined.

use super::*;

#[test]
fn handles_are_kept_in_vectors_arrays_and_options() {
    let sum = block_on(need_send(async {
        let v = vec![1, 2, 3];
        scope!(|s| {
            let many: Vec<Handle<u32>> = v.iter().map(|n| s.spawn(async move { *n })).collect();
            let few: [Handle<u32>; 2] = [10, 20].map(|n| s.spawn(async move { n }));
            let maybe: Option<Handle<u32>> = v.first().map(|n| s.spawn(async { 100 * *n }));
            let mut sum = 0;
            for handle in many.into_iter().chain(few).chain(maybe) {
                sum += handle.await?;
            }
            Ok::<_, Cancelled>(sum)
        })
        .await
    }));
    assert_eq!(sum, Ok(136));
}

#[test]
fn handles_go_into_combinators() {
    block_on(need_send(async {
        let v = vec![1, 2, 3];
        scope!(|s| {
            let length = |n: usize| s.spawn(async move { n });
            let all = join_all([length(1), length(v.len())]).await;
            assert_eq!(all, [Ok(1), Ok(3)]);
            assert_eq!(try_join(length(1), length(2)).await, Ok((1, 2)));
            assert_eq!(try_join_all([length(1), length(2)]).await, Ok(vec![1, 2]));
            let (first, _, rest) = select_all([length(1), length(2)]).await;
            assert!(first.is_ok() && rest.len() == 1);
            let (mut a, mut b) = (length(1), length(2));
            let (mut sum, mut left) = (0, 2);
            while left > 0 {
                futures_util::select! {
                    n = a => sum += n.unwrap(),
                    n = b => sum += n.unwrap(),
                }
                left -= 1;
            }
            assert_eq!(sum, 3);
        })
        .await;
    }));
}

#[test]
fn a_handle_that_lost_a_select_can_be_awaited_later() {
    let both = block_on(need_send(async {
        let v = vec![1, 2, 3];
        scope!(|s| {
            let fast = s.spawn(async { v.len() });
            let slow = s.spawn(async {
                yield_now().await;
                yield_now().await;
                v[0]
            });
            match select(slow, fast).await {
                Either::Right((fast, slow)) => (fast, slow.await),
                Either::Left(_) => panic!("the slow one was first"),
            }
        })
        .await
    }));
    assert_eq!(both, (Ok(3), Ok(1)));
}

#[test]
fn a_handle_is_polled_by_reference_and_dropped_at_will() {
    let length = block_on(need_send(async {
        let v = vec![1, 2, 3];
        scope!(|s| {
            let mut h = s.spawn(async { v.len() });
            let ready = future::poll_immediate(&mut h).await;
            assert!(ready.is_none());
            drop(s.spawn(async { v.len() }));
            (&mut h).await
        })
        .await
    }));
    assert_eq!(length, Ok(3));
}

#[test]
fn a_handle_is_awaited_by_a_sibling_or_on_another_thread() {
    let (sibling, thread) = block_on(need_send(scope!(|s| {
        let h = s.spawn(async { 3 });
        let sibling = s.spawn(async { h.await.map(|n| n + 1) });
        let h = s.spawn(async { 7 });
        (sibling.await.unwrap(), h)
    })));
    assert_eq!((sibling, on_a_thread(thread)), (Ok(4), Ok(7)));
}

#[test]
fn handles_of_two_scopes_may_change_places() {
    let (a, b) = block_on(need_send(async {
        let (x, y) = (1, 2);
        scope!(|outer| {
            let mut a = outer.spawn(async { x });
            let b = scope!(|inner| {
                let mut b = inner.spawn(async { y });
                std::mem::swap(&mut a, &mut b);
                b.await
            })
            .await;
            (a.await, b)
        })
        .await
    }));
    assert_eq!((a, b), (Ok(2), Ok(1)));
}

#[test]
fn what_was_refused_comes_back_and_may_be_awaited_in_place() {
    let n = block_on(need_send(async {
        let v = vec![1, 2, 3];
        scope!(limit = limit(1), |s| {
            let first = s.spawn(async { 1 });
            let n = match s.try_spawn(async { v.len() }) {
                Ok(handle) => handle.await.unwrap(),
                Err(refused) => refused.into_inner().await,
            };
            first.await.map(|first| first + n)
        })
        .await
    }));
    assert_eq!(n, Ok(4));
}
