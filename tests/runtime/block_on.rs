//! The timer of `block_on`.

use pleach::runtime::StdTimer;

use crate::SUITE;

#[test]
fn its_timer_conforms() {
    pleach::block_on(SUITE.timer(&StdTimer));
}
