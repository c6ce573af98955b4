//! The handle of a local scope cannot be used by another thread.

pub fn main() {
    let (_driver, s) = pleach::scope::local::scope();
    std::thread::scope(|threads| {
        threads.spawn(|| s.spawn(async {}));
    });
}
