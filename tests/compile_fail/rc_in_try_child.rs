//! A child of a `try_scope!` that is not `Send` is refused.

use std::rc::Rc;

pub fn main() {
    let shared = Rc::new(1);
    let n = pleach::block_on(pleach::try_scope!(|s| -> () {
        Ok(s.spawn_try(async { Ok(*shared) }).await)
    }));
    assert_eq!(n, Ok(Ok(1)));
}
