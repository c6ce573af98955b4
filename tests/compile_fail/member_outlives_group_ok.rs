//! A member goes before its group.

fn main() {
    let group = pleach::WaitGroup::new();
    let _member;
    _member = group.add();
}
