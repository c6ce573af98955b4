//! Children are dropped with the driver: what they borrow must be alive then.

struct Looks<'a>(&'a String);

impl Drop for Looks<'_> {
    fn drop(&mut self) {
        assert!(!self.0.is_empty());
    }
}

pub fn main() {
    let (_driver, s) = pleach::scope::scope();
    let text = String::from("gone");
    let looks = Looks(&text);
    s.spawn(async move { drop(looks) });
}
