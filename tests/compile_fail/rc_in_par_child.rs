//! A parallel child that is not `Send` is refused.

use std::rc::Rc;

use pleach::{par_scope, runtime::Spawn};

#[derive(Clone, Copy)]
struct Threads;

impl Spawn for Threads {
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        std::thread::spawn(|| pleach::block_on(future));
    }
}

pub fn main() {
    let shared = Rc::new(1);
    pleach::block_on(par_scope!(Threads, |s| {
        s.spawn(async move { *shared }).await
    }))
    .unwrap();
}
