//! A wait cannot outlive its barrier.

fn main() {
    let _wait;
    let barrier = pleach::Barrier::new(2);
    _wait = barrier.wait();
}
