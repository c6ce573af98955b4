//! A permit of a semaphore need not be pinned.

fn need_unpin<T: Unpin>(_: T) {}

pub fn main() {
    let semaphore = pleach::Semaphore::new(1);
    need_unpin(semaphore.try_acquire().unwrap());
}
