//! What lives longer than the group can be spawned anywhere.

use std::{future::Future, pin::Pin};

use pleach::group::{Discard, Spawner, open};

type Child<'a> = Pin<Box<dyn Future<Output = usize> + 'a>>;

fn push<'a>(spawner: &Spawner<Child<'a>>, text: &'a str) {
    assert!(spawner.spawn(Box::pin(async move { text.len() })).is_ok());
}

pub fn main() {
    let long = String::from("long");
    let short = String::from("short");
    let (group, spawner) = open();
    push(&spawner, &long);
    push(&spawner, &short);
    pleach::block_on(group.join(Discard::new()));
}
