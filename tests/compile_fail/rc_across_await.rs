//! A child that holds what is not `Send` while it waits is refused.

use std::rc::Rc;

async fn wait() {}

pub fn main() {
    pleach::block_on(pleach::scope!(|s| {
        s.spawn(async {
            let own = Rc::new(1);
            wait().await;
            *own
        })
        .await
    }))
    .unwrap();
}
