//! Results that are `Send` may be given away.

use std::sync::Arc;

use pleach::group::group;

fn is_send(_: impl Send) {}

pub fn main() {
    let (driver, _results) = group([async { Arc::new(1) }]).results();
    is_send(driver.run(async {}));
}
