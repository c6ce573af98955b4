//! Scopes that are very wide or very deep: time in proportion, and no stack.
//!
//! A future that polls another takes stack for it, whatever this crate does: scopes *within* one
//! another need as much as the futures between them. What a scope adds of its own must not depend
//! on how many children it has, or on how long a chain of children wait for one another.

mod support;

use std::{
    future::{Future, pending},
    num::NonZeroUsize,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
};

use pleach::{Scope, scope};
use support::{block_on, message, poll_now};

const WIDE: usize = 1_000_000;
const DEEP: usize = 5_000;
/// What a thread needs to be started and to say that a test failed, and little more.
const SMALL: usize = 192 << 10;

/// Runs on a thread with so much stack.
fn with_stack(size: usize, f: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new().stack_size(size);
    thread.spawn(f).unwrap().join().unwrap();
}

/// A future that counts itself as long as it lives.
struct Alive(Arc<AtomicUsize>);

impl Alive {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

#[test]
fn a_million_children_in_one_scope() {
    with_stack(SMALL, || {
        let done = AtomicUsize::new(0);
        block_on(scope!(|s| {
            for _ in 0..WIDE {
                s.spawn(async {
                    done.fetch_add(1, SeqCst);
                });
            }
        }));
        assert_eq!(done.into_inner(), WIDE);
    });
}

#[test]
fn a_million_children_that_wait_are_dropped() {
    with_stack(SMALL, || {
        let alive = Arc::new(AtomicUsize::new(0));
        let (driver, s) = pleach::scope::scope();
        // Half of them are started.
        let driver = driver.limit(NonZeroUsize::new(WIDE / 2).unwrap());
        for _ in 0..WIDE {
            let guard = Alive::new(&alive);
            s.spawn(async move {
                let _guard = guard;
                pending::<()>().await;
            });
        }
        let mut running = Box::pin(driver.run(pending::<()>()));
        for _ in 0..2 {
            assert!(poll_now(running.as_mut()).is_pending());
        }
        assert_eq!(alive.load(SeqCst), WIDE);
        drop(running);
        assert_eq!(alive.load(SeqCst), 0);
    });
}

/// How a chain ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Done,
    Stays,
    Panics,
}

impl End {
    async fn reached(self) {
        match self {
            Self::Done => {}
            Self::Stays => pending().await,
            Self::Panics => panic!("the deepest"),
        }
    }
}

type Boxed<'env> = Pin<Box<dyn Future<Output = usize> + Send + 'env>>;

/// A child that waits for a child that waits for a child, all of one scope.
fn chain(s: Scope<'static>, alive: Arc<AtomicUsize>, depth: usize, end: End) -> Boxed<'static> {
    Box::pin(async move {
        let _alive = Alive::new(&alive);
        if depth == 0 {
            end.reached().await;
            return 0;
        }
        s.spawn(chain(s.clone(), Arc::clone(&alive), depth - 1, end))
            .await
            .unwrap()
            + 1
    })
}

/// As `chain`, where each of them waits in a scope of its own.
fn chain_of_scopes(
    outer: Scope<'static>,
    alive: Arc<AtomicUsize>,
    depth: usize,
    end: End,
) -> Boxed<'static> {
    Box::pin(async move {
        let _alive = Alive::new(&alive);
        if depth == 0 {
            end.reached().await;
            return 0;
        }
        scope!(|inner| {
            let next = chain_of_scopes(outer.clone(), Arc::clone(&alive), depth - 1, end);
            let next = outer.spawn(next);
            inner
                .spawn(async move { next.await.unwrap() + 1 })
                .await
                .unwrap()
        })
        .await
    })
}

/// Scopes within one another, all of them reached, and left, in one poll.
fn nest(alive: Arc<AtomicUsize>, depth: usize, end: End) -> Boxed<'static> {
    Box::pin(async move {
        let _alive = Alive::new(&alive);
        if depth == 0 {
            end.reached().await;
            return 0;
        }
        let (driver, s) = pleach::scope::scope();
        let child = s.spawn(nest(Arc::clone(&alive), depth - 1, end));
        driver.run(async {}).await;
        child.await.unwrap() + 1
    })
}

/// Runs what `make` makes to its end, drops it when nothing goes on, and has it panic.
fn at_every_end<F>(make: impl Fn(Arc<AtomicUsize>, End) -> F)
where
    F: Future<Output = usize>,
{
    let alive = Arc::new(AtomicUsize::new(0));
    assert_eq!(block_on(make(Arc::clone(&alive), End::Done)), DEEP);
    assert_eq!(alive.load(SeqCst), 0);

    let mut running = Box::pin(make(Arc::clone(&alive), End::Stays));
    while alive.load(SeqCst) <= DEEP {
        assert!(poll_now(running.as_mut()).is_pending());
    }
    drop(running);
    assert_eq!(alive.load(SeqCst), 0);

    let panics = AssertUnwindSafe(|| block_on(make(Arc::clone(&alive), End::Panics)));
    assert_eq!(message(&*catch_unwind(panics).unwrap_err()), "the deepest");
    assert_eq!(alive.load(SeqCst), 0);
}

#[test]
fn a_long_chain_of_children_that_wait_for_one_another_takes_no_stack() {
    for limit in [NonZeroUsize::MIN, NonZeroUsize::MAX] {
        with_stack(SMALL, move || {
            at_every_end(|alive, end| async move {
                scope!(limit = limit, |s| {
                    s.spawn(chain(s.clone(), alive, DEEP, end)).await.unwrap()
                })
                .await
            });
        });
    }
}

#[test]
fn a_long_chain_of_scopes_that_wait_for_one_another_takes_no_stack() {
    with_stack(SMALL, || {
        at_every_end(|alive, end| async move {
            scope!(|s| {
                s.spawn(chain_of_scopes(s.clone(), alive, DEEP, end))
                    .await
                    .unwrap()
            })
            .await
        });
    });
}

#[test]
fn scopes_within_scopes_take_what_their_futures_take() {
    with_stack(128 << 20, || {
        at_every_end(|alive, end| nest(alive, DEEP, end))
    });
}
