//! What a child has borrowed mutably comes back after the last use of a handle.

pub fn main() {
    pleach::block_on(async {
        let mut m = 0;
        let (driver, s) = pleach::scope::scope();
        s.spawn(async { m += 1 });
        let t = s.clone();
        driver.run(async {}).await;
        drop(t);
        m += 1;
        assert_eq!(m, 2);
    });
}
