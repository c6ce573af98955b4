//! How often the crate allocates, counted on the thread that runs the test.

mod support;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    future::ready,
    hint::black_box,
    num::NonZeroUsize,
    pin::pin,
    ptr,
    time::Duration,
};

use pleach::{
    Barrier, CancelToken, Event, Latch, Semaphore, WaitGroup,
    cancel::{Child, OrCancel, Root},
    channel::{self, Multiplex},
    group::{All, Discard, group, open},
    join::{join, try_join},
    oneshot::{self, Oneshot},
    pipeline::Pipeline,
    scope, select,
    select::race,
    time::{Backoff, Clock, Instant, ManualClock, retry, sleep},
    try_scope,
    watch::{self, Watch},
};
use support::{poll_now, yield_now};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    /// Below zero where this thread frees what another one allocated.
    static LIVE: Cell<isize> = const { Cell::new(0) };
    /// Whether something was freed with another layout than it was allocated with.
    static MISFIT: Cell<Option<(Layout, Layout)>> = const { Cell::new(None) };
}

/// A block with its layout right in front of it, and where the block begins in that.
fn with_layout(layout: Layout) -> Option<(Layout, usize)> {
    Layout::new::<Layout>().extend(layout).ok()
}

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        LIVE.set(LIVE.get() + 1);
        let Some((whole, offset)) = with_layout(layout) else {
            return ptr::null_mut();
        };
        // SAFETY: it is not empty.
        let start = unsafe { System.alloc(whole) };
        if start.is_null() {
            return start;
        }
        // SAFETY: in bounds.
        let block = unsafe { start.add(offset) };
        // SAFETY: there is room for it in front, and both sizes are multiples of its alignment.
        unsafe { block.cast::<Layout>().wrapping_sub(1).write(layout) };
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        LIVE.set(LIVE.get() - 1);
        // SAFETY: written by `alloc`.
        let allocated = unsafe { block.cast::<Layout>().wrapping_sub(1).read() };
        if allocated != layout {
            MISFIT.set(Some((allocated, layout)));
        }
        let (whole, offset) = with_layout(allocated).expect("it was, in `alloc`");
        // SAFETY: in bounds.
        let start = unsafe { block.sub(offset) };
        // SAFETY: from `alloc`.
        unsafe { System.dealloc(start, whole) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// How many allocations `f` makes; all are freed when it returns.
fn allocations(f: impl FnOnce()) -> usize {
    let (before, live) = (ALLOCATIONS.get(), LIVE.get());
    f();
    assert_eq!(LIVE.get(), live, "something was not freed");
    assert_eq!(MISFIT.get(), None, "something was freed as something else");
    ALLOCATIONS.get() - before
}

/// Polls to the end with a waker that does not allocate.
fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let std::task::Poll::Ready(output) = poll_now(future.as_mut()) {
            return output;
        }
    }
}

const CHILDREN: usize = 1000;

#[test]
fn a_scope_and_each_child_take_one_allocation_and_nothing_else_takes_any() {
    assert_eq!(allocations(|| run(scope!(|_s| {}))), 1);
    assert_eq!(
        allocations(|| run(try_scope!(|_s| -> () { Ok(()) })).unwrap()),
        1
    );

    let awaited = allocations(|| {
        run(scope!(|s| {
            for n in 0..CHILDREN {
                assert_eq!(s.spawn(async move { black_box([n; 4])[0] }).await, Ok(n));
            }
        }))
    });
    assert_eq!(awaited, 1 + CHILDREN);

    let at_once = allocations(|| {
        run(scope!(|s| {
            for _ in 0..CHILDREN {
                s.spawn(yield_now());
            }
        }))
    });
    assert_eq!(at_once, 1 + CHILDREN);

    let limited = allocations(|| {
        run(scope!(limit = NonZeroUsize::MIN, |s| {
            for _ in 0..CHILDREN / 2 {
                s.spawn_with(|s| async move { s.spawn(yield_now()).await });
            }
        }))
    });
    assert_eq!(limited, 1 + CHILDREN, "lending takes none");

    let refused = allocations(|| {
        run(scope!(|s| {
            s.cancel();
            for _ in 0..CHILDREN {
                assert!(s.spawn(async {}).await.is_err());
                assert!(s.try_spawn(async {}).is_err());
            }
        }))
    });
    assert_eq!(refused, 1);

    let constant = allocations(|| {
        run(scope!(|s| {
            let before = LIVE.get();
            let mut most = before;
            for _ in 0..100 * CHILDREN {
                drop(s.spawn(async {}));
                yield_now().await;
                most = most.max(LIVE.get());
            }
            assert!(most < before + 16, "finished children are freed");
        }))
    });
    assert_eq!(constant, 1 + 100 * CHILDREN);

    let semaphore = Semaphore::new(1);
    let contended = allocations(|| {
        for _ in 0..CHILDREN {
            let held = semaphore.try_acquire().unwrap();
            let mut waiting = pin!(semaphore.acquire());
            assert!(poll_now(waiting.as_mut()).is_pending());
            drop(held);
            assert!(poll_now(waiting).is_ready());
        }
        semaphore.close();
    });
    assert_eq!(contended, 0);
}

#[test]
fn children_of_a_group_take_next_to_nothing() {
    assert_eq!(
        allocations(|| run(group([ready(())]).join(Discard::new()))),
        3,
        "the group, and two for the first places"
    );
    let all_waiting = allocations(|| {
        let children = (0..CHILDREN).map(|n| async move {
            yield_now().await;
            black_box([n; 4])
        });
        assert_eq!(run(group(children).join(All::new())).len(), CHILDREN);
    });
    assert!(all_waiting <= CHILDREN / 50, "{all_waiting} allocations");

    let one_by_one = |children| {
        allocations(|| {
            let children = (0..children).map(|_| yield_now());
            let limit = NonZeroUsize::new(8).unwrap();
            let (driver, mut results) = group(children).limit(limit).results();
            run(driver.run(async { while results.next().await.is_some() {} }));
        })
    };
    assert_eq!(
        one_by_one(CHILDREN),
        one_by_one(100 * CHILDREN),
        "constant memory"
    );

    let spawned = allocations(|| {
        let (group, spawner) = open();
        for _ in 0..CHILDREN {
            spawner.spawn(yield_now()).unwrap();
        }
        run(group.join(Discard::new()));
    });
    assert!(spawned <= CHILDREN / 30, "{spawned} allocations");
}

#[test]
fn events_latches_wait_groups_and_barriers_take_none() {
    let taken = allocations(|| {
        for _ in 0..CHILDREN {
            let (event, latch, group, barrier) = (
                Event::new(),
                Latch::new(1),
                WaitGroup::new(),
                Barrier::new(2),
            );
            let member = group.add();
            let mut waits = (
                pin!(event.wait()),
                pin!(latch.wait()),
                pin!(group.wait()),
                pin!(barrier.wait()),
            );
            assert!(poll_now(waits.0.as_mut()).is_pending());
            assert!(poll_now(waits.1.as_mut()).is_pending());
            assert!(poll_now(waits.2.as_mut()).is_pending());
            assert!(poll_now(waits.3.as_mut()).is_pending());
            event.set();
            latch.count_down();
            drop(member);
            run(barrier.wait());
            assert!(poll_now(waits.0).is_ready());
            assert!(poll_now(waits.1).is_ready());
            assert!(poll_now(waits.2).is_ready());
            assert!(poll_now(waits.3).is_ready());
        }
    });
    assert_eq!(taken, 0);
}

#[test]
fn a_channel_is_one_allocation_and_a_million_cancelled_waits_are_none() {
    let waits = if cfg!(debug_assertions) {
        10_000
    } else {
        1_000_000
    };
    assert_eq!(
        allocations(|| {
            let (sender, receiver) = pleach::channel::bounded(1);
            for n in 0..waits {
                assert!(poll_now(pin!(receiver.recv())).is_pending());
                sender.try_send(n).unwrap();
                assert!(poll_now(pin!(sender.send(n))).is_pending());
                assert!(poll_now(pin!(sender.reserve())).is_pending());
                assert!(poll_now(pin!(sender.closed())).is_pending());
                assert_eq!(run(receiver.recv()), Ok(n));
                assert!(poll_now(pin!(receiver.ready())).is_pending());
            }
            let (sender, receiver) = (sender.clone(), receiver.clone());
            drop((sender.downgrade(), receiver.downgrade()));
        }),
        1
    );
}

#[test]
fn a_channel_is_freed_as_it_was_allocated_whatever_its_messages() {
    fn check<T>() {
        for capacity in 0..=16 {
            assert_eq!(allocations(|| drop(channel::bounded::<T>(capacity))), 1);
        }
    }
    check::<()>();
    check::<u8>();
    check::<[u8; 3]>();
    check::<[u8; 13]>();
    check::<u16>();
    check::<(u32, u8)>();
    check::<u128>();
    check::<Box<u8>>();
}

#[test]
fn a_static_channel_is_no_allocation() {
    static CHANNEL: pleach::channel::Channel<u32, 2> = pleach::channel::Channel::new();
    assert_eq!(
        allocations(|| {
            for n in 0..10 {
                assert!(poll_now(pin!(CHANNEL.recv())).is_pending());
                CHANNEL.try_send(n).unwrap();
                assert_eq!(run(CHANNEL.recv()), Ok(n));
            }
        }),
        0
    );
}

#[test]
fn a_token_is_one_allocation_and_waiting_is_none() {
    assert_eq!(allocations(|| drop(black_box(CancelToken::new()))), 1);
    let token = CancelToken::new();
    assert_eq!(allocations(|| drop(black_box(token.child()))), 1);
    assert_eq!(allocations(|| drop(black_box(token.clone()))), 0);
    let waits = allocations(|| {
        let mut wait = pin!(token.cancelled());
        assert!(poll_now(wait.as_mut()).is_pending());
        let event = Event::new();
        let mut wait = pin!(event.wait().or_cancel(&token));
        assert!(poll_now(wait.as_mut()).is_pending());
    });
    assert_eq!(waits, 0);
    assert_eq!(allocations(|| drop(token.on_cancel(|_| ()))), 1);
    assert_eq!(allocations(|| drop(token.child_island())), 3);
    assert_eq!(allocations(|| assert!(token.cancel())), 0);
}

#[test]
fn a_pinned_token_is_no_allocation() {
    static ROOT: Root = Root::new();
    let count = allocations(|| {
        let child = pin!(Child::new());
        let child = child.attach(ROOT.token());
        let mut wait = pin!(child.cancelled());
        assert!(poll_now(wait.as_mut()).is_pending());
        ROOT.token().cancel();
        assert!(poll_now(wait.as_mut()).is_ready());
    });
    assert_eq!(count, 0);
}

#[test]
fn tokens_that_nobody_needs_are_freed_although_they_are_in_the_middle() {
    let live = LIVE.get();
    let root = CancelToken::new();
    let mut last = root.child();
    for _ in 0..1000 {
        last = last.child();
    }
    assert_eq!(LIVE.get() - live, 2, "the root and the leaf");
    let [left, right] = [last.child(), last.child()];
    drop(last);
    assert_eq!(LIVE.get() - live, 4, "the one in between is there for both");
    drop(left);
    assert_eq!(LIVE.get() - live, 2);
    drop((root, right));
    assert_eq!(LIVE.get(), live);
}

// Without `std` a panic cannot be stopped to take the other steps.
#[cfg(feature = "std")]
mod panics {
    use std::{
        panic::{self, AssertUnwindSafe},
        sync::Arc,
    };

    use pleach::{
        CancelToken,
        cancel::{CauseKind, Child},
    };

    use crate::{
        LIVE,
        support::{Hostile, poll_with},
    };

    /// A payload whose destructor panics.
    struct Bad;

    impl Drop for Bad {
        fn drop(&mut self) {
            panic::resume_unwind(Box::new(()));
        }
    }

    #[test]
    fn whatever_panics_the_rest_is_freed() {
        let drop_caught = |last: Box<dyn FnOnce()>| {
            assert!(panic::catch_unwind(AssertUnwindSafe(last)).is_err());
        };
        let live = LIVE.get();
        let token = CancelToken::new();
        let child = token.child();
        child.cancel_with_payload(CauseKind::Requested, Arc::new(Bad));
        let weak = child.downgrade();
        drop((child, token));
        drop_caught(Box::new(|| drop(weak)));
        assert_eq!(LIVE.get(), live, "the last weak handle");
        let token = CancelToken::new();
        token.on_cancel(|_| ()).forget();
        let bad = Bad;
        token.on_cancel(move |_| drop(bad)).forget();
        drop_caught(Box::new(|| drop(token)));
        assert_eq!(LIVE.get(), live, "a callback");
        let token = CancelToken::new();
        token.cancel_with_payload(CauseKind::Requested, Arc::new(Bad));
        drop_caught(Box::new(|| drop(token)));
        assert_eq!(LIVE.get(), live, "a root");
        let waker = Hostile::default().on_wake(|| panic::resume_unwind(Box::new(())));
        let waker = waker.waker();
        let token = CancelToken::new();
        let mut child = Box::pin(Child::new());
        child.as_mut().attach(&token);
        let mut drained = Box::pin(token.drained());
        assert!(poll_with(drained.as_mut(), &waker).is_pending());
        assert!(panic::catch_unwind(AssertUnwindSafe(|| child.as_mut().detach())).is_err());
        drop((drained, waker));
        drop(child);
        drop(token);
        assert_eq!(LIVE.get(), live, "a pinned child");
    }
}

#[test]
fn selecting_takes_none() {
    let (sender, receiver) = channel::bounded(1);
    let (_other, others) = channel::bounded::<u8>(0);
    let count = allocations(|| {
        run(async {
            for n in 0..100 {
                select! {
                    _ = others.recv() => unreachable!(),
                    send(sender, n) => {}
                }
                select! {
                    Ok(received) = receiver.recv() => assert_eq!(received, n),
                    default => unreachable!(),
                }
                assert_eq!(race((others.recv(), async { Ok(1) })).await, Ok(1));
            }
            let mut all = pin!(Multiplex::new([&others, &receiver]));
            sender.try_send(1).unwrap();
            let next = std::future::poll_fn(|cx| all.as_mut().poll_indexed(cx)).await;
            assert_eq!(next, Some((1, 1)));
        });
    });
    assert_eq!(count, 0);
}

#[test]
fn a_oneshot_is_one_allocation_and_a_watch_one_and_one_for_each_value() {
    let oneshot = allocations(|| {
        let (sender, mut receiver) = oneshot::channel();
        assert!(poll_now(std::pin::Pin::new(&mut receiver)).is_pending());
        sender.send(1).unwrap();
        assert_eq!(run(receiver), Ok(1));
    });
    assert_eq!(oneshot, 1);
    let watch = allocations(|| {
        let (sender, mut receiver) = watch::channel(0);
        for n in 1..=10 {
            let mut changed = pin!(receiver.changed());
            assert!(poll_now(changed.as_mut()).is_pending());
            sender.set(n);
            assert_eq!(run(changed).as_deref(), Ok(&n));
        }
        drop((receiver.clone(), sender.clone()));
    });
    assert_eq!(watch, 2 + 10);
    static SLOT: Oneshot<u8> = Oneshot::new();
    static LEVEL: Watch<u8> = Watch::new(0);
    let fixed = allocations(|| {
        let (sender, receiver) = SLOT.split().unwrap();
        sender.send(1).unwrap();
        assert_eq!(run(receiver), Ok(1));
        let mut level = LEVEL.receiver();
        LEVEL.set(1).unwrap();
        assert_eq!(run(level.changed()), Ok(1));
    });
    assert_eq!(fixed, 0);
}

#[test]
fn joining_takes_none() {
    let joined = allocations(|| {
        let all = run(join((async { 1 }, yield_now(), async { "c" })));
        assert_eq!(all, (1, (), "c"));
        let values = run(try_join([Ok::<_, ()>(1), Ok(2)].map(std::future::ready)));
        assert_eq!(values, Ok([1, 2]));
    });
    assert_eq!(joined, 0);
}

#[test]
fn retrying_takes_none() {
    let clock = ManualClock::new();
    let second = Duration::from_secs(1);
    let mut retried = pin!(retry(&clock, Backoff::new(second).attempts(10), || async {
        sleep(&clock, second).await;
        Err::<(), _>("no")
    }));
    let count = allocations(|| {
        let mut result = poll_now(retried.as_mut());
        while result.is_pending() {
            clock.advance(second);
            result = poll_now(retried.as_mut());
        }
    });
    assert_eq!((count, retried.attempts()), (0, 10));
    assert_eq!((clock.now() - Instant::EPOCH).as_secs(), 10 + 511);
}

#[test]
fn a_pipeline_takes_none_for_each_item() {
    let of = |items: u32| {
        allocations(|| {
            let result = run(try_scope!(|s| {
                let doubled = Pipeline::<u32>::new(&s, 4)
                    .iter(0..items)
                    .filter(|n| n % 2 == 0)
                    .map(3, async |n| Ok(n))
                    .into_receiver();
                while doubled.recv().await.is_ok() {}
                Ok(())
            }));
            assert_eq!(result, Ok(()));
        })
    };
    assert_eq!(of(10), of(1000));
}

#[cfg(feature = "locks")]
#[test]
fn a_token_costs_a_wait_for_a_lock_no_allocation() {
    use pleach::locks::{Mutex, RwLock, lock_or_cancel, write_or_cancel};

    let (mutex, lock, token) = (Mutex::new(()), RwLock::new(()), CancelToken::new());
    let (held, reading) = (mutex.try_lock(), lock.try_read());
    let wait = || {
        let (mut plain, mut write) = (pin!(mutex.lock()), pin!(lock.write()));
        assert!(poll_now(plain.as_mut()).is_pending() && poll_now(write.as_mut()).is_pending());
    };
    let wait_or_cancel = || {
        let mut locked = pin!(lock_or_cancel(&mutex, &token));
        let mut write = pin!(write_or_cancel(&lock, &token));
        assert!(poll_now(locked.as_mut()).is_pending() && poll_now(write.as_mut()).is_pending());
    };
    // The first wait of each makes its list.
    wait();
    let plain = allocations(wait);
    assert_eq!(allocations(wait_or_cancel), plain);
    drop((held, reading));
}

#[cfg(feature = "std")]
mod parallel {
    use std::{pin::Pin, sync::Mutex};

    use pleach::{par::par_scope, par_scope, runtime::Spawn};

    use super::{CHILDREN, NonZeroUsize, allocations, pin, poll_now, run, yield_now};

    type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

    /// An executor that takes one allocation for each task, and runs when it is told to.
    #[derive(Clone, Copy)]
    struct Shelf<'a>(&'a Mutex<Vec<Work>>);

    impl Spawn for Shelf<'_> {
        fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
            self.0.lock().unwrap().push(Box::pin(future));
        }
    }

    /// Polls a scope and its tasks, in turns, to the end.
    fn run_both<F: Future>(scope: F, shelf: Shelf<'_>) -> F::Output {
        let mut scope = pin!(scope);
        loop {
            if let std::task::Poll::Ready(output) = poll_now(scope.as_mut()) {
                return output;
            }
            let mut works = shelf.0.lock().unwrap();
            works.retain_mut(|work| poll_now(work.as_mut()).is_pending());
        }
    }

    #[test]
    fn a_parallel_child_takes_one_beside_that_of_the_runtime_and_a_scope_takes_two() {
        let works = Mutex::new(Vec::with_capacity(CHILDREN));
        let shelf = Shelf(&works);
        assert_eq!(allocations(|| run(par_scope!(shelf, |_s| {}))), 2);

        let plain = allocations(|| {
            run_both(
                par_scope!(shelf, |s| {
                    for _ in 0..CHILDREN {
                        s.spawn(yield_now());
                    }
                }),
                shelf,
            );
        });
        assert_eq!(plain, 2 + 2 * CHILDREN);

        let awaited = allocations(|| {
            let limit = NonZeroUsize::new(7).unwrap();
            run_both(
                par_scope!(shelf, limit = limit, |s| {
                    for n in 0..CHILDREN {
                        assert_eq!(s.spawn(async move { n }).await, Ok(n));
                    }
                }),
                shelf,
            );
        });
        assert_eq!(awaited, 2 + 2 * CHILDREN);

        let parallel = allocations(|| {
            run_both(
                par_scope!(shelf, |s| {
                    for n in 0..CHILDREN {
                        assert_eq!(s.parallel(async move { n }).await, Ok(n));
                    }
                }),
                shelf,
            );
        });
        assert_eq!(parallel, 2 + 2 * CHILDREN);

        let dropped = allocations(|| {
            let (driver, s) = par_scope(shelf);
            let mut scope = Box::pin(driver.run(std::future::pending::<()>()));
            for _ in 0..CHILDREN {
                s.spawn(std::future::pending::<()>());
            }
            assert!(poll_now(scope.as_mut()).is_pending());
            drop((scope, s));
            let mut works = works.lock().unwrap();
            works.retain_mut(|work| poll_now(work.as_mut()).is_pending());
        });
        assert_eq!(dropped, 3 + 2 * CHILDREN, "the scope is in a box here");
    }
}
