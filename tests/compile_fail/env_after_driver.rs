//! What children borrow cannot be declared after the driver.

pub fn main() {
    pleach::block_on(async {
        let (driver, s) = pleach::scope::scope();
        let v = vec![1];
        s.spawn(async { v.len() });
        driver.run(async {}).await;
    });
}
