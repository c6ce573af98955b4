//! A local scope takes a child with an output that is not `Send`.

use std::rc::Rc;

pub fn main() {
    pleach::block_on(pleach::local_scope!(|s| {
        s.spawn(async { Rc::new(1) }).await
    }))
    .unwrap();
}
