//! `race` and `select_all`.

use std::{
    future::{Pending, pending, ready},
    pin::pin,
};

use futures_core::future::FusedFuture;
use pleach::{
    channel,
    select::{race, select_all},
};

use super::{block_on, now};

#[test]
fn the_first_of_two_to_eight_wins() {
    let never = pending::<u8>;
    block_on(async {
        assert_eq!(race((never(), ready(2))).await, 2);
        assert_eq!(race((never(), ready(2), never())).await, 2);
        assert_eq!(race((never(), never(), never(), ready(4))).await, 4);
        assert_eq!(
            race((never(), never(), never(), never(), async { 5 })).await,
            5
        );
        assert_eq!(
            race((ready(1), never(), never(), never(), never(), never())).await,
            1
        );
        assert_eq!(
            race((
                never(),
                never(),
                never(),
                never(),
                never(),
                never(),
                ready(7)
            ))
            .await,
            7
        );
        assert_eq!(
            race((
                never(),
                never(),
                never(),
                never(),
                never(),
                never(),
                never(),
                ready(8)
            ))
            .await,
            8
        );
    });
}

#[test]
fn all_are_dropped_when_one_has_won() {
    let (sender, receiver) = channel::bounded::<u8>(0);
    let mut race = pin!(race((async { receiver.recv().await.unwrap() }, ready(1))));
    assert!(!race.is_terminated());
    assert_eq!(now(race.as_mut()), Some(1));
    assert!(race.is_terminated());
    assert!(sender.try_send(1).is_err(), "nobody waits any more");
}

#[test]
#[should_panic(expected = "`Race` was polled after it had completed")]
fn a_race_that_is_over_panics() {
    let mut race = pin!(race((ready(1), ready(2))));
    assert!(now(race.as_mut()).is_some());
    now(race.as_mut());
}

#[test]
fn one_of_many_by_array_vector_and_slice() {
    block_on(async {
        assert_eq!(select_all([ready("a")]).await, (0, "a"));
        assert_eq!(select_all(vec![ready("a")]).await, (0, "a"));
        let mut futures = [const { None }, Some(1), None].map(|n| {
            Box::pin(async move {
                match n {
                    Some(n) => n,
                    None => pending().await,
                }
            })
        });
        assert_eq!(select_all(&mut futures[..]).await, (1, 1));
    });
}

#[test]
fn those_that_lost_live_on_behind_a_reference() {
    let channels = [(); 3].map(|()| channel::bounded(1));
    let mut received = channels
        .each_ref()
        .map(|(_, receiver)| Box::pin(receiver.recv()));
    let mut first = pin!(select_all(&mut received));
    assert!(now(first.as_mut()).is_none());
    channels[2].0.try_send(2).unwrap();
    channels[0].0.try_send(0).unwrap();
    let (at, message) = now(first.as_mut()).unwrap();
    assert_eq!(message, Ok(at));
    assert!(first.is_terminated());
    let other = 2 - at;
    assert_eq!(now(received[other].as_mut()), Some(Ok(other)));
}

#[test]
#[should_panic(expected = "`select_all` of nothing would never be ready")]
fn of_nothing_it_panics() {
    drop(select_all([] as [Pending<()>; 0]));
}

#[test]
#[should_panic(expected = "`SelectAll` was polled after it had completed")]
fn a_list_that_is_over_panics() {
    let mut all = pin!(select_all([ready(1)]));
    assert!(now(all.as_mut()).is_some());
    now(all.as_mut());
}
