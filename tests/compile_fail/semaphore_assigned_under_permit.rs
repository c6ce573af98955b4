//! A semaphore cannot be overwritten while a permit of it is out.

pub fn main() {
    let mut semaphore = pleach::Semaphore::new(1);
    let permit = semaphore.try_acquire().unwrap();
    semaphore = pleach::Semaphore::new(2);
    drop(permit);
    assert_eq!(semaphore.available_permits(), 2);
}
