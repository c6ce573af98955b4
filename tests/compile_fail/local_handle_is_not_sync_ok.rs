//! The handle of a scope can be used by another thread.

pub fn main() {
    let (_driver, s) = pleach::scope::scope();
    std::thread::scope(|threads| {
        threads.spawn(|| s.spawn(async {}));
    });
}
