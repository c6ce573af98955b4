//! What they borrow can be dropped after the group.

use std::future::ready;

use pleach::group::{All, group};

pub fn main() {
    let text = String::from("borrowed");
    let joined = group([ready(&*text)]).join(All::new());
    pleach::block_on(joined);
    drop(text);
}
