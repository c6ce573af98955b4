//! What a `LeakGuard` finds, and that it finds nothing else.

use std::{
    cell::Cell,
    future::Future,
    panic::{self, AssertUnwindSafe},
    pin::pin,
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use pleach::{
    cancel::{Cause, CauseKind, Phase},
    inspect::{Inspect, LeakGuard, Leaked, Node},
    time::{Instant, ManualClock},
};

use crate::{Root, child, id, numbers, scope, snapshot};

fn message(panicking: impl FnOnce()) -> String {
    let payload = panic::catch_unwind(AssertUnwindSafe(panicking)).unwrap_err();
    *payload.downcast::<String>().unwrap()
}

#[test]
fn what_was_there_before_is_no_leak() {
    let root = Root::of([scope(0), child(1, 0)]);
    let guard = LeakGuard::new(&root);
    assert!(guard.check().is_ok());
    root.begin(child(2, 0));
    root.end(2);
    drop(guard);
}

#[test]
fn dropping_it_panics_with_the_tree_of_what_is_new() {
    let root = Root::of([
        scope(0).with_name("server"),
        child(1, 0).with_name("old"),
        scope(2).with_parent(id(0)),
    ]);
    let line = line!() + 1;
    let guard = LeakGuard::new(&root);
    for number in 3..6 {
        root.begin(child(number, 2).with_name("worker"));
    }
    root.begin(child(6, 0).with_name("lost"));
    assert_eq!(
        message(move || drop(guard)),
        format!(
            "4 nodes have begun since {}:{line}:17 and not ended:
server (scope) waiting
├── scope waiting
│   └── 3*[worker waiting]
└── lost waiting
",
            file!()
        )
    );
}

#[test]
fn what_it_finds_can_be_looked_at() {
    let root = Root::of([scope(0), child(1, 0)]);
    let guard = LeakGuard::new(&root);
    root.begin(child(2, 1));
    let leaked = guard.check().unwrap_err();
    assert_eq!(
        (leaked.count(), numbers(leaked.snapshot())),
        (1, vec![0, 1, 2])
    );
    assert!(leaked.to_string().starts_with("1 node has begun since "));
    root.end(2);
}

#[test]
fn names_that_are_ignored_are_so_with_all_below_them() {
    let root = Root::of([scope(0)]);
    let guard = LeakGuard::new(&root).ignore("pool").ignore("log");
    root.begin(child(1, 0).with_name("pool"));
    root.begin(child(2, 1));
    root.begin(child(3, 2).with_name("log"));
    root.begin(child(4, 1));
    root.begin(child(5, 0).with_name("log"));
    assert!(guard.check().is_ok());
    root.begin(child(6, 0));
    root.begin(child(7, 0).with_name("pool table"));
    assert_eq!(numbers(guard.check().unwrap_err().snapshot()), [0, 6, 7]);
    root.end(6);
    root.end(7);
}

#[test]
fn while_it_unwinds_it_does_not_panic_again() {
    let root = Root::of([scope(0)]);
    let first = message(|| {
        let _guard = LeakGuard::new(&root);
        root.begin(child(1, 0));
        panic!("{}", "the first");
    });
    assert_eq!(first, "the first");
}

#[test]
fn guards_of_roots_that_are_used_at_the_same_time_do_not_see_one_another() {
    thread::scope(|threads| {
        for leaks in [false, true, false, true] {
            threads.spawn(move || {
                for _ in 0..200 {
                    // The ids are the same everywhere.
                    let root = Root::of([scope(0)]);
                    let guard = LeakGuard::new(&root);
                    root.begin(child(1, 0));
                    thread::yield_now();
                    if !leaks {
                        root.end(1);
                    }
                    assert_eq!(guard.check().is_err(), leaks);
                    root.end(1);
                }
            });
        }
    });
}

/// A root whose child is gone when the clock has come to a moment; counts how often it is looked at.
struct Fading<'c> {
    clock: &'c ManualClock,
    gone: Instant,
    has_begun: Cell<bool>,
    looks: Cell<usize>,
}

impl<'c> Fading<'c> {
    fn new(clock: &'c ManualClock, gone: Duration) -> Self {
        Self {
            clock,
            gone: Instant::EPOCH + gone,
            has_begun: Cell::new(false),
            looks: Cell::new(0),
        }
    }
}

impl Inspect for Fading<'_> {
    fn visit(&self, each: &mut dyn FnMut(&Node)) {
        self.looks.set(self.looks.get() + 1);
        each(&scope(0));
        if self.live() > 0 {
            each(&child(1, 0));
        }
    }

    fn live(&self) -> usize {
        use pleach::time::Clock;
        usize::from(self.has_begun.get() && self.clock.now() < self.gone)
    }
}

/// Polls it, and moves the clock to whatever it sleeps for.
fn run<T>(clock: &ManualClock, future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        clock.advance_to_next().expect("it sleeps");
    }
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn it_waits_until_all_is_gone_and_no_longer() {
    use pleach::time::Clock;
    let clock = ManualClock::new();
    let root = Fading::new(&clock, Duration::from_millis(700));
    let guard = LeakGuard::new(&root);
    root.has_begun.set(true);
    run(&clock, guard.idle(&clock, 60 * SECOND)).unwrap();
    let time = clock.now() - Instant::EPOCH;
    assert!((700..=800).contains(&time.as_millis()), "{time:?}");
    // It does not look all the time: after 1, 3, 7 .. 127 ms, and then every 100.
    assert!(root.looks.get() <= 20, "{}", root.looks.get());
    // And in the end once more, but not again when the guard is dropped.
    let looks = root.looks.get();
    run(&clock, guard.assert_idle(&clock, SECOND));
    assert_eq!(root.looks.get(), looks + 1);
}

#[test]
fn it_waits_no_longer_than_it_may() {
    use pleach::time::Clock;
    let clock = ManualClock::new();
    let root = Fading::new(&clock, 60 * SECOND);
    let guard = LeakGuard::new(&root);
    root.has_begun.set(true);
    let leaked: Leaked = run(&clock, guard.idle(&clock, SECOND)).unwrap_err();
    assert_eq!((leaked.count(), clock.now()), (1, Instant::EPOCH + SECOND));
    // It goes at the very end of the time.
    run(&clock, guard.idle(&clock, 59 * SECOND)).unwrap();
    drop(guard);
    let guard = LeakGuard::new(&root);
    root.has_begun.set(true);
    assert!(run(&clock, guard.idle(&clock, Duration::ZERO)).is_ok());
}

#[test]
fn asserted_in_vain_it_panics_once() {
    let clock = ManualClock::new();
    let root = Fading::new(&clock, 60 * SECOND);
    let guard = LeakGuard::new(&root);
    root.has_begun.set(true);
    let told = message(|| run(&clock, guard.assert_idle(&clock, SECOND)));
    assert!(
        told.contains("1 node has begun") && told.contains("└── child waiting"),
        "{told}"
    );
}

#[test]
fn a_future_that_waits_can_go_to_another_thread() {
    fn is_send<T: Send>(_: &T) {}
    struct Nothing;
    impl Inspect for Nothing {
        fn visit(&self, _: &mut dyn FnMut(&Node)) {}
        fn live(&self) -> usize {
            0
        }
    }
    let guard = LeakGuard::new(&Nothing);
    let clock = ManualClock::new();
    is_send(&guard.idle(&clock, SECOND));
}

#[test]
fn what_is_cancelled_and_stays_comes_with_the_longest_first() {
    let cancelled = |number, seconds: u64| {
        child(number, 0)
            .with_phase(Phase::Cancelled, Some(Cause::new(CauseKind::Requested)))
            .with_cancelled(Duration::from_secs(seconds))
    };
    let taken = snapshot([
        scope(0),
        cancelled(1, 5),
        cancelled(2, 60),
        cancelled(3, 4),
        cancelled(4, 5),
        child(5, 0)
            .with_phase(Phase::Stopping, None)
            .with_cancelled(Duration::from_secs(99)),
        child(6, 0).with_phase(Phase::Cancelled, None),
    ]);
    let late = |time: Duration| {
        let late = taken.cancelled_but_alive(time);
        late.map(|entry| entry.node().id().number())
            .collect::<Vec<_>>()
    };
    assert_eq!(late(5 * SECOND), [2, 1, 4]);
    assert_eq!(late(Duration::ZERO), [2, 1, 4, 3, 6]);
    assert_eq!(late(61 * SECOND), Vec::<usize>::new());
}
