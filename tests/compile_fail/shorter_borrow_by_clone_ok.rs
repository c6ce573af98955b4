//! A clone of the handle takes what the handle takes.

pub fn main() {
    pleach::block_on(async {
        let long = String::from("long");
        let (driver, s) = pleach::scope::scope();
        s.spawn(async { long.len() });
        {
            let t = s.clone();
            let short = String::from("short");
            t.spawn(async move { short.len() });
        }
        driver.run(async {}).await;
    });
}
