//! Nodes that are forgotten, sizes, auto traits.

use super::*;

#[test]
fn a_forgotten_waiter_outlives_a_semaphore_that_moves_and_dies() {
    let mut home = Some(Semaphore::new(0));
    {
        let semaphore = home.as_ref().unwrap();
        let mut waiting = Box::pin(semaphore.acquire());
        assert!(poll_now(waiting.as_mut()).is_pending());
        forget(waiting);
    }
    let moved = Box::new(home.take().unwrap());
    // The forgotten node is the head: it is granted first and keeps its permit for good.
    let mut waiting = Box::pin(moved.acquire());
    assert!(poll_now(waiting.as_mut()).is_pending());
    moved.add_permits(2);
    assert!(poll_now(waiting.as_mut()).is_ready());
    drop(waiting);
    drop(moved);
}

#[test]
fn a_forgotten_waiter_may_stand_in_the_middle_of_the_queue() {
    let semaphore = Semaphore::new(0);
    let mut waiting: Vec<_> = (0..3).map(|_| Box::pin(semaphore.acquire())).collect();
    for acquire in &mut waiting {
        assert!(poll_now(acquire.as_mut()).is_pending());
    }
    forget(waiting.remove(1));
    drop(waiting.remove(0));
    drop(waiting.pop());
    semaphore.add_permits(1);
    assert_eq!(
        semaphore.available_permits(),
        0,
        "it went to the forgotten one"
    );
    semaphore.add_permits(1);
    assert!(semaphore.try_acquire().is_ok());
}

#[test]
fn sizes_are_what_the_design_allows() {
    assert!(size_of::<Semaphore>() <= 48, "{}", size_of::<Semaphore>());
    assert!(
        size_of::<Acquire<'_>>() <= 64,
        "{}",
        size_of::<Acquire<'_>>()
    );
    assert!(size_of::<Permit<'_>>() <= 16, "{}", size_of::<Permit<'_>>());
}

#[test]
fn types_have_the_auto_traits_that_are_promised() {
    fn send_sync<T: Send + Sync>() {}
    fn unpin<T: Unpin>() {}
    fn unwind_safe<T: std::panic::UnwindSafe + std::panic::RefUnwindSafe>() {}
    unwind_safe::<Semaphore>();
    unwind_safe::<Permit<'_>>();
    send_sync::<Semaphore>();
    send_sync::<Acquire<'_>>();
    send_sync::<Permit<'_>>();
    unpin::<Permit<'_>>();
}
