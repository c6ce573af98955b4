//! A group of children that are `Send` is `Send`.

use std::sync::Arc;

use pleach::group::{Discard, group};

fn is_send(_: impl Send) {}

pub fn main() {
    let shared = Arc::new(1);
    is_send(group([async move { *shared }]).join(Discard::new()));
}
