//! Results that borrow cannot outlive what they borrow.

use std::future::ready;

use pleach::group::group;

pub fn main() {
    let _results;
    let text = String::from("borrowed");
    let (driver, results) = group([ready(&*text)]).results();
    _results = results;
    pleach::block_on(driver.run(async {}));
}
