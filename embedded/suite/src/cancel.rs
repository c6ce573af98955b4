//! The cancellation tree without a heap, between tasks and an interrupt.

use core::pin::pin;

use pleach::{
    AcquireError, Semaphore,
    cancel::{Cause, CauseKind, Child, OrCancel, Phase, Root},
    time::{Clock, Instant, ManualClock},
};

use crate::{Platform, tests};

tests![
    a_static_root_cancels_its_pinned_children,
    a_child_that_has_gone_is_not_told,
    a_trip_is_a_flag,
    a_deadline_passes_by_a_clock,
    an_acquire_is_cancelled,
    #[cfg(feature = "critical-section")]
    an_interrupt_cancels_tasks_that_wait,
    #[cfg(feature = "critical-section")]
    tokens_come_and_go_while_an_interrupt_stops_the_root,
    #[cfg(feature = "alloc")]
    tokens_on_the_heap_hang_on_a_static_root,
];

fn a_static_root_cancels_its_pinned_children(platform: &Platform) {
    static ROOT: Root = Root::new();
    let child = pin!(Child::new());
    let child = child.attach(ROOT.token());
    let other = pin!(Child::new());
    let other = other.attach(child);
    let task = async {
        assert_eq!(other.cancelled().await, Cause::user(7));
        assert_eq!(other.phase(), Phase::Cancelled);
    };
    let canceller = async {
        ROOT.token().cancel_with(Cause::user(7));
    };
    platform.join([pin!(task), pin!(canceller)]);
    assert!(child.is_cancelled());
}

fn a_child_that_has_gone_is_not_told(platform: &Platform) {
    static ROOT: Root = Root::new();
    {
        let child = pin!(Child::new());
        let _ = child.attach(ROOT.token());
    }
    platform.block_on(ROOT.token().drained());
    ROOT.token().cancel();
}

fn a_trip_is_a_flag(_: &Platform) {
    static ROOT: Root = Root::new();
    ROOT.trip();
    assert!(ROOT.token().is_cancelled());
    assert!(ROOT.token().cancel_with(Cause::user(1)));
    assert_eq!(ROOT.token().cause(), Some(Cause::user(1)));
}

fn a_deadline_passes_by_a_clock(_: &Platform) {
    static ROOT: Root = Root::new();
    static CLOCK: ManualClock = ManualClock::new();
    let child = pin!(Child::new());
    let child = child.attach_until(ROOT.token(), Instant::from_nanos(5));
    assert!(child.check_at(CLOCK.now()).is_ok());
    CLOCK.advance_to(Instant::from_nanos(5));
    assert!(child.check_at(CLOCK.now()).is_err());
    assert!(!ROOT.token().is_cancelled());
}

fn an_acquire_is_cancelled(platform: &Platform) {
    static ROOT: Root = Root::new();
    static SEMAPHORE: Semaphore = Semaphore::new(0);
    let task = async {
        let result = SEMAPHORE.acquire_or_cancel(ROOT.token()).await;
        assert!(matches!(result, Err(AcquireError::Cancelled(_))));
    };
    let canceller = async {
        ROOT.token().cancel();
    };
    platform.join([pin!(task), pin!(canceller)]);
}

#[cfg(feature = "critical-section")]
fn an_interrupt_cancels_tasks_that_wait(platform: &Platform) {
    static ROOT: Root = Root::new();
    crate::interrupt::with_handler(
        || {
            ROOT.token().cancel_with(CauseKind::Shutdown);
        },
        || {
            let task = async || {
                let child = pin!(Child::new());
                let child = child.attach(ROOT.token());
                let pending = core::future::pending::<()>().or_cancel(child);
                let error = pending.await.unwrap_err();
                assert_eq!(error.cause().kind(), CauseKind::Shutdown);
            };
            platform.join([pin!(task()), pin!(task())]);
        },
    );
}

#[cfg(feature = "critical-section")]
fn tokens_come_and_go_while_an_interrupt_stops_the_root(_: &Platform) {
    static ROOT: Root = Root::new();
    crate::interrupt::with_handler(
        || {
            ROOT.token().stop(CauseKind::Shutdown);
        },
        || {
            let begin = crate::interrupt::count();
            while crate::interrupt::count() < begin + 20 {
                let child = pin!(Child::new());
                let child = child.attach(ROOT.token());
                let other = pin!(Child::new());
                let other = other.attach(child);
                assert!(other.phase() >= child.phase() || other.phase() == Phase::Stopping);
            }
        },
    );
    assert_eq!(ROOT.token().phase(), Phase::Stopping);
}

#[cfg(feature = "alloc")]
fn tokens_on_the_heap_hang_on_a_static_root(platform: &Platform) {
    static ROOT: Root = Root::new();
    let middle = ROOT.token().child();
    let leaf = middle.child();
    drop(middle);
    ROOT.token().cancel();
    assert!(leaf.is_cancelled());
    drop(leaf);
    platform.block_on(ROOT.token().drained());
}
