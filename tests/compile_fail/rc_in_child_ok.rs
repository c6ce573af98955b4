//! A local scope takes a child that is not `Send`.

use std::rc::Rc;

pub fn main() {
    let shared = Rc::new(1);
    pleach::block_on(pleach::local_scope!(|s| {
        s.spawn(async { *shared }).await
    }))
    .unwrap();
}
