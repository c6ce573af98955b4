//! Places that are held.

use futures_util::future::FusedFuture;
use pleach::channel::{ReserveError, TryReserveError, bounded};

use crate::{is_pending, now, pending, ready};

#[test]
fn a_permit_holds_its_place() {
    let (sender, receiver) = bounded(2);
    let first = sender.try_reserve().unwrap();
    let second = now(sender.reserve()).unwrap().unwrap();
    assert!(matches!(sender.try_reserve(), Err(TryReserveError::Full)));
    assert!(sender.is_full() && sender.is_empty());
    second.send('b').unwrap();
    first.send('a').unwrap();
    assert!(receiver.drain().eq(['b', 'a']), "in the order of the sends");
}

#[test]
fn a_permit_that_is_dropped_lets_the_next_in() {
    let (sender, receiver) = bounded(1);
    let permit = sender.try_reserve().unwrap();
    let mut send = pending(sender.send(1));
    drop(permit);
    assert_eq!(ready(&mut send), Ok(()));
    assert_eq!(receiver.try_recv(), Ok(1));
}

#[test]
fn a_reserve_that_is_dropped_after_it_was_granted_gives_its_place_back() {
    let (sender, receiver) = bounded(1);
    sender.try_send(1).unwrap();
    let reserve = pending(sender.reserve());
    let mut next = pending(sender.reserve());
    assert_eq!(receiver.try_recv(), Ok(1));
    drop(reserve);
    ready(&mut next).unwrap().send(2).unwrap();
    assert!(next.is_terminated());
    assert_eq!(receiver.try_recv(), Ok(2));
}

#[test]
fn many_places_come_at_once_and_are_used_one_by_one() {
    let (sender, receiver) = bounded(3);
    sender.try_send(0).unwrap();
    let mut many = pending(sender.reserve_many(3));
    let mut after = pending(sender.send(9));
    assert_eq!(receiver.try_recv(), Ok(0));
    let mut permits = ready(&mut many).unwrap();
    assert_eq!(permits.len(), 3);
    permits.next().unwrap().send(1).unwrap();
    assert!(is_pending(&mut after));
    drop(permits);
    assert_eq!(ready(&mut after), Ok(()));
    assert!(receiver.drain().eq([1, 9]));
}

#[test]
fn more_places_than_there_can_be_are_refused_at_once() {
    for (capacity, limit) in [(0, 1), (1, 1), (5, 5)] {
        let (sender, _receiver) = bounded::<()>(capacity);
        let requested = limit + 1;
        let refused = now(sender.reserve_many(requested)).unwrap().unwrap_err();
        assert_eq!(refused, ReserveError::TooMany { requested, limit });
        let refused = sender.try_reserve_many(usize::MAX).unwrap_err();
        let requested = usize::MAX;
        assert_eq!(refused, TryReserveError::TooMany { requested, limit });
    }
}

#[test]
fn no_places_are_free_to_have() {
    let (sender, _receiver) = bounded::<()>(1);
    assert_eq!(sender.try_reserve_many(0).unwrap().count(), 0);
    assert_eq!(now(sender.reserve_many(0)).unwrap().unwrap().count(), 0);
}

#[test]
fn a_slot_keeps_its_message_until_it_is_sent() {
    let (sender, receiver) = bounded(1);
    sender.try_send(1).unwrap();
    let mut slot = Some(2);
    drop(pending(sender.send_from(&mut slot)));
    assert_eq!(slot, Some(2));
    let mut send = pending(sender.send_from(&mut slot));
    assert_eq!(receiver.try_recv(), Ok(1));
    assert_eq!(ready(&mut send), Ok(()));
    drop(send);
    assert_eq!(slot, None);
    assert_eq!(receiver.try_recv(), Ok(2));
}

#[test]
fn an_owned_permit_keeps_the_channel_open_and_gives_its_place_back() {
    let (sender, receiver) = bounded(1);
    let permit = now(sender.reserve_owned()).unwrap().unwrap();
    assert!(matches!(
        sender.try_reserve_owned(),
        Err(TryReserveError::Full)
    ));
    let mut waiting = pending(sender.reserve_owned());
    drop(permit);
    let permit = ready(&mut waiting).unwrap();
    drop((sender, waiting));
    assert!(!receiver.is_closed());
    assert_eq!(permit.send(1), Ok(()));
    assert!(receiver.is_closed());
    assert_eq!(receiver.try_recv(), Ok(1));
}

#[test]
fn an_owned_claim_that_is_granted_and_dropped_gives_its_place_back() {
    let (sender, receiver) = bounded(1);
    sender.try_send(0).unwrap();
    let claim = pending(sender.reserve_owned());
    let mut next = pending(sender.reserve());
    assert_eq!(receiver.try_recv(), Ok(0));
    assert!(is_pending(&mut next));
    drop(claim);
    assert!(ready(&mut next).is_ok());
    assert_eq!(sender.sender_count(), 1);
}

#[test]
fn an_owned_permit_without_a_receiver_gives_the_message_back() {
    let (sender, receiver) = bounded(1);
    let permit = sender.try_reserve_owned().unwrap();
    drop(receiver);
    assert_eq!(permit.send("back").unwrap_err().into_inner(), "back");
    assert!(matches!(
        now(sender.reserve_owned()),
        Some(Err(ReserveError::Closed))
    ));
}
