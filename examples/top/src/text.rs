//! Nodes and their waits in words.

use std::{panic::Location, time::Duration};

use pleach::inspect::{Node, NodeKind, Wait};

/// What it is called, or else where it was made, or what it is.
pub(crate) fn label(node: &Node) -> String {
    match (node.name(), node.site()) {
        (Some(name), _) => name.to_owned(),
        (None, Some(site)) => short_place(site),
        (None, None) => node.kind().name().to_owned(),
    }
}

/// What it is doing. A token does nothing: it is there.
pub(crate) fn state(node: &Node) -> &'static str {
    match node.kind() {
        NodeKind::Token => "-",
        _ => node.state().name(),
    }
}

/// Three or four characters for what is seen at a glance.
pub(crate) fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0 => format!("{}ms", time.as_millis()),
        1..10 => format!("{:.1}s", (time.as_millis() / 100) as f64 / 10.0),
        10..100 => format!("{seconds}s"),
        100..6000 => format!("{}m", seconds / 60),
        _ => format!("{}h", seconds / 3600),
    }
}

pub(crate) fn time_or_dash(known: Option<Duration>) -> String {
    known.map_or_else(|| "-".to_owned(), time)
}

/// A place in the code, without the folders.
pub(crate) fn short_place(site: &Location<'_>) -> String {
    let file = site.file();
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    format!("{name}:{}", site.line())
}

pub(crate) fn place(site: &Location<'_>) -> String {
    format!("{}:{}", site.file(), site.line())
}

/// `recv 3.2s visits.rs:44`.
pub(crate) fn short_wait(wait: &Wait) -> String {
    let age = wait
        .age()
        .map_or_else(String::new, |age| format!(" {}", time(age)));
    format!("{}{age} {}", wait.what(), short_place(wait.site()))
}

/// All that it waits for, in one line.
pub(crate) fn waits(node: &Node) -> String {
    let mut waits: Vec<_> = node.waits().iter().map(short_wait).collect();
    if node.waits().more() > 0 {
        waits.push(format!("{} more", node.waits().more()));
    }
    waits.join(", ")
}
