//! A function cannot spawn what dies before the group: `Spawner` is invariant.

use std::{future::Future, pin::Pin};

use pleach::group::{Discard, Spawner, open};

type Child<'a> = Pin<Box<dyn Future<Output = usize> + 'a>>;

fn push<'a>(spawner: &Spawner<Child<'a>>, text: &'a str) {
    assert!(spawner.spawn(Box::pin(async move { text.len() })).is_ok());
}

pub fn main() {
    let long = String::from("long");
    let (group, spawner) = open();
    push(&spawner, &long);
    {
        let short = String::from("short");
        push(&spawner, &short);
    }
    pleach::block_on(group.join(Discard::new()));
}
