//! What the children of a group borrow cannot be dropped before the group.

use std::future::ready;

use pleach::group::{All, group};

pub fn main() {
    let text = String::from("borrowed");
    let joined = group([ready(&*text)]).join(All::new());
    drop(text);
    pleach::block_on(joined);
}
