//! A spawner is what it is.

use std::{future::Future, pin::Pin};

use pleach::group::{Spawner, open};

type Child<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

fn shorten<'short>(spawner: Spawner<Child<'static>>, _: &'short ()) -> Spawner<Child<'static>> {
    spawner
}

pub fn main() {
    let (_group, spawner) = open();
    shorten(spawner, &());
}
