//! What a request asks for.

use std::time::Duration;

use pleach::{runtime::SmolTimer, time::sleep};

/// Does what a line asks for, and gives the answer.
pub(crate) async fn answer(line: &str) -> String {
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    match (verb, rest.parse()) {
        ("echo", _) => rest.to_owned(),
        ("work", Ok(millis)) => {
            sleep(SmolTimer, Duration::from_millis(millis)).await;
            format!("done {millis}")
        }
        _ => format!("error: neither `echo TEXT` nor `work MILLISECONDS`: {line:?}"),
    }
}
