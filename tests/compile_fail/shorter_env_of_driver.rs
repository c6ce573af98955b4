//! The lifetime of a driver cannot be shortened, nor that of its future.

use pleach::scope::{Driver, Run};

fn shorten<'short>(driver: Driver<'static>, _: &'short ()) -> Driver<'short> {
    driver
}

fn run<'a, F: Future>(run: Run<'a, F>) -> Run<'a, F> {
    run
}

pub fn main() {
    let (driver, _s) = pleach::scope::scope();
    let _run = run(shorten(driver, &()).run(async {}));
}
