//! The future of a scope is `Send`.

fn need_send<T: Send>(future: T) -> T {
    future
}

pub fn main() {
    pleach::block_on(need_send(pleach::scope!(|s| {
        s.spawn(async {});
    })));
}
