//! A semaphore can move when its permits are back.

pub fn main() {
    let semaphore = pleach::Semaphore::new(1);
    let permit = semaphore.try_acquire().unwrap();
    drop(permit);
    drop(semaphore);
}
