//! Handles whose outputs live as long can be exchanged.

use std::mem::swap;

pub fn main() {
    pleach::block_on(async {
        let (long, short) = (1, 2);
        let (driver, s) = pleach::scope::scope();
        let mut kept = s.spawn(async { &long });
        {
            let (driver, s) = pleach::scope::scope();
            let mut other = s.spawn(async { &short });
            swap(&mut kept, &mut other);
            driver.run(async {}).await;
        }
        driver.run(async {}).await;
        kept.await.unwrap();
    });
}
