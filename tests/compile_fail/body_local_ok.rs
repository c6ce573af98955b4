//! A child owns what it needs of the body.

pub fn main() {
    pleach::block_on(pleach::scope!(|s| {
        let local = vec![1];
        s.spawn(async move { local.len() }).await
    }))
    .unwrap();
}
