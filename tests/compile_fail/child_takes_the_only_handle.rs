//! A child cannot take the handle that it is spawned with.

pub fn main() {
    let n = pleach::block_on(pleach::scope!(|s| {
        s.spawn(async move { s.spawn(async { 1 }).await }).await
    }));
    assert_eq!(n, Ok(Ok(1)));
}
