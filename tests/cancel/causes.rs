//! Causes, phases and payloads.

use std::{error::Error, sync::Arc};

use pleach::{
    CancelToken, Cancelled,
    cancel::{Cause, CauseKind, Phase},
};

#[test]
fn the_first_cause_wins_and_is_told_by_the_return_value() {
    let token = CancelToken::new();
    assert!(token.cancel_with(Cause::user(1).text("first")));
    assert!(!token.cancel_with(Cause::user(2)));
    assert!(!token.stop(Cause::user(3)));
    assert_eq!(token.cause(), Some(Cause::user(1).text("first")));
    assert_eq!(token.escalation(), None);
}

#[test]
fn a_stop_keeps_its_cause_when_it_becomes_a_cancel() {
    let token = CancelToken::new();
    let child = token.child();
    assert!(token.stop(CauseKind::Shutdown));
    assert!(!token.stop(CauseKind::Requested));
    assert!(token.check().is_ok(), "stopping is not cancelled");
    assert!(token.cancel_with(CauseKind::Deadline));
    for token in [&token, &child, &token.child(), &token.child_island()] {
        assert_eq!(token.cause(), Some(CauseKind::Shutdown.into()));
        assert_eq!(token.escalation(), Some(CauseKind::Deadline.into()));
    }
}

#[test]
fn a_token_with_a_cause_of_its_own_keeps_it() {
    let token = CancelToken::new();
    let child = token.child();
    let below = child.child();
    child.cancel_with(Cause::user(1));
    token.cancel_with(Cause::user(2));
    assert_eq!(child.cause(), Some(Cause::user(1)));
    assert_eq!(below.cause(), Some(Cause::user(1)));
    assert_eq!(token.cause(), Some(Cause::user(2)));
}

#[test]
fn phases_are_ordered() {
    assert!(Phase::Running < Phase::Stopping && Phase::Stopping < Phase::Cancelled);
}

#[test]
fn errors_tell_why() {
    let token = CancelToken::new();
    token.cancel_with(
        Cause::new(CauseKind::Shutdown)
            .text("SIGTERM")
            .with_code(15),
    );
    let error = token.check().unwrap_err();
    assert_eq!(error.to_string(), "cancelled: SIGTERM (code 15)");
    assert_eq!(error.cause().message(), Some("SIGTERM"));
    let _: &dyn Error = &error;
    let texts = [
        CauseKind::Requested,
        CauseKind::Deadline,
        CauseKind::ScopeEnded,
        CauseKind::SiblingFailed,
        CauseKind::Panicked,
        CauseKind::Dropped,
        CauseKind::Shutdown,
        CauseKind::User,
    ]
    .map(|kind| Cancelled::from(Cause::new(kind)).to_string());
    for (n, text) in texts.iter().enumerate() {
        assert!(!texts[..n].contains(text), "{text}");
    }
}

#[test]
fn the_empty_text_is_a_text() {
    let token = CancelToken::new();
    token.cancel_with(Cause::user(0).text(""));
    assert_eq!(token.cause().unwrap().message(), Some(""));
}

#[test]
#[should_panic(expected = "at most `Cause::MAX_TEXT` bytes")]
fn a_text_that_is_too_long_is_refused() {
    let text: &String = crate::support::leak("x".repeat(Cause::MAX_TEXT + 1));
    let _ = Cause::user(0).text(text);
}

#[test]
fn a_payload_reaches_those_below_and_goes_with_the_last() {
    let payload = Arc::new(String::from("details"));
    let weak = Arc::downgrade(&payload);
    let token = CancelToken::new();
    let (child, island) = (token.child(), token.child_island());
    assert!(token.cancel_with_payload(Cause::user(9).text("text"), payload));
    for token in [&token, &child, &island, &island.child()] {
        assert_eq!(token.payload::<String>().unwrap().as_str(), "details");
        assert_eq!(token.payload::<u32>(), None);
        assert_eq!(token.cause(), Some(Cause::user(9).text("text")));
    }
    drop((token, child));
    assert!(weak.upgrade().is_some());
    drop(island);
    assert!(weak.upgrade().is_none());
}

#[test]
fn a_payload_that_comes_too_late_is_dropped() {
    let token = CancelToken::new();
    token.cancel();
    let payload = Arc::new(1_u8);
    assert!(!token.cancel_with_payload(CauseKind::User, Arc::clone(&payload)));
    assert_eq!(Arc::strong_count(&payload), 1);
    assert_eq!(token.payload::<u8>(), None);
}

#[test]
fn a_payload_of_the_cancel_comes_before_that_of_nothing() {
    let token = CancelToken::new();
    token.stop(Cause::user(1));
    assert!(token.cancel_with_payload(Cause::user(2), Arc::new(2_u8)));
    assert_eq!(token.payload::<u8>().as_deref(), Some(&2));
}
