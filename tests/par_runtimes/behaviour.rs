//! What a parallel scope does on whatever runtime.

use std::{
    future::{pending, ready},
    num::NonZeroUsize,
    pin::pin,
    thread,
};

use pleach::{
    cancel::CauseKind,
    group::{TryAll, group},
    par_scope,
    runtime::{Spawn, SpawnBlocking},
    scope::isolate,
    try_par_scope,
};

use crate::{
    census::{Census, Slow},
    support::{message, poll_now, yield_now},
};

/// All of it, on a task or thread where `runtime` goes on meanwhile.
pub(crate) async fn is_as_promised<S>(runtime: &S)
where
    S: Spawn + SpawnBlocking + Clone + Send + Sync + 'static,
{
    outputs_arrive(runtime).await;
    children_take_turns(runtime).await;
    a_chain_does_not_lock_up(runtime).await;
    an_error_ends_it(runtime).await;
    a_panic_ends_it(runtime).await;
    cancelling_is_graceful(runtime).await;
    calls_block_nobody(runtime).await;
    a_group_runs_in_parallel(runtime).await;
    dropping_it_frees_all(runtime).await;
}

async fn outputs_arrive<S: Spawn + Clone + Send>(runtime: &S) {
    let census = Census::default();
    par_scope!(runtime.clone(), |s| {
        let children = [0, 1, 2, 3].map(|yields| s.spawn(census.gives(yields)));
        for child in children {
            drop(child.await.unwrap());
        }
        drop(s.spawn(census.gives(1)));
    })
    .await;
    census.assert_empty();
}

async fn children_take_turns<S: Spawn + Clone + Send>(runtime: &S) {
    let census = Census::default();
    par_scope!(runtime.clone(), limit = NonZeroUsize::MIN, |s| {
        for yields in 0..20 {
            let census = census.clone();
            s.spawn(async move {
                assert_eq!(census.alive(), 0);
                let _alone = census.guard();
                for _ in 0..yields % 3 {
                    yield_now().await;
                }
            });
        }
    })
    .await;
    census.assert_empty();
}

async fn a_chain_does_not_lock_up<S: Spawn + Clone + Send + 'static>(runtime: &S) {
    let depth = par_scope!(runtime.clone(), limit = NonZeroUsize::MIN, |s| {
        let depth = s.spawn_with(|s| async move {
            let depth = s.spawn_with(|s| async move { s.spawn(ready(1)).await.unwrap() + 1 });
            depth.await.unwrap() + 1
        });
        depth.await
    });
    assert_eq!(depth.await, Ok(3));
}

async fn an_error_ends_it<S: Spawn + Clone + Send>(runtime: &S) {
    let census = Census::default();
    let result = try_par_scope!(runtime.clone(), |s| {
        let slow = Slow(census.guard());
        s.spawn(async move {
            let _slow = slow;
            pending::<()>().await
        });
        s.spawn_try(async {
            yield_now().await;
            Err::<(), _>(7)
        });
        pending::<Result<(), u32>>().await
    });
    assert_eq!(result.await, Err(7));
    census.assert_empty();
}

async fn a_panic_ends_it<S: Spawn + Clone + Send>(runtime: &S) {
    let census = Census::default();
    let result = isolate(par_scope!(runtime.clone(), |s| {
        s.spawn(census.stays());
        s.spawn(async {
            yield_now().await;
            panic!("child");
        });
        pending::<()>().await
    }));
    let payload = result.await.unwrap_err().into_payload();
    assert_eq!(message(&*payload), "child");
    census.assert_empty();
}

async fn cancelling_is_graceful<S: Spawn + Clone + Send>(runtime: &S) {
    let census = Census::default();
    par_scope!(runtime.clone(), |s| {
        let (token, gives) = (s.token(), census.gives(1));
        let running = s.spawn(async move {
            token.cancelled().await;
            gives.await
        });
        let aborted = s.spawn(census.stays());
        yield_now().await;
        aborted.abort();
        s.cancel();
        assert_eq!(
            aborted.await.unwrap_err().cause().kind(),
            CauseKind::Aborted
        );
        drop(running.await.unwrap());
    })
    .await;
    census.assert_empty();
}

async fn calls_block_nobody<S: Spawn + SpawnBlocking + Clone + Send>(runtime: &S) {
    let census = Census::default();
    let there = par_scope!(runtime.clone(), |s| {
        let owned = census.guard();
        let call = s.spawn_blocking(move || {
            thread::yield_now();
            drop(owned);
            thread::current().id()
        });
        call.await.unwrap()
    });
    assert_ne!(there.await, thread::current().id());
    census.assert_empty();
}

async fn a_group_runs_in_parallel<S: Spawn + Clone + Send>(runtime: &S) {
    let census = Census::default();
    par_scope!(runtime.clone(), |s| {
        let children = (0..20).map(|yields| s.parallel(census.gives(yields % 3)));
        let limit = NonZeroUsize::new(4).unwrap();
        let all = group(children).limit(limit).join(TryAll::new()).await;
        assert_eq!(all.unwrap().len(), 20);
        let mut dropped = pin!(s.parallel(census.stays()));
        assert!(poll_now(dropped.as_mut()).is_pending());
    })
    .await;
    census.assert_empty();
}

async fn dropping_it_frees_all<S: Spawn + Clone + Send>(runtime: &S) {
    let census = Census::default();
    {
        let mut scope = pin!(par_scope!(runtime.clone(), |s| {
            for _ in 0..5 {
                s.spawn(census.stays());
                s.spawn_daemon(census.stays());
            }
            pending::<()>().await
        }));
        assert!(poll_now(scope.as_mut()).is_pending());
        yield_now().await;
        assert!(poll_now(scope.as_mut()).is_pending());
    }
    while census.alive() > 0 {
        yield_now().await;
    }
}

/// Many children; those of `runtime` go on meanwhile.
pub(crate) async fn takes_many<S: Spawn + Clone + Send>(runtime: &S, children: usize) {
    let census = Census::default();
    let sum = par_scope!(runtime.clone(), |s| {
        let mut handles = Vec::new();
        for n in 0..children {
            let gives = census.gives(n % 2);
            let child = s.spawn(async move {
                drop(gives.await);
                n
            });
            if n % 10 == 0 {
                handles.push(child);
            }
        }
        let mut sum = 0;
        for handle in handles {
            sum += handle.await.unwrap();
        }
        sum
    });
    assert_eq!(sum.await, (0..children).step_by(10).sum());
    census.assert_empty();
}
