//! What children borrow is declared before the driver.

pub fn main() {
    pleach::block_on(async {
        let v = vec![1];
        let (driver, s) = pleach::scope::scope();
        s.spawn(async { v.len() });
        driver.run(async {}).await;
    });
}
