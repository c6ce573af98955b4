//! The handle of a local scope cannot move to another thread.

pub fn main() {
    let (_driver, s) = pleach::scope::local::scope();
    std::thread::spawn(move || {
        let _here = s;
    })
    .join()
    .unwrap();
}
