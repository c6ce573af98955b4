//! A permit goes before its semaphore.

pub fn main() {
    let semaphore = pleach::Semaphore::new(1);
    let _permit;
    _permit = pleach::block_on(semaphore.acquire());
}
