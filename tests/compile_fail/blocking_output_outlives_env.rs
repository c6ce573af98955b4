//! An output that borrows cannot leave what it borrows.

use pleach::{par::par_scope_blocking, runtime::Spawn};

#[derive(Clone, Copy)]
struct Threads;

impl Spawn for Threads {
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        std::thread::spawn(|| pleach::block_on(future));
    }
}

pub fn main() {
    let child;
    {
        let text = String::from("borrowed");
        child = par_scope_blocking(Threads, async |s| s.spawn(async { text.as_str() }));
    }
    drop(child);
}
