//! Every arm that is ready has at least its share.

use std::future::{pending, ready};

use pleach::{
    channel, select,
    select::{race, select_all},
};

use super::block_on;

const ROUNDS: usize = 12_000;

/// Among `arms` arms of which all are ready each wins about as often: within a tenth.
#[track_caller]
fn expect_even(wins: &[usize]) {
    let share = wins.iter().sum::<usize>() / wins.len();
    for count in wins {
        assert!(count.abs_diff(share) <= share / 10, "{wins:?}");
    }
}

#[test]
fn all_that_are_ready_win_equally_often() {
    block_on(async {
        let mut wins = [0; 3];
        for _ in 0..ROUNDS {
            let arm = select! {
                _ = ready(()) => 0,
                _ = ready(()) => 1,
                _ = ready(()) => 2,
            };
            wins[arm] += 1;
        }
        expect_even(&wins);
    });
}

#[test]
fn each_has_at_least_its_share_beside_arms_that_are_not_ready() {
    block_on(async {
        let mut wins = [0; 5];
        for _ in 0..ROUNDS {
            let arm = select! {
                _ = pending::<()>() => 0,
                _ = ready(()) => 1,
                _ = ready(()) => 2,
                _ = pending::<()>() => 3,
                _ = ready(()) => 4,
            };
            wins[arm] += 1;
        }
        for arm in [1, 2, 4] {
            assert!(wins[arm] >= ROUNDS / 5 * 9 / 10, "{wins:?}");
        }
        assert_eq!(wins.iter().sum::<usize>(), ROUNDS);
    });
}

#[test]
fn with_default_too() {
    let mut wins = [0; 2];
    for _ in 0..ROUNDS {
        let arm = select! {
            _ = ready(()) => 0,
            _ = ready(()) => 1,
            default => unreachable!(),
        };
        wins[arm] += 1;
    }
    expect_even(&wins);
}

#[test]
fn biased_takes_the_first_always() {
    block_on(async {
        for _ in 0..100 {
            select! {
                biased;
                _ = pending::<()>() => unreachable!(),
                _ = ready(()) => {}
                _ = ready(()) => unreachable!(),
            }
        }
    });
}

#[test]
fn two_full_channels_are_emptied_side_by_side() {
    block_on(async {
        let (a, from_a) = channel::bounded(ROUNDS);
        let (b, from_b) = channel::bounded(ROUNDS);
        for n in 0..ROUNDS {
            a.try_send(n).unwrap();
            b.try_send(n).unwrap();
        }
        let mut wins = [0; 2];
        for _ in 0..ROUNDS {
            let arm = select! {
                Ok(_) = from_a.recv() => 0,
                Ok(_) = from_b.recv() => 1,
            };
            wins[arm] += 1;
        }
        expect_even(&wins);
    });
}

#[test]
fn races_and_lists_begin_with_another_each_time() {
    block_on(async {
        let mut wins = [0; 4];
        for _ in 0..ROUNDS {
            wins[race((ready(0), ready(1), ready(2), ready(3))).await] += 1;
        }
        expect_even(&wins);
        let mut wins = [0; 4];
        for _ in 0..ROUNDS {
            wins[select_all([(); 4].map(ready)).await.0] += 1;
        }
        expect_even(&wins);
    });
}
