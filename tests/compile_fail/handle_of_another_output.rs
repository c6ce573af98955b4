//! A handle cannot be exchanged for one whose output dies sooner.

use std::mem::swap;

pub fn main() {
    pleach::block_on(async {
        let long = 1;
        let (driver, s) = pleach::scope::scope();
        let mut kept = s.spawn(async { &long });
        {
            let short = 2;
            let (driver, s) = pleach::scope::scope();
            let mut other = s.spawn(async { &short });
            swap(&mut kept, &mut other);
            driver.run(async {}).await;
        }
        driver.run(async {}).await;
        kept.await.unwrap();
    });
}
