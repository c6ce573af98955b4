//! A handle whose children own everything can be kept in a static.

use std::sync::OnceLock;

use pleach::Scope;

static KEPT: OnceLock<Scope<'static>> = OnceLock::new();

pub fn main() {
    let n = 1;
    pleach::block_on(pleach::scope!(|s| {
        s.spawn(async move { n });
        KEPT.set(s.clone()).unwrap();
    }));
}
