//! A member goes before its group.

pub fn main() {
    let group = pleach::WaitGroup::new();
    let _member;
    _member = group.add();
}
