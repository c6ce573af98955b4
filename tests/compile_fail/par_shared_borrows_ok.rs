//! What children own together is owned.

use pleach::{par::Shared, par_scope, runtime::Spawn};

#[derive(Clone, Copy)]
struct Threads;

impl Spawn for Threads {
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        std::thread::spawn(|| pleach::block_on(future));
    }
}

pub fn main() {
    let text = String::from("owned");
    let shared = Shared::new(text);
    pleach::block_on(par_scope!(Threads, |s| {
        s.spawn_on(&shared, |text| async move { text.len() }).await
    }))
    .unwrap();
}
