//! A child that is not `Send` is refused.

use std::rc::Rc;

pub fn main() {
    let shared = Rc::new(1);
    pleach::block_on(pleach::scope!(|s| { s.spawn(async { *shared }).await })).unwrap();
}
