//! The example `trace`: its program, by its own file.

#[path = "../../examples/trace/crawl.rs"]
mod crawl;

use pleach::inspect::{End, Event, Record};

use crate::golden::compare;

/// Where that file is for those who compile it from here.
const FROM_HERE: &str = "tests/inspect_trace/../../";

fn picture() -> String {
    let picture = crawl::crawl().timeline().svg().to_string();
    assert!(picture.contains(FROM_HERE), "{picture}");
    picture.replace(FROM_HERE, "")
}

/// `GOLDEN=overwrite cargo test --features inspect --test inspect_trace` writes it anew.
#[test]
fn the_picture_of_the_documentation_is_the_one_that_it_draws() {
    compare("docs/inspect/trace.svg", picture());
}

#[test]
fn it_draws_the_same_whenever_it_runs_and_on_whatever_thread() {
    let other = std::thread::spawn(picture).join().unwrap();
    assert_eq!(picture(), other);
}

/// So the picture has the whole of it.
#[test]
fn it_keeps_all_that_happens_to_the_end_of_each() {
    let recorder = crawl::crawl();
    assert_eq!(recorder.overwritten(), 0);
    let records = recorder.records();
    let of = |kind| {
        let records = records.iter().filter(|record| record.event() == kind);
        let mut ids: Vec<_> = records.map(Record::id).collect();
        ids.sort_unstable();
        ids
    };
    let (begun, ended) = (of(Event::Spawned), of(Event::Ended(End::Completed)));
    assert_eq!(begun.len(), 7, "the scope, the index and five pages");
    assert_eq!(begun, ended);
}
