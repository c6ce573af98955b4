//! A request cannot outlive its semaphore.

pub fn main() {
    let _acquire;
    let semaphore = pleach::Semaphore::new(1);
    _acquire = semaphore.acquire();
}
