//! The lifetime of a handle cannot be shortened.

use pleach::Scope;

fn shorten<'short>(s: Scope<'static>, _: &'short ()) -> Scope<'short> {
    s
}

pub fn main() {
    let (_driver, s) = pleach::scope::scope();
    shorten(s, &());
}
