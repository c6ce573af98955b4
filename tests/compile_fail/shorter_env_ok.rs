//! A handle is what it is.

use pleach::Scope;

fn shorten<'short>(s: Scope<'static>, _: &'short ()) -> Scope<'static> {
    s
}

pub fn main() {
    let (_driver, s) = pleach::scope::scope();
    shorten(s, &());
}
