//! Results that are not `Send` stay in the task of their group.

use std::rc::Rc;

use pleach::group::group;

fn is_send(_: impl Send) {}

pub fn main() {
    let (driver, _results) = group([async { Rc::new(1) }]).results();
    is_send(driver.run(async {}));
}
