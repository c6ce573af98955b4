//! Nor can a future that the runtime runs.

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
        s.parallel(async { text.len() }).await
    }))
    .unwrap();
}
