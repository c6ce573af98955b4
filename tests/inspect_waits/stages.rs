//! The workers of pipelines and pools wait where the program has made their stage, and at what was made there.

use std::future::pending;

use futures_util::{StreamExt as _, stream};
use pleach::{
    Scope, channel,
    inspect::{
        Inspect, StallReport,
        WaitKind::{self, Acquire, Event, Recv, Send, Token},
    },
    pipeline::{Failed, Pipeline, WorkerPool},
    scope, try_scope,
};

use crate::{
    line, made,
    support::{block_on, yield_now},
};

type Seen = Vec<(u32, Vec<WaitKind>)>;

/// Of each child of the scope, when nothing goes on any more: where it was spawned, and what it waits for, which was
/// all begun there and made in this file.
async fn seen<B>(s: &Scope<'_, B>) -> Seen {
    for _ in 0..100 {
        yield_now().await;
    }
    let (mut seen, mut is_body) = (Vec::new(), true);
    s.visit(&mut |node| {
        if std::mem::take(&mut is_body) {
            return;
        }
        let stage = line(node.site().expect("it is known where it was spawned"));
        let waits = node.waits();
        assert_eq!(waits.more(), 0);
        for wait in waits.iter() {
            assert_eq!(line(wait.site()), stage, "{:?}", wait.kind());
            assert!(made(wait).is_some(), "{:?}", wait.kind());
        }
        seen.push((stage, waits.iter().map(|wait| wait.kind()).collect()));
    });
    seen
}

#[test]
fn where_nothing_comes() {
    let (_sender, items) = channel::bounded::<u8>(1);
    let (_other, others) = channel::bounded::<u8>(1);
    let result = block_on(try_scope!(|s| {
        let at = line!();
        let p = Pipeline::<()>::new(&s, 1);
        let (items, others) = (p.receive(items), p.receive(others));
        items
            .map(1, async |n| Ok(n))
            .filter(|_| true)
            .merge(others)
            .map_ordered(2, async |n| Ok(n))
            .chunks(2)
            .for_each(1, async |_| Ok(()));
        p.produce(async |_| pending().await).each(|_: u8| {});
        let found = seen(&s).await;
        assert_eq!(
            found,
            [
                (at + 1, vec![Token, Event]),
                (at + 4, vec![Recv]),
                (at + 5, vec![Recv]),
                (at + 6, vec![Recv]),
                (at + 6, vec![Recv]),
                (at + 7, vec![Recv]),
                (at + 7, vec![Acquire]),
                (at + 7, vec![Recv]),
                (at + 8, vec![Recv]),
                (at + 9, vec![Recv]),
                (at + 10, vec![]),
                (at + 10, vec![Recv]),
            ]
        );
        Err::<(), _>(Failed::from(()))
    }));
    assert!(result.is_err());
}

#[test]
fn where_nothing_is_taken() {
    let result = block_on(try_scope!(|s| {
        let at = line!();
        let p = Pipeline::<()>::new(&s, 0);
        let _ordered = p
            .iter(0..100)
            .map_ordered(1, async |n| Ok(n))
            .into_receiver();
        let _chunks = p
            .stream(stream::iter((0..100).map(Ok)))
            .filter(|_| true)
            .chunks(1)
            .into_receiver();
        let found = seen(&s).await;
        assert_eq!(
            found,
            [
                (at + 1, vec![Token, Event]),
                (at + 3, vec![Send]),
                (at + 4, vec![Send]),
                (at + 4, vec![Recv]),
                (at + 7, vec![Send]),
                (at + 8, vec![Send]),
                (at + 9, vec![Send]),
            ]
        );
        Err::<(), _>(Failed::from(()))
    }));
    assert!(result.is_err());
}

#[test]
fn where_an_item_takes_for_ever() {
    let result = block_on(try_scope!(|s| {
        let at = line!();
        let p = Pipeline::<()>::new(&s, 1);
        let _results = p
            .iter([1])
            .map_ordered(1, async |_: u8| pending::<Result<u8, ()>>().await)
            .into_receiver();
        let _none = p.stream(stream::pending::<Result<u8, _>>()).into_receiver();
        let found = seen(&s).await;
        assert_eq!(
            found,
            [
                (at + 1, vec![Token, Event]),
                (at + 4, vec![]),
                (at + 4, vec![Recv]),
                // That nobody receives any more: what the stream waits for it does not tell.
                (at + 6, vec![Event]),
            ]
        );
        p.token().cancel();
        let found = seen(&s).await;
        assert_eq!(found[0], (at + 1, vec![Event]));
        Err::<(), _>(Failed::from(()))
    }));
    assert!(result.is_err());
}

#[test]
fn pools_of_workers() {
    block_on(scope!(|s| {
        let at = line!();
        let (pool, results) = WorkerPool::new(&s, 1, 1, async |n: u8| n);
        assert_eq!(seen(&s).await, [(at + 1, vec![Recv])]);
        let submits = s.spawn(async move {
            for n in 0..100 {
                pool.submit(n).await.unwrap();
            }
        });
        yield_now().await;
        yield_now().await;
        let wait = crate::wait_of(&s, submits.id());
        assert_eq!(
            (wait.kind(), line(wait.site()), made(&wait)),
            (Send, at + 5, Some(at + 1))
        );
        submits.abort();
        assert_eq!(seen(&s).await, [(at + 1, vec![Send])]);
        results.recv().await.unwrap();
        drop(results);
    }));
}

/// Who cancels a pool waits until the workers have finished.
#[test]
fn the_end_of_a_pool() {
    let result = block_on(try_scope!(|s| {
        let (pool, _results) = WorkerPool::new(&s, 1, 1, async |(): ()| pending::<()>().await);
        pool.submit(()).await.unwrap();
        yield_now().await;
        let at = line!() + 1;
        let cancels = s.spawn(async move { pool.cancel().await });
        yield_now().await;
        let wait = crate::wait_of(&s, cancels.id());
        assert_eq!((wait.kind(), line(wait.site())), (Event, at));
        Err::<(), ()>(())
    }));
    assert_eq!(result, Err(()));
}

/// It waits for its stream, which is not of this crate, and not for room.
#[test]
fn a_source_that_waits_for_its_stream_is_in_no_ring() {
    let result = block_on(try_scope!(|s| {
        let p = Pipeline::<()>::new(&s, 1);
        let items = stream::iter([Ok(1_u8)]).chain(stream::pending());
        p.stream(items).each(|_| {});
        for _ in 0..100 {
            yield_now().await;
        }
        let report = StallReport::of(&s);
        assert_eq!(report.cycles().count(), 0, "{report}");
        Err::<(), _>(Failed::from(()))
    }));
    assert!(result.is_err());
}
