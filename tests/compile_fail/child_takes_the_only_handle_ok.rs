//! A child takes a clone of the handle that it is spawned with.

pub fn main() {
    let n = pleach::block_on(pleach::scope!(|s| {
        s.spawn_with(|s| async move { s.spawn(async { 1 }).await })
            .await
    }));
    assert_eq!(n, Ok(Ok(1)));
}
