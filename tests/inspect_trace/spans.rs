//! Spans and events of the crate `tracing`.

use std::{
    cell::RefCell,
    fmt::{Debug, Write as _},
    sync::{Arc, Mutex},
    thread,
};

use pleach::{block_on, inspect::Tracing, par_scope, runtime::Spawn, scope};
use tracing::{
    Event, Metadata, Subscriber,
    dispatcher::{Dispatch, with_default},
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

use tracing_core::span::Current;

use crate::support::yield_now;

thread_local!(static STACK: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) });

/// Writes down what happens, and fails where a span is used that is closed.
#[derive(Clone, Default)]
struct Collect(Arc<Mutex<Collected>>);

#[derive(Default)]
struct Collected {
    lines: Vec<String>,
    spans: Vec<Known>,
}

struct Known {
    label: String,
    meta: &'static Metadata<'static>,
    refs: usize,
}

/// The fields but for the site, of which only the file is told.
struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let value = format!("{value:?}");
        let value = match field.name() {
            "site" => value.split(':').next().unwrap(),
            _ => &value,
        };
        write!(self.0, " {}={value}", field.name()).unwrap();
    }
}

impl Collect {
    fn with<R>(&self, f: impl FnOnce(&mut Collected) -> R) -> R {
        f(&mut self.0.lock().unwrap())
    }

    fn say(&self, what: &str, id: &Id) {
        self.with(|all| {
            let known = &all.spans[id.into_u64() as usize - 1];
            assert!(known.refs > 0, "{} is closed", known.label);
            let line = format!("{what} {}", known.label);
            all.lines.push(line);
        });
    }

    fn take(&self) -> Vec<String> {
        self.with(|all| std::mem::take(&mut all.lines))
    }

    /// How many spans are not closed.
    fn open(&self) -> usize {
        self.with(|all| all.spans.iter().filter(|span| span.refs > 0).count())
    }
}

impl Subscriber for Collect {
    fn enabled(&self, meta: &Metadata<'_>) -> bool {
        ["pleach", "test"].contains(&meta.target())
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut fields = String::new();
        attributes.record(&mut Fields(&mut fields));
        let current = STACK.with_borrow(|stack| stack.last().copied());
        let parent = match attributes.parent() {
            Some(parent) => Some(parent.into_u64()),
            None if attributes.is_contextual() => current,
            None => None,
        };
        self.with(|all| {
            let id = all.spans.len() as u64 + 1;
            let below = parent.map_or("nothing".to_owned(), |parent| {
                all.spans[parent as usize - 1].label.clone()
            });
            let label = format!("{}{id}", attributes.metadata().name());
            all.lines
                .push(format!("new {label} below {below}:{fields}"));
            all.spans.push(Known {
                label,
                meta: attributes.metadata(),
                refs: 1,
            });
            Id::from_u64(id)
        })
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        let mut fields = String::new();
        values.record(&mut Fields(&mut fields));
        self.say(&format!("record{fields}"), id);
    }

    fn record_follows_from(&self, id: &Id, follows: &Id) {
        let of = self.with(|all| all.spans[follows.into_u64() as usize - 1].label.clone());
        self.say(&format!("from {of}"), id);
    }

    fn event(&self, event: &Event<'_>) {
        let mut fields = String::new();
        event.record(&mut Fields(&mut fields));
        let current = || STACK.with_borrow(|stack| stack.last().map(|&id| Id::from_u64(id)));
        let span = event.parent().cloned().or_else(current);
        let what = format!("{}{fields} in", event.metadata().level());
        self.say(&what, &span.expect("an event in a span"));
    }

    fn enter(&self, id: &Id) {
        self.say("enter", id);
        STACK.with_borrow_mut(|stack| stack.push(id.into_u64()));
    }

    fn exit(&self, id: &Id) {
        self.say("exit", id);
        let last = STACK.with_borrow_mut(Vec::pop);
        assert_eq!(last, Some(id.into_u64()));
    }

    fn clone_span(&self, id: &Id) -> Id {
        self.with(|all| all.spans[id.into_u64() as usize - 1].refs += 1);
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        let refs = self.with(|all| {
            let known = &mut all.spans[id.into_u64() as usize - 1];
            known.refs -= 1;
            known.refs
        });
        refs == 0
    }

    fn current_span(&self) -> Current {
        let Some(id) = STACK.with_borrow(|stack| stack.last().copied()) else {
            return Current::none();
        };
        let meta = self.with(|all| all.spans[id as usize - 1].meta);
        Current::new(Id::from_u64(id), meta)
    }
}

/// Runs `f` with a subscriber; what that was told.
fn collected(f: impl FnOnce()) -> Vec<String> {
    let collect = Collect::default();
    with_default(&Dispatch::new(collect.clone()), f);
    assert_eq!(collect.open(), 0);
    collect.take()
}

#[test]
fn a_child_is_a_span_that_is_entered_in_its_polls_and_ends_with_an_event() {
    let lines = collected(|| {
        block_on(scope!(observe = Tracing::new(), |s| {
            s.spawn(async {
                tracing::info!(target: "test", said = 1);
                yield_now().await;
            })
            .named("worker");
        }));
    });
    let site = file!();
    assert_eq!(
        lines,
        [
            &format!("new scope1 below nothing: id=0#0 site={site}"),
            "enter scope1",
            &format!("new child2 below scope1: id=0#1 site={site}"),
            "enter child2",
            "record name=\"worker\" child2",
            "exit child2",
            "exit scope1",
            "enter child2",
            "INFO said=1 in child2",
            "exit child2",
            "enter child2",
            "exit child2",
            "DEBUG end=\"completed\" in child2",
            "DEBUG end=\"completed\" in scope1",
        ]
    );
}

#[test]
fn who_spawned_it_is_what_it_follows_from_and_a_nested_scope_is_below_its_child() {
    let lines = collected(|| {
        let span = tracing::info_span!(target: "test", "request");
        span.in_scope(|| {
            block_on(scope!(observe = Tracing::new(), |s| {
                s.spawn(async {
                    s.spawn(async {});
                    scope!(|_inner| {}).await;
                });
            }));
        });
    });
    let starts = |with: &str| -> Vec<_> {
        let of = |line: &String| {
            line.starts_with(with)
                .then(|| line.split(':').next().unwrap().to_owned())
        };
        lines.iter().filter_map(of).collect()
    };
    assert_eq!(
        starts("new "),
        [
            "new request1 below nothing",
            "new scope2 below request1",
            "new child3 below scope2",
            "new child4 below scope2",
            "new scope5 below child3",
        ]
    );
    assert_eq!(starts("from "), ["from child3 child4"]);
}

#[test]
fn how_a_child_ends_is_told_at_the_level_that_it_deserves() {
    let lines = collected(|| {
        let run = || {
            block_on(scope!(observe = Tracing::new(), |s| {
                s.spawn(std::future::pending::<()>()).abort();
                s.spawn(async { panic!("of the child") });
            }));
        };
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
    });
    let ends: Vec<_> = lines.iter().filter(|line| line.contains("end=")).collect();
    assert_eq!(
        ends,
        [
            "INFO end=\"aborted\" in child2",
            "WARN end=\"panicked\" in child3",
            "WARN end=\"panicked\" in scope1",
        ]
    );
}

/// Runs each task on a thread of its own.
#[derive(Clone, Copy)]
struct Threads;

impl Spawn for Threads {
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        thread::spawn(|| block_on(future));
    }
}

#[test]
fn tasks_of_a_runtime_are_in_their_spans_on_whatever_thread() {
    let collect = Collect::default();
    let here = thread::current().id();
    with_default(&Dispatch::new(collect.clone()), || {
        block_on(par_scope!(Threads, observe = Tracing::new(), |s| {
            for _ in 0..4 {
                s.spawn(async move {
                    assert_ne!(thread::current().id(), here);
                    let span = STACK.with_borrow(Vec::clone);
                    assert_eq!(span.len(), 1, "its own and no other");
                    yield_now().await;
                });
            }
        }));
    });
    assert_eq!(collect.open(), 0);
    let lines = collect.take();
    let count = |with: &str| lines.iter().filter(|line| line.starts_with(with)).count();
    assert_eq!(count("enter child"), 8);
    assert_eq!(count("exit child"), 8);
    assert_eq!(count("DEBUG end=\"completed\" in child"), 4);
}

#[test]
fn without_a_subscriber_there_is_nothing() {
    block_on(scope!(observe = Tracing::default(), |s| {
        s.spawn(async {}).named("quiet");
    }));
}
