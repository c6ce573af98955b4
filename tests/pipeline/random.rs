//! Pipelines of random stages that end in random ways: every item is accounted for.

use std::sync::{
    Mutex,
    atomic::{AtomicU32, Ordering::SeqCst},
};

use pleach::{
    Scope,
    cancel::CauseKind,
    channel::Receiver,
    pipeline::{Failed, Flow, Pipeline},
    try_scope,
};

use super::{
    block_on, sorted,
    support::{programs, rng::Rng},
    yields,
};

/// How often the paths of a pipeline were gone.
#[derive(Default)]
struct Reached {
    done: u32,
    failed: u32,
    cancelled: u32,
    had_enough: u32,
    drained: u32,
    left: u32,
}

struct Record {
    given: AtomicU32,
    left: Mutex<Vec<u32>>,
    /// What lies behind the last stage when the scope has ended.
    rest: Mutex<Option<Receiver<u32>>>,
}

/// Does something between its polls, and fails for the item `bad`.
async fn worked(n: u32, salt: u64, bad: u32) -> Result<u32, u32> {
    yields(Rng::new(salt ^ u64::from(n)).below(4) as usize).await;
    if n == bad { Err(n) } else { Ok(n) }
}

/// Adds a stage; returns whether it keeps the order.
fn stage<'env>(
    rng: &mut Rng,
    flow: Flow<'env, u32, u32>,
    record: &'env Record,
    bad: u32,
) -> (Flow<'env, u32, u32>, bool) {
    let (workers, salt) = (rng.below(4) as usize + 1, rng.below(1 << 30));
    let flow = flow
        .bounded(rng.below(4) as usize)
        .on_unprocessed(|n| record.left.lock().unwrap().push(n));
    match rng.below(4) {
        0 => (
            flow.map(workers, move |n| worked(n, salt, bad)),
            workers == 1,
        ),
        1 => (
            flow.map_ordered(workers, move |n| worked(n, salt, bad)),
            true,
        ),
        2 => (flow.filter(|_| true), true),
        _ => {
            let f = move |n| async move { worked(n, salt, bad).await.map(Some) };
            (flow.filter_map_ordered(workers, f), true)
        }
    }
}

async fn body<'env>(
    s: Scope<'env, Failed<u32>>,
    seed: u64,
    record: &'env Record,
    received: &mut Vec<u32>,
    reached: &mut Reached,
) -> Result<bool, Failed<u32>> {
    let mut rng = Rng::new(seed);
    let total = rng.below(40) as u32;
    let p = Pipeline::new(&s, rng.below(3) as usize);
    let mut flow = p.iter((0..total).inspect(|_| {
        record.given.fetch_add(1, SeqCst);
    }));
    let mut is_ordered = true;
    for _ in 0..rng.below(4) {
        let bad = if rng.one_in(4) {
            rng.below(40) as u32
        } else {
            u32::MAX
        };
        let (next, keeps_order) = stage(&mut rng, flow, record, bad);
        flow = next;
        is_ordered &= keeps_order;
    }
    let keep = |n| record.left.lock().unwrap().push(n);
    let items = flow.on_unprocessed(keep).into_receiver();
    let what = rng.below(6);
    if what != 2 {
        *record.rest.lock().unwrap() = Some(items.clone());
    }
    let after = rng.below(30);
    drop(s);
    for n in 0.. {
        if n == after {
            match what {
                0 => {
                    p.token().cancel();
                    reached.cancelled += 1;
                }
                1 => {
                    p.token().stop(CauseKind::Shutdown);
                    reached.drained += 1;
                }
                2 => {
                    reached.had_enough += 1;
                    // What has come is taken, and then no more.
                    received.extend(items.drain());
                    return Ok(is_ordered);
                }
                _ => {}
            }
        }
        if rng.one_in(3) {
            yields(rng.below(6) as usize).await;
        }
        match items.recv().await {
            Ok(item) => received.push(item),
            Err(_) => break,
        }
    }
    Ok(is_ordered)
}

fn run(seed: u64, reached: &mut Reached) {
    let record = Record {
        given: AtomicU32::new(0),
        left: Mutex::new(Vec::new()),
        rest: Mutex::new(None),
    };
    let mut received = Vec::new();
    let result = block_on(try_scope!(|s| {
        body(s, seed, &record, &mut received, reached).await
    }));
    let left = record.left.into_inner().unwrap();
    let rest = record.rest.into_inner().unwrap();
    let is_inside = rest.is_none();
    let rest: Vec<_> = rest.iter().flat_map(|rest| rest.drain()).collect();
    // Without a receiver outside of the scope it went with the body's.
    let mut went = 0;
    let failed = match &result {
        Ok(is_ordered) => {
            reached.done += 1;
            assert!(
                !is_ordered || received.is_sorted(),
                "seed {seed}: {received:?}"
            );
            Vec::new()
        }
        Err(failed) => {
            reached.failed += 1;
            // Of those that are left some may have been so before, as nobody received any more.
            let known = left.len() + rest.len();
            assert!(failed.unprocessed() >= known || is_inside, "seed {seed}");
            went = failed.unprocessed().saturating_sub(known);
            assert!(went == 0 || is_inside, "seed {seed}");
            failed.errors().to_vec()
        }
    };
    reached.left += left.len() as u32;
    let accounted = sorted([received, left, rest, failed].concat());
    let twice = accounted.windows(2).find(|pair| pair[0] == pair[1]);
    assert_eq!(twice, None, "seed {seed}");
    let given = record.given.into_inner() as usize;
    assert_eq!(accounted.len() + went, given, "seed {seed}: {accounted:?}");
}

#[test]
fn every_item_of_a_random_pipeline_is_accounted_for() {
    let mut reached = Reached::default();
    if !programs::seeds(3_000, |seed| run(seed, &mut reached)) {
        return;
    }
    let Reached {
        done,
        failed,
        cancelled,
        had_enough,
        drained,
        left,
    } = reached;
    for count in [done, failed, cancelled, had_enough, drained, left] {
        assert!(count > 0, "a path was never gone");
    }
}
