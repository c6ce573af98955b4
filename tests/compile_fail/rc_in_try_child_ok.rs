//! A local scope takes a child that is not `Send`.

use std::rc::Rc;

pub fn main() {
    let shared = Rc::new(1);
    let n = pleach::block_on(pleach::try_local_scope!(|s| -> () {
        Ok(s.spawn_try(async { Ok(*shared) }).await)
    }));
    assert_eq!(n, Ok(Ok(1)));
}
