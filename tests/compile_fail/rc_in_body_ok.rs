//! A scope whose body is `Send` is `Send`.

use std::sync::Arc;

fn need_send<T: Send>(future: T) -> T {
    future
}

async fn wait() {}

pub fn main() {
    pleach::block_on(need_send(pleach::scope!(|s| {
        let own = Arc::new(1);
        s.spawn(wait());
        wait().await;
        *own
    })));
}
