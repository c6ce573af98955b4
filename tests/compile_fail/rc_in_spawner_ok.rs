//! A spawner of children that are `Send` is shared by threads.

use std::{future::Ready, sync::Arc};

use pleach::group::open;

pub fn main() {
    let (_group, spawner) = open::<Ready<Arc<u8>>>();
    std::thread::scope(|threads| {
        threads.spawn(|| spawner.is_closed());
    });
}
