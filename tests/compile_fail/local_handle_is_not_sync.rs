//! The handle of a local scope cannot be used by another thread.

fn main() {
    let (_driver, s) = pleach::scope::local::scope();
    std::thread::scope(|threads| {
        threads.spawn(|| s.spawn(async {}));
    });
}
