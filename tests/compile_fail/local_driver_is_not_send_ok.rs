//! The driver of a scope can move to another thread.

pub fn main() {
    let (driver, _s) = pleach::scope::scope();
    std::thread::spawn(move || {
        let _here = driver.run(async {});
    })
    .join()
    .unwrap();
}
