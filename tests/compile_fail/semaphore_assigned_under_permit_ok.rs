//! A semaphore can be overwritten when its permits are back.

pub fn main() {
    let mut semaphore = pleach::Semaphore::new(1);
    let permit = semaphore.try_acquire().unwrap();
    drop(permit);
    semaphore = pleach::Semaphore::new(2);
    assert_eq!(semaphore.available_permits(), 2);
}
