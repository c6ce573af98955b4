//! A scope that blocks keeps its lifetime.

use pleach::{
    par::{BlockingScope, par_scope_blocking},
    runtime::Spawn,
};

#[derive(Clone, Copy)]
struct Threads;

impl Spawn for Threads {
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        std::thread::spawn(|| pleach::block_on(future));
    }
}

fn shorten<'short>(
    s: BlockingScope<'static, Threads>,
    _: &'short (),
) -> BlockingScope<'static, Threads> {
    s
}

pub fn main() {
    par_scope_blocking(Threads, async |s| drop(shorten(s, &())));
}
