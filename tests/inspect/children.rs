//! What is told of the children of one scope.

use std::{future::pending, panic::Location, sync::Mutex};

use pleach::{
    inspect::{Inspect, Node, NodeKind, State},
    pipeline::Pipeline,
    scope, try_scope,
};

use crate::{
    OnDrop, below, limit, nodes, panics,
    support::{block_on, poll_now, yield_now},
};

fn ids(s: &impl Inspect) -> Vec<usize> {
    below(s).iter().map(|node| node.id().number()).collect()
}

fn states(s: &impl Inspect) -> Vec<(State, usize)> {
    let told = below(s);
    told.iter()
        .map(|node| (node.state(), node.polls()))
        .collect()
}

#[test]
fn it_tells_what_each_child_is_doing() {
    use State::{Ready, Running, Unstarted, Waiting};
    block_on(scope!(limit = limit(2), |s| {
        let endless = s.spawn(pending::<()>());
        let looks = s.spawn(async {
            assert_eq!(states(&s), [(Waiting, 1), (Running, 1), (Unstarted, 0)]);
            yield_now().await;
            assert_eq!(states(&s), [(Waiting, 1), (Running, 2), (Unstarted, 0)]);
        });
        s.spawn(async {});
        assert_eq!(states(&s), [(Unstarted, 0); 3]);
        yield_now().await;
        assert_eq!(states(&s), [(Waiting, 1), (Ready, 1), (Unstarted, 0)]);
        looks.await.unwrap();
        assert_eq!(ids(&s), [1, 3], "the second is over");
        endless.abort();
    }));
}

#[test]
fn it_knows_names_kinds_and_sites() {
    let here = Location::caller();
    block_on(scope!(|s| {
        let children = [
            s.spawn(async {}).named("first"),
            s.spawn_daemon(async {}),
            s.spawn_shielded(async {}).named("old").named("new"),
            s.spawn_with(|_| async {}),
            s.try_spawn(async {}).unwrap(),
            s.slot().await.unwrap().spawn(async {}),
        ];
        #[cfg(target_has_atomic = "ptr")]
        let start = s.start(|_: scope::Started<()>| async {});
        let mut told = Vec::new();
        for child in below(&s) {
            let site = child.site().unwrap();
            assert_eq!(site.file(), here.file());
            assert!(site.line() > here.line());
            told.push((child.name(), child.kind(), site.line()));
        }
        let lines: Vec<_> = told.iter().map(|told| told.2).collect();
        assert!(lines.is_sorted() && lines.windows(2).all(|two| two[0] < two[1]));
        let kinds: Vec<_> = told[..3].iter().map(|told| (told.0, told.1)).collect();
        assert_eq!(
            kinds,
            [
                (Some("first"), NodeKind::Child),
                (None, NodeKind::Daemon),
                (Some("new"), NodeKind::Shielded),
            ]
        );
        #[cfg(target_has_atomic = "ptr")]
        drop(start);
        drop(children);
    }));
}

#[test]
fn it_may_be_taken_from_elsewhere_and_while_nobody_polls_the_scope() {
    let (driver, s) = scope::scope();
    s.spawn(pending::<()>());
    assert_eq!(
        std::thread::scope(|threads| threads.spawn(|| ids(&s)).join().unwrap()),
        [1]
    );
    let mut running = Box::pin(driver.run(pending::<()>()));
    assert!(poll_now(running.as_mut()).is_pending());
    assert_eq!(
        std::thread::scope(|threads| threads.spawn(|| ids(&s)).join().unwrap()),
        [1]
    );
    drop(running);
    assert_eq!(ids(&s), []);
    s.spawn(async {}).named("refused");
    assert_eq!(ids(&s), []);
}

#[test]
fn more_children_than_one_batch_are_told_of_in_order_and_once() {
    let (driver, s) = scope::scope();
    for _ in 0..100 {
        s.spawn(pending::<()>());
    }
    assert!(ids(&s).into_iter().eq(1..=100));
    drop(driver);
}

#[test]
fn the_closure_may_spawn_end_children_and_take_snapshots() {
    let (driver, s) = scope::scope();
    let handles: Vec<_> = (0..40).map(|_| s.spawn(pending::<()>())).collect();
    let mut running = Box::pin(driver.run(pending::<()>()));
    assert!(poll_now(running.as_mut()).is_pending());
    let mut told = Vec::new();
    s.visit(&mut |child: &Node| {
        if child.parent().is_none() {
            return;
        }
        told.push(child.id().number());
        s.spawn(pending::<()>());
        if told.len() == 1 {
            // Those up to the end of the batch have been looked at; the next batch begins behind.
            handles[..20].iter().for_each(|handle| handle.abort());
            assert!(poll_now(running.as_mut()).is_pending());
            assert_eq!(ids(&s).first(), Some(&21));
        }
    });
    assert!(
        told.into_iter().eq((1..=16).chain(21..=40)),
        "nobody spawned meanwhile"
    );
    drop(running);
}

#[test]
fn a_panic_in_the_closure_leaves_the_list_whole() {
    let (driver, s) = scope::scope();
    for _ in 0..20 {
        s.spawn(async {});
    }
    let panic = panics(|| {
        s.visit(&mut |child| assert!(child.id().number() < 18, "eighteen"));
    });
    assert_eq!(panic, "eighteen");
    assert!(ids(&s).into_iter().eq(1..=20));
    drop(driver);
}

#[test]
fn a_break_is_not_told_of_and_a_destructor_may_look() {
    let seen = Mutex::new(Vec::new());
    let result: Result<(), _> = block_on(try_scope!(|s| {
        s.spawn(async {
            let _guard = OnDrop(|| seen.lock().unwrap().push(ids(&s)));
            pending::<()>().await
        });
        s.spawn(pending::<()>());
        yield_now().await;
        s.break_with("broken").unwrap();
        assert_eq!(ids(&s), [1, 2]);
        pending().await
    }));
    assert_eq!(result, Err("broken"));
    // The second is gone by then; the first is until its destructors have run.
    assert_eq!(seen.into_inner().unwrap(), [[1]]);
}

#[test]
fn the_scope_itself_comes_first_with_its_body() {
    use State::{Ready, Running, Unstarted, Waiting};
    let here = Location::caller();
    let (driver, s) = scope::scope();
    let driver = driver.named("outer").named("inner");
    let the_body = |state, polls| {
        let told = nodes(&s);
        let body = told[0];
        assert_eq!((body.kind(), body.parent()), (NodeKind::Scope, None));
        assert_eq!(
            (body.id().to_string(), body.name()),
            ("0#0".into(), Some("inner"))
        );
        assert_eq!(body.site().unwrap().line(), here.line() + 1);
        assert_eq!((body.state(), body.polls()), (state, polls));
    };
    the_body(Unstarted, 0);
    let wakes = std::cell::Cell::new(None);
    let mut running = Box::pin(driver.run(async {
        the_body(Running, 1);
        yield_now().await;
        the_body(Running, 2);
        std::future::poll_fn(|cx| {
            wakes.set(Some(cx.waker().clone()));
            std::task::Poll::<()>::Pending
        })
        .await;
    }));
    assert!(poll_now(running.as_mut()).is_pending());
    the_body(Ready, 1);
    assert!(poll_now(running.as_mut()).is_pending());
    the_body(Waiting, 2);
    wakes.take().unwrap().wake();
    the_body(Ready, 2);
    drop(running);
}

#[test]
fn it_tells_why_and_since_when_a_scope_ends() {
    use pleach::cancel::{CauseKind, Phase};
    let (driver, s) = scope::scope();
    let phase = || {
        let node = nodes(&s)[0];
        (node.phase(), node.cause().map(|cause| cause.kind()))
    };
    assert_eq!(phase(), (Phase::Running, None));
    s.token().stop(CauseKind::Requested);
    assert_eq!(phase(), (Phase::Stopping, Some(CauseKind::Requested)));
    s.cancel_with(CauseKind::Shutdown);
    assert_eq!(phase(), (Phase::Cancelled, Some(CauseKind::Requested)));
    drop(driver);
    assert_eq!(phase(), (Phase::Cancelled, Some(CauseKind::Requested)));

    let (driver, s) = scope::scope();
    block_on(driver.run(async {}));
    let node = nodes(&s)[0];
    let cause = node.cause().map(|cause| cause.kind());
    assert_eq!(
        (node.phase(), cause),
        (Phase::Cancelled, Some(CauseKind::ScopeEnded))
    );
}

#[test]
fn the_workers_of_a_pipeline_were_spawned_where_their_stage_was_made() {
    let done = block_on(try_scope!(|s| {
        let begun = line!();
        Pipeline::new(&s, 8)
            .iter(0..2)
            .map(2, async |n| Ok::<_, ()>(n))
            .filter(|_| true)
            .each(|_| {});
        let told = below(&s);
        let lines = told.iter().map(|node| node.site().unwrap().line() - begun);
        assert_eq!(lines.collect::<Vec<_>>(), [1, 2, 3, 3, 4, 5]);
        Ok(())
    }));
    assert!(done.is_ok());
}
