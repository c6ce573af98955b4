//! The driver of a local scope cannot move to another thread.

pub fn main() {
    let (driver, _s) = pleach::scope::local::scope();
    std::thread::spawn(move || {
        let _here = driver.run(async {});
    })
    .join()
    .unwrap();
}
