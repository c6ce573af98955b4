//! A child with an error that is not `Send` is refused.

use std::rc::Rc;

pub fn main() {
    let result = pleach::block_on(pleach::try_scope!(|s| {
        s.spawn_try(async { Err::<(), _>(Rc::new(1)) });
        Ok(())
    }));
    assert_eq!(result, Err(Rc::new(1)));
}
