//! A wait goes before its barrier.

pub fn main() {
    let barrier = pleach::Barrier::new(2);
    let _wait;
    _wait = barrier.wait();
}
