//! A child of a loop moves the loop's variable in.

pub fn main() {
    pleach::block_on(pleach::scope!(|s| {
        for n in [1, 2] {
            s.spawn(async move { n + 1 });
        }
    }));
}
