//! What a scope has borrowed mutably comes back when it has been awaited.

pub fn main() {
    pleach::block_on(async {
        let mut m = 0;
        let scope = pleach::scope!(|s| {
            s.spawn(async { m += 1 });
        });
        scope.await;
        m += 1;
        assert_eq!(m, 2);
    });
}
