//! The tier without a heap.

use std::{pin::pin, thread};

use pleach::cancel::{Cause, CauseKind, Child, Phase, Root};

use crate::{is_ready, pending};

#[test]
fn a_static_root_reaches_its_pinned_children() {
    static ROOT: Root = Root::new();
    let (first, second) = (pin!(Child::new()), pin!(Child::new()));
    let first = first.attach(ROOT.token());
    let second = second.attach(first);
    let mut wait = pending(second.cancelled());
    first.cancel_with(Cause::user(1));
    assert!(is_ready(&mut wait));
    assert_eq!(second.cause(), Some(Cause::user(1)));
    assert!(!ROOT.token().is_cancelled());
    ROOT.token().cancel();
    assert!(!ROOT.token().cancel());
}

#[test]
fn a_child_that_is_dropped_is_not_there_any_more() {
    static ROOT: Root = Root::new();
    {
        let child = pin!(Child::new());
        child.attach(ROOT.token());
        assert!(!is_ready(&mut Box::pin(ROOT.token().drained())));
    }
    assert!(is_ready(&mut Box::pin(ROOT.token().drained())));
}

#[test]
fn a_child_may_be_attached_again_and_is_new_then() {
    static ROOT: Root = Root::new();
    let mut child = pin!(Child::new());
    assert!(child.as_ref().token().is_none());
    child.as_mut().attach(ROOT.token()).cancel();
    assert!(child.as_ref().token().unwrap().is_cancelled());
    assert!(!child.as_mut().attach(ROOT.token()).is_cancelled());
    child.as_mut().detach();
    assert!(child.as_ref().token().is_none());
    ROOT.token().cancel();
    assert!(child.attach(ROOT.token()).is_cancelled());
}

#[cfg(feature = "alloc")]
#[test]
fn what_is_on_the_heap_below_a_pinned_child_outlives_it() {
    static ROOT: Root = Root::new();
    let below: Vec<_> = {
        let child = pin!(Child::new());
        let child = child.attach(ROOT.token());
        (0..100).map(|_| child.child()).collect()
    };
    assert!(!below[0].is_cancelled());
    ROOT.token().cancel();
    assert!(below.iter().all(|token| token.is_cancelled()));
}

#[test]
fn a_trip_is_seen_at_the_root_and_told_by_the_next_cancel() {
    static ROOT: Root = Root::new();
    let child = pin!(Child::new());
    let child = child.attach(ROOT.token());
    let mut wait = pending(ROOT.token().cancelled());
    ROOT.trip();
    assert!(ROOT.token().is_cancelled());
    assert_eq!(ROOT.token().phase(), Phase::Cancelled);
    assert_eq!(ROOT.token().cause(), Some(CauseKind::Shutdown.into()));
    assert!(ROOT.token().check().is_err());
    assert!(!child.is_cancelled(), "a flag and nothing else");
    assert!(
        is_ready(&mut Box::pin(ROOT.token().cancelled())),
        "who begins to wait"
    );
    {
        let late = pin!(Child::new());
        assert!(late.attach(ROOT.token()).is_cancelled());
    }
    assert!(
        ROOT.token().cancel_with(Cause::user(2)),
        "it is not cancelled yet"
    );
    assert!(child.is_cancelled() && is_ready(&mut wait));
    assert_eq!(ROOT.token().cause(), Some(Cause::user(2)));
}

#[test]
fn threads_may_hang_on_one_root() {
    static ROOT: Root = Root::new();
    thread::scope(|s| {
        for _ in 0..4 {
            s.spawn(|| {
                for _ in 0..1000 {
                    let child = pin!(Child::new());
                    assert!(!child.attach(ROOT.token()).is_cancelled());
                }
            });
        }
    });
    assert!(is_ready(&mut Box::pin(ROOT.token().drained())));
}
