//! The handle of a child with a `Send` output is `Sync`.

fn need_sync<T: Sync>(_: &T) {}

pub fn main() {
    let (_driver, s) = pleach::scope::local::scope();
    let handle = s.spawn(async { std::cell::Cell::new(1) });
    need_sync(&handle);
}
