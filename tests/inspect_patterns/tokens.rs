//! What is told to leave and does not, and what is kept.

use std::{
    future::pending,
    panic::{self, AssertUnwindSafe},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use pleach::{
    CancelToken, Event,
    cancel::{Cause, Close},
    inspect::{LeakGuard, Snapshot, StallReport},
    scope::scope,
};

use crate::{assert_says, at, run_dry};

/// The scope is cancelled, and one child goes on waiting for something else.
#[test]
fn who_ignores_its_token_is_cancelled_but_alive() {
    let (event, made) = (Event::new(), at!(line!()));
    let (driver, s) = scope();
    let token = s.token();
    s.spawn(async move { token.cancelled().await });
    s.spawn(async { event.wait().await }).named("deaf");
    let mut run = pin!(driver.named("server").run(async {}));
    assert!(!run_dry(run.as_mut()));
    s.cancel();
    assert!(!run_dry(run.as_mut()));

    let snapshot = Snapshot::of(&s);
    let late: Vec<_> = snapshot.cancelled_but_alive(Duration::ZERO).collect();
    assert_eq!(late.len(), 1);
    assert_eq!(late[0].node().name(), Some("server"));
    let alive: Vec<_> = late[0]
        .children()
        .map(|child| child.node().name())
        .collect();
    assert_eq!(alive, [Some("deaf")]);
    assert_says(&snapshot, &["deaf", "waiting", "event", &made]);
}

/// A request's token is left in a table.
#[test]
fn a_token_that_is_kept_is_a_leak() {
    let root = CancelToken::new();
    let mut table = Vec::new();
    let guard = LeakGuard::new(&root);
    table.push(root.child());
    let made = at!(line!() - 1);
    let leak = guard.check().unwrap_err();
    assert_eq!(leak.count(), 1);
    assert_says(&leak, &["token", &made]);
    table.clear();
    drop(guard);
}

/// Work that was cut off its tree with `detached` is not cancelled with it, and is told where it was made.
#[test]
fn detached_work_goes_on_when_its_tree_is_cancelled() {
    let root = CancelToken::new();
    let detached = root.detached();
    let made = at!(line!() - 1);
    let (driver, s) = scope();
    let inner = detached.clone();
    s.spawn(async move { inner.cancelled().await })
        .named("cut off");
    let mut run = pin!(driver.token(&root).run(async {}));
    assert!(!run_dry(run.as_mut()));
    root.cancel();
    assert!(!run_dry(run.as_mut()));
    let report = StallReport::of(&s);
    assert!(report.is_stalled());
    assert_says(&report, &["cut off", "waits at a token", &made]);
    detached.cancel();
    assert!(run_dry(run.as_mut()));
}

/// A ticker that was begun for a request, in a scope that lives on.
#[test]
fn a_daemon_that_outlives_its_purpose_is_a_leak() {
    let (driver, s) = scope();
    let mut run = pin!(driver.run(pending::<()>()));
    assert!(!run_dry(run.as_mut()));
    let guard = LeakGuard::new(&s);
    let request = s.spawn_daemon(pending::<()>()).named("ticker");
    let made = at!(line!() - 1);
    assert!(!run_dry(run.as_mut()));
    drop(request);
    let panicked = panic::catch_unwind(AssertUnwindSafe(|| drop(guard))).unwrap_err();
    let text = panicked.downcast::<String>().unwrap();
    assert_says(&text, &["ticker", "daemon", &made]);
}

/// What is read from: closed, it lets the reader go.
struct Socket {
    is_closed: AtomicBool,
    closed: Event,
}

struct Shared(Arc<Socket>);

impl Close for Shared {
    fn close(&self, _: Option<Cause>) {
        self.0.is_closed.store(true, Relaxed);
        self.0.closed.set();
    }
}

/// Nothing closes it when the scope is cancelled, unless it was bound to a token.
#[test]
fn a_resource_that_is_not_bound_keeps_its_reader_when_all_is_cancelled() {
    for is_bound in [false, true] {
        let (closed, made) = (Event::new(), at!(line!()));
        let socket = Arc::new(Socket {
            is_closed: AtomicBool::new(false),
            closed,
        });
        let (driver, s) = scope();
        let token = s.token();
        let bound = is_bound.then(|| token.bind(Shared(Arc::clone(&socket))));
        let read = Arc::clone(&socket);
        s.spawn(async move { read.closed.wait().await })
            .named("reader");
        let mut run = pin!(driver.run(async {}));
        assert!(!run_dry(run.as_mut()));
        s.cancel();
        assert_eq!(run_dry(run.as_mut()), is_bound);
        assert_eq!(socket.is_closed.load(Relaxed), is_bound);
        if !is_bound {
            let snapshot = Snapshot::of(&s);
            assert_eq!(snapshot.cancelled_but_alive(Duration::ZERO).count(), 1);
            assert_says(&snapshot, &["reader", &made]);
        }
        drop(bound);
    }
}
