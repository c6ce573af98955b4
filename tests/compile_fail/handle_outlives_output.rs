//! A handle cannot outlive what the output borrows: it drops the output.

pub fn main() {
    pleach::block_on(async {
        let _handle;
        let v = vec![1, 2, 3];
        _handle = pleach::scope!(|s| { s.spawn(async { &v[0] }) }).await;
    });
}
