//! A future that is fit for other threads is so by itself.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use pleach::scope::{Admits, Threaded};

trait Look {}

struct Child<'a>(&'a (dyn Look + Sync));

impl Future for Child<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

fn admitted<'a>()
where
    Threaded: Admits<Child<'a>>,
{
}

pub fn main() {
    admitted();
}
