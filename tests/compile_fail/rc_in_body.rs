//! A scope whose body is not `Send` is not `Send`.

use std::rc::Rc;

fn need_send<T: Send>(future: T) -> T {
    future
}

async fn wait() {}

pub fn main() {
    pleach::block_on(need_send(pleach::scope!(|s| {
        let own = Rc::new(1);
        s.spawn(wait());
        wait().await;
        *own
    })));
}
