//! A semaphore can move when no request waits.

pub fn main() {
    let semaphore = pleach::Semaphore::new(1);
    let acquire = Box::pin(semaphore.acquire());
    drop(acquire);
    drop(semaphore);
}
