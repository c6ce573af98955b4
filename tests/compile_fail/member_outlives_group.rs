//! A member that borrows its group cannot outlive it.

pub fn main() {
    let _member;
    let group = pleach::WaitGroup::new();
    _member = group.add();
}
