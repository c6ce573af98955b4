//! A child may borrow what is around the call.

use pleach::{par::par_scope_blocking, runtime::Spawn};

#[derive(Clone, Copy)]
struct Threads;

impl Spawn for Threads {
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        std::thread::spawn(|| pleach::block_on(future));
    }
}

pub fn main() {
    let local = vec![1];
    par_scope_blocking(Threads, async |s| s.spawn(async { local.len() }).await).unwrap();
}
