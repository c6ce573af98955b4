//! smol's timer.

use std::{future::pending, time::Duration};

use pleach::{
    CancelToken,
    runtime::SmolTimer,
    time::{Clock, Instant, Timer, sleep, timeout},
};

const MOMENT: Duration = Duration::from_millis(5);

#[test]
fn it_works_on_any_executor() {
    let start = SmolTimer.now();
    smol::block_on(sleep(SmolTimer, MOMENT));
    pleach::block_on(sleep(SmolTimer, MOMENT));
    assert!(SmolTimer.now() - start >= MOMENT * 2);
    let never = SmolTimer.sleep_until(Instant::MAX);
    assert!(smol::block_on(timeout(SmolTimer, MOMENT, never)).is_err());
}

#[test]
fn a_deadline_passes_by_it() {
    let token = CancelToken::with_deadline(SmolTimer.now() + MOMENT);
    let run = token.run_until_deadline(SmolTimer, pending::<()>());
    assert!(smol::block_on(run).unwrap_err().cause().is_deadline());
}
