//! A permit cannot outlive its semaphore.

pub fn main() {
    let _permit;
    let semaphore = pleach::Semaphore::new(1);
    _permit = pleach::block_on(semaphore.acquire());
}
