//! A semaphore cannot move while a request to it waits.

pub fn main() {
    let semaphore = pleach::Semaphore::new(1);
    let acquire = Box::pin(semaphore.acquire());
    drop(semaphore);
    drop(acquire);
}
