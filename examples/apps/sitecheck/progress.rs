//! How far it is, on standard error.

use std::{
    fmt::Display,
    future::pending,
    io::{self, IsTerminal, Write},
    pin::pin,
    time::Duration,
};

use pleach::{runtime::StdTimer, time::interval};

/// Puts the cursor back to the beginning of the line, and clears that.
const AGAIN: &str = "\r\x1b[K";

/// Tells again and again, without end, what `line` says: on a terminal in one line, which is gone
/// when this is dropped; elsewhere, if it `is_wanted`, in lines of their own.
pub(crate) async fn tell<D: Display>(is_wanted: bool, line: impl Fn() -> D) {
    if io::stderr().is_terminal() {
        let _clears = Clears;
        repeat(Duration::from_millis(100), || format!("{AGAIN}{}", line())).await
    } else if is_wanted {
        repeat(Duration::from_secs(1), || format!("{}\n", line())).await
    } else {
        pending().await
    }
}

async fn repeat(period: Duration, text: impl Fn() -> String) {
    let mut ticks = pin!(interval(StdTimer, period));
    loop {
        ticks.as_mut().tick().await;
        write(&text());
    }
}

/// It is of no use to anybody if it cannot be written.
fn write(text: &str) {
    let mut stderr = io::stderr();
    let _ = stderr.write_all(text.as_bytes());
    let _ = stderr.flush();
}

struct Clears;

impl Drop for Clears {
    fn drop(&mut self) {
        write(AGAIN);
    }
}
