//! What a child has borrowed mutably stays borrowed while a handle is used.

pub fn main() {
    pleach::block_on(async {
        let mut m = 0;
        let (driver, s) = pleach::scope::scope();
        s.spawn(async { m += 1 });
        let t = s.clone();
        driver.run(async {}).await;
        m += 1;
        drop(t);
        assert_eq!(m, 2);
    });
}
