//! Deadlines and grace, by a clock that the test moves.

use std::time::Duration;

use pleach::{
    cancel::{CauseKind, OrCancel},
    par_scope,
    time::{Clock, ManualClock},
};

use crate::{Census, Each, block_on};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_deadline_cancels_the_scope() {
    Each::run(|executor| {
        let (census, clock) = (Census::default(), ManualClock::new());
        let at = clock.now() + SECOND;
        let kinds = block_on(par_scope!(executor, deadline = (&clock, at), |s| {
            let children = [(); 3].map(|()| {
                let (token, stays) = (s.token(), census.stays());
                s.spawn(async move { stays.or_cancel(&token).await.unwrap_err() })
            });
            crate::support::yield_now().await;
            clock.advance(SECOND);
            let mut kinds = Vec::new();
            for child in children {
                kinds.push(child.await.unwrap().cause().kind());
            }
            kinds
        }));
        assert_eq!(kinds, [CauseKind::Deadline; 3]);
        census.assert_empty();
    });
}

#[test]
fn children_that_outstay_the_grace_are_aborted() {
    Each::run(|executor| {
        let (census, clock) = (Census::default(), ManualClock::new());
        block_on(par_scope!(executor, grace = (&clock, SECOND), |s| {
            let stubborn = [(); 3].map(|()| s.spawn(census.stays()));
            let shielded = s.spawn_shielded(census.gives(5));
            crate::support::yield_now().await;
            s.cancel();
            while clock.sleepers() == 0 {
                crate::support::yield_now().await;
            }
            clock.advance(SECOND);
            for child in stubborn {
                assert!(child.await.is_err());
            }
            drop(shielded.await.unwrap());
        }));
        census.assert_empty();
    });
}
