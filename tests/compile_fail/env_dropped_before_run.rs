//! What children borrow cannot go away while the scope is there.

pub fn main() {
    let v = vec![1];
    let (driver, s) = pleach::scope::scope();
    s.spawn(async { v.len() });
    let run = driver.run(async {});
    drop(v);
    drop(run);
}
