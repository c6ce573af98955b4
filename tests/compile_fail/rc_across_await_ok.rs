//! A local scope takes a child that holds what is not `Send`.

use std::rc::Rc;

async fn wait() {}

pub fn main() {
    pleach::block_on(pleach::local_scope!(|s| {
        s.spawn(async {
            let own = Rc::new(1);
            wait().await;
            *own
        })
        .await
    }))
    .unwrap();
}
