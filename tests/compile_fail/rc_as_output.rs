//! A child with an output that is not `Send` is refused.

use std::rc::Rc;

pub fn main() {
    pleach::block_on(pleach::scope!(|s| { s.spawn(async { Rc::new(1) }).await })).unwrap();
}
