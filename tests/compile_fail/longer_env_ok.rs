//! A handle is what it is.

use pleach::Scope;

fn lengthen<'a>(s: Scope<'a>) -> Scope<'a> {
    s
}

pub fn main() {
    let (_driver, s) = pleach::scope::scope();
    lengthen(s);
}
