//! A clone of the handle takes no shorter borrows than the handle.

pub fn main() {
    pleach::block_on(async {
        let long = String::from("long");
        let (driver, s) = pleach::scope::scope();
        s.spawn(async { long.len() });
        {
            let t = s.clone();
            let short = String::from("short");
            t.spawn(async { short.len() });
        }
        driver.run(async {}).await;
    });
}
