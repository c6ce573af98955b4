//! A child gets a handle of its own.

use pleach::Scope;

fn start(s: &Scope<'_>) {
    s.spawn_with(|s| async move {
        s.spawn(async {});
    });
}

pub fn main() {
    pleach::block_on(pleach::scope!(|s| { start(&s) }));
}
