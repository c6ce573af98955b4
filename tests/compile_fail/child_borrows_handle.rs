//! A child cannot borrow a handle that was borrowed itself.

use pleach::Scope;

fn start(s: &Scope<'_>) {
    s.spawn(async {
        s.spawn(async {});
    });
}

pub fn main() {
    pleach::block_on(pleach::scope!(|s| { start(&s) }));
}
