//! The handle of a child with an output that is not `Send` is not `Sync`.

fn need_sync<T: Sync>(_: &T) {}

pub fn main() {
    let (_driver, s) = pleach::scope::local::scope();
    let handle = s.spawn(async { std::rc::Rc::new(1) });
    need_sync(&handle);
}
