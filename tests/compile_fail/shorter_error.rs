//! The error type of a handle cannot be changed to a supertype.

use pleach::Scope;

fn shorten<'env, 'short>(s: Scope<'env, &'static str>, _: &'short ()) -> Scope<'env, &'short str> {
    s
}

pub fn main() {
    let (_driver, s) = pleach::scope::try_scope();
    shorten(s, &());
}
