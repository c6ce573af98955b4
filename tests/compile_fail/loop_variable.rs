//! A child of a loop cannot borrow the loop's variable.

pub fn main() {
    pleach::block_on(pleach::scope!(|s| {
        for n in [1, 2] {
            s.spawn(async { n + 1 });
        }
    }));
}
