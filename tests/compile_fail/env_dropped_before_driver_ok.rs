//! What children borrow is dropped after the driver.

struct Looks<'a>(&'a String);

impl Drop for Looks<'_> {
    fn drop(&mut self) {
        assert!(!self.0.is_empty());
    }
}

pub fn main() {
    let text = String::from("there");
    let (_driver, s) = pleach::scope::scope();
    let looks = Looks(&text);
    s.spawn(async move { drop(looks) });
}
