//! The future of a local scope is not `Send`.

fn need_send<T: Send>(future: T) -> T {
    future
}

pub fn main() {
    pleach::block_on(need_send(pleach::local_scope!(|s| {
        s.spawn(async {});
    })));
}
