//! Two children cannot borrow one thing mutably.

pub fn main() {
    let mut m = 0;
    pleach::block_on(pleach::scope!(|s| {
        s.spawn(async { m += 1 });
        s.spawn(async { m += 1 });
    }));
}
