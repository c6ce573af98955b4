//! What children borrow goes away after the scope.

pub fn main() {
    let v = vec![1];
    let (driver, s) = pleach::scope::scope();
    s.spawn(async { v.len() });
    let run = driver.run(async {});
    drop(run);
    drop(v);
}
