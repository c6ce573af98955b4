//! An output that borrows cannot outlive what it borrows.

pub fn main() {
    pleach::block_on(async {
        let first = {
            let v = vec![1, 2, 3];
            pleach::scope!(|s| { s.spawn(async { &v[0] }).await }).await
        };
        assert!(first.is_ok());
    });
}
