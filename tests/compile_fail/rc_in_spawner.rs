//! A spawner of children that are not `Send` stays on its thread.

use std::{future::Ready, rc::Rc};

use pleach::group::open;

pub fn main() {
    let (_group, spawner) = open::<Ready<Rc<u8>>>();
    std::thread::scope(|threads| {
        threads.spawn(|| spawner.is_closed());
    });
}
