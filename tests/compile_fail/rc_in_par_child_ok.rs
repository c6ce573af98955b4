//! A parallel child that is `Send`.

use std::sync::Arc;

use pleach::{par_scope, runtime::Spawn};

#[derive(Clone, Copy)]
struct Threads;

impl Spawn for Threads {
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        std::thread::spawn(|| pleach::block_on(future));
    }
}

pub fn main() {
    let shared = Arc::new(1);
    pleach::block_on(par_scope!(Threads, |s| {
        s.spawn(async move { *shared }).await
    }))
    .unwrap();
}
