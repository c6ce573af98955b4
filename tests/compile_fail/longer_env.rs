//! The lifetime of a handle cannot be lengthened.

use pleach::Scope;

fn lengthen<'a>(s: Scope<'a>) -> Scope<'static> {
    s
}

pub fn main() {
    let (_driver, s) = pleach::scope::scope();
    lengthen(s);
}
