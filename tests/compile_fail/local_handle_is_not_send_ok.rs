//! The handle of a scope can move to another thread.

pub fn main() {
    let (_driver, s) = pleach::scope::scope();
    std::thread::spawn(move || {
        let _here = s;
    })
    .join()
    .unwrap();
}
