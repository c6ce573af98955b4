//! Stages of workers in a scope.

use pleach::{
    pipeline::{Pipeline, WorkerPool},
    scope, try_scope,
};

use crate::{Platform, tests};

tests![
    a_pipeline_works_off_all_items_in_order,
    a_pipeline_that_fails_accounts_for_its_items,
    a_pool_gives_back_what_it_did_not_begin,
];

fn a_pipeline_works_off_all_items_in_order(platform: &Platform) {
    let result = platform.block_on(try_scope!(|s| {
        let items = Pipeline::<()>::new(&s, 1)
            .iter(0..20_u32)
            .map_ordered(2, async |n| Ok(n * n))
            .filter(|n| n % 2 == 0)
            .into_receiver();
        let mut sum = 0;
        while let Ok(n) = items.recv().await {
            sum += n;
        }
        Ok(sum)
    }));
    assert_eq!(result, Ok(1140));
}

fn a_pipeline_that_fails_accounts_for_its_items(platform: &Platform) {
    let mut left = 0;
    let result = platform.block_on(try_scope!(|s| {
        Pipeline::new(&s, 4)
            .iter(1..=5_u32)
            .on_unprocessed(|_| left += 1)
            .for_each(1, async |n| if n == 3 { Err(n) } else { Ok(()) });
        Ok(())
    }));
    let failed = result.unwrap_err();
    assert_eq!(
        (failed.error(), failed.unprocessed(), left),
        (Some(&3), 2, 2)
    );
}

fn a_pool_gives_back_what_it_did_not_begin(platform: &Platform) {
    let left = platform.block_on(scope!(|s| {
        let (pool, results) = WorkerPool::new(&s, 1, 3, async |n: u32| n + 1);
        for n in 0..3 {
            pool.submit(n).await.unwrap();
        }
        let first = results.recv().await;
        (first, pool.cancel().await)
    }));
    assert_eq!(left.0, Ok(1));
    assert!(left.1.len() < 3);
}
