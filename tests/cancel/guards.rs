//! Guards.

use pleach::{CancelToken, cancel::CauseKind};

fn kind(token: &CancelToken) -> Option<CauseKind> {
    token.cause().map(|cause| cause.kind())
}

#[test]
fn a_guard_cancels_when_it_is_dropped() {
    let token = CancelToken::new();
    let guard = token.clone().guard();
    assert!(guard.token().same(&token));
    assert_eq!(kind(&token), None);
    drop(guard);
    assert_eq!(kind(&token), Some(CauseKind::Dropped));
}

#[test]
fn a_guard_that_is_disarmed_gives_its_token_back() {
    let token = CancelToken::new();
    let guard = token.clone().guard();
    assert!(guard.disarm().same(&token));
    assert_eq!(kind(&token), None);
    assert!(token.guard_ref().disarm().check().is_ok());
}

#[test]
fn a_borrowed_guard_cancels_too() {
    let token = CancelToken::new();
    drop(token.guard_ref());
    assert_eq!(kind(&token), Some(CauseKind::Dropped));
}

#[cfg(feature = "std")]
use std::panic::{AssertUnwindSafe, catch_unwind};

#[cfg(feature = "std")]
#[test]
fn a_guard_on_panic_cancels_by_a_panic_only() {
    let token = CancelToken::new();
    drop(token.clone().guard_on_panic());
    drop(token.guard_on_panic_ref());
    assert_eq!(kind(&token), None);
    let panic = catch_unwind(AssertUnwindSafe(|| {
        let _guard = token.clone().guard_on_panic();
        panic!("by hand");
    }));
    assert!(panic.is_err());
    assert_eq!(kind(&token), Some(CauseKind::Panicked));
}

#[cfg(feature = "std")]
#[test]
fn any_guard_tells_of_a_panic() {
    let token = CancelToken::new();
    let panic = catch_unwind(AssertUnwindSafe(|| {
        let _guard = token.guard_ref();
        panic!("by hand");
    }));
    assert!(panic.is_err());
    assert_eq!(kind(&token), Some(CauseKind::Panicked));
}

/// Makes and drops guards of its token, when it is dropped itself.
#[cfg(feature = "std")]
struct Guards<'a>(&'a CancelToken, &'a CancelToken);

#[cfg(feature = "std")]
impl Drop for Guards<'_> {
    fn drop(&mut self) {
        drop(self.0.guard_on_panic_ref());
        drop(self.1.guard_ref());
    }
}

#[cfg(feature = "std")]
#[test]
fn a_guard_that_was_made_while_a_panic_was_on_its_way_is_not_dropped_by_it() {
    let tokens = [CancelToken::new(), CancelToken::new()];
    let panic = catch_unwind(AssertUnwindSafe(|| {
        let _guards = Guards(&tokens[0], &tokens[1]);
        panic!("by hand");
    }));
    assert!(panic.is_err());
    assert_eq!(kind(&tokens[0]), None);
    assert_eq!(kind(&tokens[1]), Some(CauseKind::Dropped));
}
