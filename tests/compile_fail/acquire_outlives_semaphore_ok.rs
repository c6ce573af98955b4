//! A request goes before its semaphore.

pub fn main() {
    let semaphore = pleach::Semaphore::new(1);
    let _acquire;
    _acquire = semaphore.acquire();
}
