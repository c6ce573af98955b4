//! A handle whose children own everything can be kept in a thread-local.

use std::cell::RefCell;

use pleach::Scope;

thread_local! {
    static KEPT: RefCell<Option<Scope<'static>>> = const { RefCell::new(None) };
}

pub fn main() {
    let n = 1;
    pleach::block_on(pleach::scope!(|s| {
        s.spawn(async move { n });
        KEPT.set(Some(s.clone()));
    }));
}
