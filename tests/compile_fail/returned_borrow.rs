//! A scope that borrows a local of a function cannot be returned from it.

fn count() -> impl Future<Output = usize> {
    let v = vec![1, 2, 3];
    pleach::scope!(|s| { s.spawn(async { v.len() }).await.unwrap() })
}

pub fn main() {
    assert_eq!(pleach::block_on(count()), 3);
}
