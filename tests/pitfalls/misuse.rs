//! What programs of other systems do wrong with groups, channels and locks: here it does not compile, is an
//! error with a type, or does no harm.

use std::{future::pending, marker::PhantomData, pin::pin, task::Poll};

use pleach::{
    Barrier, CancelToken, Event, Latch, Permit, Semaphore, WaitGroup, channel, oneshot, scope,
    scope::Driver,
};

use crate::support::{block_on, poll_now};

/// 40. Go: `Add` after `Wait`, and a task that nobody waits for.
#[test]
fn a_spawn_after_the_scope_is_refused_and_the_future_comes_back() {
    let (driver, s) = scope::scope();
    block_on(driver.run(async {}));
    let refused = s.try_spawn(async { 7 }).unwrap_err();
    assert_eq!(block_on(refused.into_inner()), 7);
    let handle = s.spawn(async { 7 });
    assert!(block_on(handle).is_err());
}

/// 41. Go: a panic.
#[test]
fn closing_twice_does_nothing_the_second_time() {
    let (sender, receiver) = channel::bounded::<u8>(1);
    assert!(sender.close());
    assert!(!sender.close() && !receiver.close());
    let semaphore = Semaphore::new(1);
    semaphore.close();
    semaphore.close();
    assert!(semaphore.is_closed());
    let (_sender, mut receiver) = oneshot::channel::<u8>();
    receiver.close();
    receiver.close();
}

/// 42. Go: a panic.
#[test]
fn what_is_sent_after_the_close_comes_back() {
    let (sender, receiver) = channel::bounded(1);
    receiver.close();
    assert_eq!(block_on(sender.send(7)).unwrap_err().0, 7);
    assert_eq!(sender.try_send(8).unwrap_err().into_inner(), 8);
    let (sender, receiver) = oneshot::channel();
    drop(receiver);
    assert_eq!(sender.send(9).unwrap_err().0, 9);
}

/// 43. Go: "WaitGroup is reused before previous Wait has returned", a panic.
#[test]
fn a_group_that_is_used_again_before_a_wait_returns_ends_that_wait() {
    let group = WaitGroup::new();
    let first = group.add();
    let mut wait = pin!(group.wait());
    assert!(poll_now(wait.as_mut()).is_pending());
    drop(first);
    let _again = group.add();
    assert_eq!(poll_now(wait), Poll::Ready(()));
    assert_eq!(group.count(), 1);
}

/// 44. Go: zero values, as if something had come.
#[test]
fn what_is_received_after_the_close_is_an_error() {
    let (sender, receiver) = channel::bounded(1);
    sender.try_send(7).unwrap();
    drop(sender);
    assert_eq!(block_on(receiver.recv()), Ok(7));
    assert!(block_on(receiver.recv()).is_err());
}

/// Tells by the ambiguity of `HOW_OFTEN` that a type may be used once: it is no `Clone`.
trait Once<A> {
    const HOW_OFTEN: usize = 1;
}

struct Many;

impl<T> Once<()> for PhantomData<T> {}
impl<T: Clone> Once<Many> for PhantomData<T> {}

/// It does not compile if there is a way to have a second one.
macro_rules! assert_single {
    ($($type:ty),*) => { [$(<PhantomData<$type> as Once<_>>::HOW_OFTEN),*] };
}

/// 45, 46, 47. Go: "negative WaitGroup counter", "unlock of unlocked mutex", and copies of either in use.
#[test]
fn what_is_given_back_is_a_value_and_so_is_what_is_waited_at() {
    // A permit goes back once. So does a member; a clone of it is one more.
    assert_eq!(assert_single!(Permit<'static>), [1]);
    let group = WaitGroup::new();
    let member = group.add();
    let other = member.clone();
    assert_eq!(group.count(), 2);
    drop(member);
    assert_eq!(group.count(), 1);
    drop(other);
    assert!(group.is_empty());
    // There is no copy of these; that they do not move under those who wait, the compiler sees.
    assert_eq!(
        assert_single!(Semaphore, WaitGroup, Event, Latch, Barrier),
        [1; 5]
    );
    // And a driver is run once.
    assert_eq!(assert_single!(Driver<'static>), [1]);
}

/// 46. What has no value to be given back, and is counted too far, panics where it is done.
#[cfg(feature = "std")]
#[test]
fn a_latch_that_is_counted_down_too_far_says_where() {
    let latch = Latch::new(1);
    latch.count_down();
    let too_far = std::panic::catch_unwind(|| latch.count_down()).unwrap_err();
    let text = too_far.downcast::<String>().unwrap();
    assert!(text.contains("with 0 left"), "{text}");
    assert!(latch.is_open());
}

/// 49. .NET: `ObjectDisposedException`.
#[test]
fn cancelling_twice_or_after_the_end_changes_nothing() {
    let token = CancelToken::new();
    assert!(token.cancel());
    let cause = token.cause();
    assert!(!token.cancel_with(pleach::cancel::CauseKind::Aborted));
    assert_eq!(token.cause(), cause);
    let (driver, s) = scope::scope();
    let aborted = s.spawn(pending::<()>());
    let over = scope!(|s| s.token());
    aborted.abort();
    block_on(driver.run(async {}));
    s.cancel();
    aborted.abort();
    block_on(over).cancel();
}
