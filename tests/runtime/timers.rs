//! The timers that need no runtime.

use pleach::{runtime::StdTimer, time::ManualClock};

use crate::SUITE;

#[test]
fn the_timer_of_block_on_conforms() {
    pleach::block_on(SUITE.timer(&StdTimer));
}

#[test]
fn a_clock_that_moves_when_there_is_nothing_else_to_do_conforms() {
    let clock = ManualClock::new();
    clock.run(SUITE.timer(&&clock));
}
