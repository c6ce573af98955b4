//! Nobody can declare a future of their own fit for other threads.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use pleach::scope::{Admits, Threaded};

trait Look {}

struct Child<'a>(&'a dyn Look);

impl Future for Child<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

impl Admits<Child<'_>> for Threaded {}

pub fn main() {}
