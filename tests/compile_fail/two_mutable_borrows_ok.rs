//! Two children borrow two things mutably.

pub fn main() {
    let (mut m, mut n) = (0, 0);
    pleach::block_on(pleach::scope!(|s| {
        s.spawn(async { m += 1 });
        s.spawn(async { n += 1 });
    }));
}
