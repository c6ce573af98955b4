//! A child cannot borrow a local of the body.

pub fn main() {
    pleach::block_on(pleach::scope!(|s| {
        let local = vec![1];
        s.spawn(async { local.len() }).await
    }))
    .unwrap();
}
