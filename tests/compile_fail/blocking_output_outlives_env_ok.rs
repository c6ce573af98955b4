//! An output that borrows.

use pleach::{par::par_scope_blocking, runtime::Spawn};

#[derive(Clone, Copy)]
struct Threads;

impl Spawn for Threads {
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        std::thread::spawn(|| pleach::block_on(future));
    }
}

pub fn main() {
    let text = String::from("borrowed");
    let child;
    {
        child = par_scope_blocking(Threads, async |s| s.spawn(async { text.as_str() }));
    }
    drop(child);
}
