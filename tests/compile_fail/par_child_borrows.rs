//! A parallel child cannot borrow what is around its scope, which can be forgotten.

use pleach::{par_scope, runtime::Spawn};

#[derive(Clone, Copy)]
struct Threads;

impl Spawn for Threads {
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        std::thread::spawn(|| pleach::block_on(future));
    }
}

pub fn main() {
    let text = String::from("borrowed");
    pleach::block_on(par_scope!(Threads, |s| {
        s.spawn(async { text.len() }).await
    }))
    .unwrap();
}
