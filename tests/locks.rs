//! Locks that are waited for until a token is cancelled.

mod support;

use std::{pin::pin, task::Poll};

use pleach::{
    CancelToken, block_on,
    cancel::OrCancel,
    locks::{
        Mutex, OnceCell, RwLock, RwLockUpgradableReadGuard, lock_or_cancel, read_or_cancel,
        upgradable_read_or_cancel, write_or_cancel,
    },
};
use support::poll_now;

fn is_send(_: &impl Send) {}

#[test]
fn a_token_that_is_cancelled_wins_over_a_lock_that_is_free() {
    let (mutex, lock, token) = (Mutex::new(()), RwLock::new(()), CancelToken::new());
    token.cancel();
    assert!(block_on(lock_or_cancel(&mutex, &token)).is_err());
    assert!(block_on(read_or_cancel(&lock, &token)).is_err());
    assert!(block_on(upgradable_read_or_cancel(&lock, &token)).is_err());
    assert!(block_on(write_or_cancel(&lock, &token)).is_err());
    assert!(mutex.try_lock().is_some() && lock.try_write().is_some());
}

#[test]
fn who_gives_up_leaves_the_queue_and_those_behind_get_the_lock() {
    let (mutex, token, other) = (Mutex::new(0), CancelToken::new(), CancelToken::new());
    let held = mutex.try_lock().unwrap();
    let mut first = pin!(lock_or_cancel(&mutex, &token));
    let mut second = pin!(lock_or_cancel(&mutex, &other));
    is_send(&*first);
    assert!(poll_now(first.as_mut()).is_pending());
    assert!(poll_now(second.as_mut()).is_pending());
    token.cancel();
    drop(held);
    // A lock that could be taken is given out, though the token is cancelled: once.
    let Poll::Ready(outcome) = poll_now(first.as_mut()) else {
        panic!("both are there");
    };
    drop(outcome);
    assert!(matches!(poll_now(second.as_mut()), Poll::Ready(Ok(_))));

    let held = mutex.try_lock().unwrap();
    let mut third = pin!(lock_or_cancel(&mutex, &other));
    assert!(poll_now(third.as_mut()).is_pending());
    other.cancel();
    assert!(matches!(poll_now(third.as_mut()), Poll::Ready(Err(_))));
    drop(held);
    assert!(mutex.try_lock().is_some());
}

#[test]
fn a_wait_is_ended_by_its_token_from_another_thread() {
    let (mutex, token) = (Mutex::new(()), CancelToken::new());
    let held = mutex.try_lock().unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| block_on(lock_or_cancel(&mutex, &token)).map(drop));
        token.cancel();
        assert!(waiting.join().unwrap().is_err());
    });
    drop(held);
    assert!(mutex.try_lock().is_some());
}

#[test]
fn a_writer_that_gives_up_lets_readers_go_on() {
    let (lock, token, other) = (RwLock::new(()), CancelToken::new(), CancelToken::new());
    let reading = lock.try_read().unwrap();
    let mut writer = pin!(write_or_cancel(&lock, &token));
    assert!(poll_now(writer.as_mut()).is_pending());
    let mut reader = pin!(read_or_cancel(&lock, &other));
    assert!(
        poll_now(reader.as_mut()).is_pending(),
        "it waits for the writer"
    );
    token.cancel();
    assert!(matches!(poll_now(writer.as_mut()), Poll::Ready(Err(_))));
    assert!(matches!(poll_now(reader.as_mut()), Poll::Ready(Ok(_))));
    drop(reading);
    assert!(lock.try_write().is_some());
}

#[test]
fn an_upgrade_that_is_cancelled_holds_nothing() {
    let (lock, token) = (RwLock::new(()), CancelToken::new());
    let reading = lock.try_read().unwrap();
    let upgradable = block_on(upgradable_read_or_cancel(&lock, &token)).unwrap();
    let mut upgrade = pin!(RwLockUpgradableReadGuard::upgrade(upgradable).or_cancel(&token));
    assert!(poll_now(upgrade.as_mut()).is_pending());
    token.cancel();
    assert!(matches!(poll_now(upgrade.as_mut()), Poll::Ready(Err(_))));
    drop(reading);
    assert!(lock.try_write().is_some());
}

#[test]
fn a_cell_whose_maker_is_cancelled_is_made_by_the_next() {
    let (cell, token) = (OnceCell::new(), CancelToken::new());
    let mut first = pin!(cell.get_or_init(std::future::pending).or_cancel(&token));
    assert!(poll_now(first.as_mut()).is_pending());
    let mut second = pin!(cell.get_or_init(async || 2));
    assert!(poll_now(second.as_mut()).is_pending());
    token.cancel();
    assert!(matches!(poll_now(first.as_mut()), Poll::Ready(Err(_))));
    assert_eq!(block_on(second), &2);
}
