//! A wait cannot outlive its barrier.

pub fn main() {
    let _wait;
    let barrier = pleach::Barrier::new(2);
    _wait = barrier.wait();
}
