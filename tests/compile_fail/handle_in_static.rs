//! A handle whose children borrow cannot be kept in a static.

use std::sync::OnceLock;

use pleach::Scope;

static KEPT: OnceLock<Scope<'static>> = OnceLock::new();

pub fn main() {
    let n = 1;
    pleach::block_on(pleach::scope!(|s| {
        s.spawn(async { n });
        KEPT.set(s.clone()).unwrap();
    }));
}
