//! A group of children that are not `Send` is not `Send`.

use std::rc::Rc;

use pleach::group::{Discard, group};

fn is_send(_: impl Send) {}

pub fn main() {
    let shared = Rc::new(1);
    is_send(group([async move { *shared }]).join(Discard::new()));
}
