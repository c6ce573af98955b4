//! Children that wait for one another's ends, and for their own.

use std::sync::Mutex;

use pleach::{Handle, Semaphore, group::group, scope};

use crate::{assert_says, at, cycles, stall};

/// Where a handle is left for somebody.
type Left = Mutex<Option<Handle<()>>>;

fn take(left: &Left) -> Handle<()> {
    left.lock().unwrap().take().unwrap()
}

#[test]
fn two_that_await_each_others_handles_never_end() {
    let [one, other] = [const { Left::new(None) }; 2];
    let mut made = String::new();
    let report = stall(|s| {
        let awaits = async |left: &Left| take(left).await.unwrap();
        made = at!(line!() + 1);
        let first = s.spawn(awaits(&other)).named("one");
        let second = s.spawn(awaits(&one)).named("other");
        *one.lock().unwrap() = Some(first);
        *other.lock().unwrap() = Some(second);
    });
    assert_eq!(cycles(&report), [["one", "other"]]);
    assert_says(&report, &["one", &made, "waits for the output", "of other"]);
    assert_says(&report, &["other", "waits for the output", "of one"]);
}

#[test]
fn who_awaits_its_own_handle_waits_for_itself() {
    let own = Left::new(None);
    let mut made = String::new();
    let report = stall(|s| {
        made = at!(line!() + 1);
        let child = s.spawn(async { take(&own).await.unwrap() });
        *own.lock().unwrap() = Some(child.named("narcissus"));
    });
    assert_eq!(cycles(&report), [["narcissus"]]);
    assert_says(&report, &["one waits for itself"]);
    assert_says(&report, &["narcissus", &made, "of narcissus"]);
}

/// A child of a scope awaits who runs the scope, who is not over before the scope is.
#[test]
fn a_child_that_awaits_the_end_of_its_own_scope_never_ends() {
    let outer = Left::new(None);
    let mut made = String::new();
    let report = stall(|s| {
        let runs = s.spawn(async {
            scope!(|s| {
                s.spawn(async { take(&outer).await.unwrap() })
                    .named("inner");
            })
            .await;
        });
        made = at!(line!() - 5);
        *outer.lock().unwrap() = Some(runs.named("outer"));
    });
    let names = cycles(&report);
    assert_eq!(names.len(), 1, "{report}");
    assert!(names[0].contains(&"outer") && names[0].contains(&"inner"));
    assert_says(&report, &["outer", "waits for the end", "of scope"]);
    assert_says(&report, &["scope", "ends when inner"]);
    assert_says(&report, &["inner", &made, "of outer"]);
}

/// A lock is held while results are awaited of a child that needs it.
#[test]
fn who_reads_results_and_holds_what_the_children_need_locks_up() {
    let lock = Semaphore::new(1);
    let mut read = String::new();
    let report = stall(|s| {
        let reader = s.spawn(async {
            let _held = lock.acquire().await;
            let (driver, mut results) = group([lock.acquire()]).results();
            let body = async { results.next().await.is_some() };
            driver.run(body).await
        });
        read = at!(line!() - 4);
        reader.named("reader");
    });
    assert_eq!(cycles(&report).len(), 1, "{report}");
    assert_says(&report, &["reader", "waits for the end", "of group"]);
    assert_says(&report, &["group", "ends when child 1#"]);
    assert_says(&report, &["child 1#", "permit", "held by reader"]);
    assert_says(
        &report,
        &["group", "result", &read, "the children are child 1#"],
    );
}
