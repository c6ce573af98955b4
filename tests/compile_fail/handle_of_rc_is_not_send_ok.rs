//! The handle of a child with a `Send` output is `Send`.

pub fn main() {
    let (_driver, s) = pleach::scope::local::scope();
    let handle = s.spawn(async { 1 });
    std::thread::spawn(move || drop(handle)).join().unwrap();
}
