//! A future that the runtime runs owns what it uses.

use pleach::{par_scope, runtime::Spawn};

#[derive(Clone, Copy)]
struct Threads;

impl Spawn for Threads {
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        std::thread::spawn(|| pleach::block_on(future));
    }
}

pub fn main() {
    let text = String::from("owned");
    pleach::block_on(par_scope!(Threads, |s| {
        s.parallel(async move { text.len() }).await
    }))
    .unwrap();
}
