//! A scope that owns what its children borrow can be returned.

fn count() -> impl Future<Output = usize> {
    async {
        let v = vec![1, 2, 3];
        pleach::scope!(|s| { s.spawn(async { v.len() }).await.unwrap() }).await
    }
}

pub fn main() {
    assert_eq!(pleach::block_on(count()), 3);
}
