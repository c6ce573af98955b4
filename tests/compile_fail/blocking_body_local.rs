//! A child cannot borrow a local of the body of a scope that blocks.

use pleach::{par::par_scope_blocking, runtime::Spawn};

#[derive(Clone, Copy)]
struct Threads;

impl Spawn for Threads {
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        std::thread::spawn(|| pleach::block_on(future));
    }
}

pub fn main() {
    par_scope_blocking(Threads, async |s| {
        let local = vec![1];
        s.spawn(async { local.len() }).await
    })
    .unwrap();
}
