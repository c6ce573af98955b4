//! A handle may be dropped together with what the output borrows.

pub fn main() {
    pleach::block_on(async {
        let v = vec![1, 2, 3];
        let _handle;
        _handle = pleach::scope!(|s| { s.spawn(async { &v[0] }) }).await;
    });
}
