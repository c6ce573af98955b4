//! What becomes of panics while something is drawn.

#[path = "../src/panics.rs"]
mod panics;

use std::thread;

use panics::Panics;

#[test]
fn those_of_other_threads_are_kept_until_they_are_asked_for() {
    let panics = Panics::keep();
    assert!(panics.is_empty());
    for message in ["the first", "the second"] {
        let panicked = thread::spawn(move || panic!("{message} of two")).join();
        assert!(panicked.is_err() && !panics.is_empty());
    }
    let told = panics.take();
    let [first, second] =
        ["the first of two", "the second of two"].map(|told_of| told.find(told_of));
    assert!(first.is_some() && first < second, "{told}");
    assert!(
        told.starts_with("top: panicked at tests/panics.rs:"),
        "{told}"
    );
}
