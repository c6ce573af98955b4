//! Pitfalls of scopes that the tests of single features are not about. `tests/PITFALLS.md` lists
//! all, by number, and where each is tested.

#[path = "../support/mod.rs"]
mod support;

mod ends;
mod misuse;
mod reentry;
mod turns;
mod wakers;

use std::{
    collections::BTreeSet,
    fs,
    future::{Future, poll_fn},
    path::Path,
    sync::Mutex,
    task::{Poll, Waker},
};

/// Where wakers are left.
pub(crate) type Kept = Mutex<Vec<Waker>>;

/// Leaves a waker, then is pending so many times, however it is woken.
pub(crate) fn leaves_wakers(kept: &Kept, mut polls: usize) -> impl Future<Output = ()> + Send {
    poll_fn(move |cx| {
        kept.lock().unwrap().push(cx.waker().clone());
        if polls == 0 {
            return Poll::Ready(());
        }
        polls -= 1;
        Poll::Pending
    })
}

pub(crate) fn wake_all(kept: &Kept) {
    let wakers = kept.lock().unwrap().clone();
    wakers.iter().for_each(Waker::wake_by_ref);
}

/// All names in the table that stand for a test, a program or a file of them.
fn names(table: &str) -> impl Iterator<Item = &str> {
    let quoted = table.split('`').skip(1).step_by(2);
    let last = quoted.map(|name| name.rsplit(['/', ':']).next().unwrap_or(name));
    last.filter(|name| {
        name.len() > 4
            && name
                .chars()
                .all(|c| matches!(c, 'a'..='z' | '0'..='9' | '_'))
    })
}

/// Everything below a folder: the names of files without their endings, and their texts.
fn read_all(folder: &Path, stems: &mut BTreeSet<String>, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        stems.insert(path.file_stem().unwrap().to_string_lossy().into_owned());
        if path.is_dir() {
            read_all(&path, stems, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            *text += &fs::read_to_string(&path).unwrap();
        }
    }
}

#[test]
fn the_table_lists_all_pitfalls_and_tests_that_there_are() {
    let table = fs::read_to_string("tests/PITFALLS.md").unwrap();
    for number in 1..=71 {
        assert!(
            table.contains(&format!("\n| {number} | ")),
            "{number} is not there"
        );
    }
    let (mut stems, mut text) = (BTreeSet::new(), String::new());
    for folder in ["tests", "loom-tests/tests"] {
        read_all(Path::new(folder), &mut stems, &mut text);
    }
    let missing: Vec<_> = names(&table)
        .filter(|name| !stems.contains(*name) && !text.contains(&format!("fn {name}(")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(names(&table).count() > 100);
}
