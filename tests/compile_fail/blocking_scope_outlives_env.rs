//! A scope that got away keeps what its children borrowed borrowed.

use pleach::{par::par_scope_blocking, runtime::Spawn};

#[derive(Clone, Copy)]
struct Threads;

impl Spawn for Threads {
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        std::thread::spawn(|| pleach::block_on(future));
    }
}

pub fn main() {
    let mut escaped = None;
    {
        let text = String::from("borrowed");
        par_scope_blocking(Threads, async |s| {
            s.spawn(async { text.len() });
            escaped = Some(s);
        });
    }
    drop(escaped);
}
