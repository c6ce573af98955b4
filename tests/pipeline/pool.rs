//! Worker pools.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use pleach::{channel::TrySendError, pipeline::WorkerPool, scope};

use super::{block_on, sorted, yields};

#[test]
fn shutting_down_works_off_all_jobs() {
    let results = block_on(scope!(|s| {
        let (pool, results) = WorkerPool::new(&s, 3, 2, async |n: usize| {
            yields(n % 4).await;
            n * n
        });
        let submitted = pool.clone();
        s.spawn(async move {
            for n in 0..50 {
                submitted.submit(n).await.unwrap();
            }
            assert!(submitted.shutdown());
            assert!(!submitted.shutdown());
            assert!(submitted.is_shut_down());
            assert_eq!(submitted.submit(50).await.unwrap_err().into_inner(), 50);
        });
        let mut all = Vec::new();
        while let Ok(n) = results.recv().await {
            all.push(n);
        }
        all
    }));
    assert_eq!(sorted(results), Vec::from_iter((0..50).map(|n| n * n)));
}

#[test]
fn dropping_the_last_pool_shuts_it_down() {
    let results = block_on(scope!(|s| {
        let (pool, results) = WorkerPool::new(&s, 1, 8, async |n: usize| n);
        let clone = pool.clone();
        clone.try_submit(1).unwrap();
        drop(clone);
        pool.try_submit(2).unwrap();
        drop(pool);
        [
            results.recv().await,
            results.recv().await,
            results.recv().await,
        ]
        .map(Result::ok)
    }));
    assert_eq!(results, [Some(1), Some(2), None]);
}

#[test]
fn a_pool_that_is_cancelled_gives_back_what_it_did_not_begin() {
    let begun = Mutex::new(Vec::new());
    let (results, left) = block_on(scope!(|s| {
        let (pool, results) = WorkerPool::new(&s, 2, 10, async |n: usize| {
            begun.lock().unwrap().push(n);
            yields(5).await;
            n
        });
        for n in 0..10 {
            pool.submit(n).await.unwrap();
        }
        let mut done = vec![results.recv().await.unwrap()];
        let left = pool.cancel().await;
        assert_eq!(pool.try_submit(11), Err(TrySendError::Closed(11)));
        assert!(pool.cancel().await.is_empty());
        while let Ok(n) = results.recv().await {
            done.push(n);
        }
        (done, left)
    }));
    assert_eq!(sorted(results.clone()), begun.into_inner().unwrap());
    assert!(!left.is_empty());
    assert_eq!([sorted(results), left].concat(), Vec::from_iter(0..10));
}

#[test]
fn a_pool_whose_scope_is_cancelled_ends_and_still_has_the_jobs() {
    let left = block_on(scope!(|s| {
        let (pool, results) = WorkerPool::new(&s, 1, 10, async |n: usize| n);
        // An idle worker is told as well.
        yields(3).await;
        for n in 0..3 {
            pool.try_submit(n).unwrap();
        }
        s.cancel();
        yields(5).await;
        assert!(pool.submit(9).await.is_err());
        let mut done = 0;
        while results.recv().await.is_ok() {
            done += 1;
        }
        (done, pool.cancel().await)
    }));
    // The idle worker had been promised the first, and had not begun it.
    assert_eq!(left, (0, vec![0, 1, 2]));
}

#[test]
fn idle_workers_end_with_a_cancelled_scope() {
    let mut kept = None;
    block_on(scope!(|s| {
        kept = Some(WorkerPool::new(&s, 3, 10, async |n: usize| n));
        yields(3).await;
        s.cancel();
    }));
    // The scope has ended though the pool lives on.
    let (pool, results) = kept.unwrap();
    assert_eq!(pool.try_submit(1), Err(TrySendError::Closed(1)));
    assert!(results.is_finished());
}

#[test]
fn a_pool_without_a_receiver_takes_no_jobs() {
    block_on(scope!(|s| {
        let (pool, results) = WorkerPool::new(&s, 2, 1, async |n: usize| n);
        drop(results);
        let mut taken = 0;
        while pool.submit(taken).await.is_ok() {
            taken += 1;
        }
        assert!(taken < 4);
    }));
}

/// As many jobs and results at a time as there is room for.
#[test]
fn a_pool_is_bounded() {
    let begun = AtomicUsize::new(0);
    block_on(scope!(|s| {
        let (pool, results) = WorkerPool::new(&s, 3, 2, async |n: usize| {
            begun.fetch_add(1, SeqCst);
            n
        });
        let mut submitted = 0;
        for _ in 0..20 {
            while pool.try_submit(submitted).is_ok() {
                submitted += 1;
            }
            yields(5).await;
        }
        assert_eq!((submitted, begun.load(SeqCst)), (3 + 2, 3));
        assert_eq!(results.recv().await, Ok(0));
        yields(5).await;
        assert_eq!(begun.load(SeqCst), 4);
        assert_eq!(pool.queue().len(), 1);
    }));
}

#[cfg(feature = "std")]
#[test]
fn threads_submit_too() {
    let sum = block_on(scope!(|s| {
        let (pool, results) = WorkerPool::new(&s, 2, 1, async |n: usize| n);
        let threads = [0, 1].map(|part| {
            let pool = pool.clone();
            std::thread::spawn(move || {
                for n in 0..500 {
                    pool.queue().send_blocking(2 * n + part).unwrap();
                }
            })
        });
        drop(pool);
        let mut sum = 0;
        while let Ok(n) = results.recv().await {
            sum += n;
        }
        for thread in threads {
            thread.join().unwrap();
        }
        sum
    }));
    assert_eq!(sum, (0..1000).sum());
}

#[test]
#[should_panic(expected = "a pool without workers")]
fn a_pool_needs_a_worker() {
    block_on(scope!(|s| {
        let _pool = WorkerPool::new(&s, 0, 1, async |n: u8| n);
    }));
}

/// Of jobs that are promised to idle workers none is begun, and they come back in order.
#[test]
fn a_pool_that_is_cancelled_begins_no_job() {
    let begun = AtomicUsize::new(0);
    let left = block_on(scope!(|s| {
        let (pool, results) = WorkerPool::new(&s, 3, 10, async |n: usize| {
            begun.fetch_add(1, SeqCst);
            n
        });
        yields(3).await;
        for n in 0..5 {
            pool.try_submit(n).unwrap();
        }
        let left = pool.cancel().await;
        assert!(results.recv().await.is_err());
        left
    }));
    assert_eq!((left, begun.into_inner()), (Vec::from_iter(0..5), 0));
}

/// Nobody waits for the next job to find out that results are for nobody.
#[test]
fn idle_workers_end_when_nobody_receives_results() {
    let begun = AtomicUsize::new(0);
    block_on(scope!(|s| {
        let (pool, results) = WorkerPool::new(&s, 3, 10, async |_: usize| {
            begun.fetch_add(1, SeqCst);
        });
        yields(3).await;
        drop(results);
        yields(3).await;
        assert!(pool.is_shut_down());
        assert_eq!(pool.try_submit(1), Err(TrySendError::Closed(1)));
    }));
    assert_eq!(begun.into_inner(), 0);
}

/// A scope that has room for the workers and no child more.
#[test]
fn a_limit_of_as_many_as_there_are_workers_is_enough() {
    let limit = std::num::NonZeroUsize::new(2).unwrap();
    let left = block_on(scope!(limit = limit, |s| {
        let (pool, results) = WorkerPool::new(&s, 2, 4, async |n: usize| n);
        pool.try_submit(1).unwrap();
        assert_eq!(results.recv().await, Ok(1));
        yields(3).await;
        s.cancel();
        pool.cancel().await
    }));
    assert!(left.is_empty());
}
