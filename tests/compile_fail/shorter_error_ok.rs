//! A handle breaks with its own error type.

use pleach::Scope;

fn shorten<'env, 'short>(s: Scope<'env, &'static str>, _: &'short ()) -> Scope<'env, &'static str> {
    s
}

pub fn main() {
    let (_driver, s) = pleach::scope::try_scope();
    shorten(s, &());
}
