//! What a scope has borrowed mutably is borrowed before it is awaited, too.

pub fn main() {
    pleach::block_on(async {
        let mut m = 0;
        let scope = pleach::scope!(|s| {
            s.spawn(async { m += 1 });
        });
        m += 1;
        scope.await;
        assert_eq!(m, 2);
    });
}
