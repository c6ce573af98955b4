//! Many children of one type.

use core::num::NonZeroUsize;

use executor::yield_now;
use pleach::group::{AnyOk, TryAll, group, map_ordered, open};

use crate::{Platform, tests};

tests![
    outputs_come_in_the_order_of_the_items,
    the_first_error_and_the_first_value_end_a_group,
    a_body_takes_results_and_spawns,
];

fn outputs_come_in_the_order_of_the_items(platform: &Platform) {
    let three = const { NonZeroUsize::new(3).unwrap() };
    let squares = platform.block_on(map_ordered(0..50_u32, three, |n| async move {
        for _ in 0..n % 4 {
            yield_now().await;
        }
        n * n
    }));
    assert!(squares.into_iter().eq((0..50).map(|n| n * n)));
}

fn the_first_error_and_the_first_value_end_a_group(platform: &Platform) {
    let children = || {
        (0..10_u32).map(|n| async move {
            yield_now().await;
            if n % 4 == 3 { Ok(n) } else { Err(n) }
        })
    };
    let first_error = platform.block_on(group(children()).join(TryAll::new()));
    assert_eq!(first_error.unwrap_err(), 0);
    assert_eq!(
        platform.block_on(group(children()).join(AnyOk::new())),
        Ok(3)
    );
}

fn a_body_takes_results_and_spawns(platform: &Platform) {
    let (group, spawner) = open();
    let (driver, mut results) = group.limit(NonZeroUsize::MIN).results();
    let sum = platform.block_on(driver.run(async move {
        let child = |n: u32| async move {
            yield_now().await;
            n
        };
        let mut sum = 0;
        for n in 0..20 {
            assert!(spawner.spawn(child(n)).is_ok());
        }
        while let Some(n) = results.next().await {
            sum += n;
        }
        sum
    }));
    assert_eq!(sum, 190);
}
