//! The handle of a child with an output that is not `Send` is not `Send`.

pub fn main() {
    let (_driver, s) = pleach::scope::local::scope();
    let handle = s.spawn(async { std::rc::Rc::new(1) });
    std::thread::spawn(move || drop(handle)).join().unwrap();
}
