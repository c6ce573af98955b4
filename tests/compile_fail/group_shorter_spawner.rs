//! The lifetime of a spawner's children cannot be shortened.

use std::{future::Future, pin::Pin};

use pleach::group::{Spawner, open};

type Child<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

fn shorten<'short>(spawner: Spawner<Child<'static>>, _: &'short ()) -> Spawner<Child<'short>> {
    spawner
}

pub fn main() {
    let (_group, spawner) = open();
    shorten(spawner, &());
}
