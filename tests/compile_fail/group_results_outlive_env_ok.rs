//! Results may be kept as long as what they borrow.

use std::future::ready;

use pleach::group::group;

pub fn main() {
    let text = String::from("borrowed");
    let _results;
    let (driver, results) = group([ready(&*text)]).results();
    _results = results;
    pleach::block_on(driver.run(async {}));
}
