//! A semaphore cannot move while a permit of it is out.

pub fn main() {
    let semaphore = pleach::Semaphore::new(1);
    let permit = semaphore.try_acquire().unwrap();
    drop(semaphore);
    drop(permit);
}
