//! Random programs: children that spawn, wait for, pass on and drop one another under a limit.
//!
//! Every seed is one scope with its children, run on this thread alone and so exactly
//! repeatable: `SEED=n cargo test --test random` runs that one. Checked are the promises that
//! hold for any program: nothing hangs, nothing is leaked or dropped twice, nothing is started
//! after `cancel`, and the limit is kept where that can be told from outside.
//!
//! No program waits in a circle: a child waits for siblings only that were spawned after it.

mod support;

use std::{
    future::{Future, poll_fn},
    num::NonZeroUsize,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    task::Poll,
};

use futures_util::future::{Either, join, select};
use pleach::{Handle, Scope, scope};
use support::{Wakes, poll_with, rng::Rng, yield_now};

/// Where a program may end up that goes on being pending.
const MOST_POLLS: usize = 10_000;

/// A child's output: keeps the witness alive, and so tells of a leak.
type Out = Arc<()>;
type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What the programs of one scope share.
#[derive(Default)]
struct World {
    seed: u64,
    limit: usize,
    /// No cancelling, failing or half-hearted waiting: then the limit can be checked.
    calm: bool,
    witness: Out,
    /// Children made, and which number the next one gets.
    made: AtomicUsize,
    /// Those that came to their end, or were refused.
    ended: AtomicUsize,
    /// Started children that are not waiting for a handle.
    running: AtomicUsize,
    cancelled: AtomicBool,
    /// Handles on their way from one program to another.
    passed: Mutex<Vec<(usize, Handle<Out>)>>,
}

#[derive(Clone)]
struct Actor {
    world: Arc<World>,
    scope: Scope<'static, u32>,
    /// The child whose program this is part of: 0 for the body.
    host: usize,
    /// Whether this is the child itself, and not the body or a part of an inner scope.
    counts: bool,
    depth: u32,
}

impl Actor {
    fn part(&self, host: usize, counts: bool) -> Self {
        let mut part = self.clone();
        (part.host, part.counts, part.depth) = (host, counts, self.depth + 1);
        part
    }

    fn enter(&self) {
        if self.counts {
            let running = self.world.running.fetch_add(1, SeqCst) + 1;
            let World { limit, calm, .. } = *self.world;
            assert!(!calm || running <= limit, "{running} running of {limit}");
        }
    }

    fn leave(&self) {
        if self.counts {
            self.world.running.fetch_sub(1, SeqCst);
        }
    }

    /// Waits, and counts as waiting.
    async fn wait<F: Future>(&self, future: F) -> F::Output {
        self.leave();
        let output = future.await;
        self.enter();
        output
    }

    /// Spawns a child, if there are not too many yet.
    fn spawn(&self, rng: &mut Rng) -> Option<(usize, Handle<Out>)> {
        let id = self.world.made.load(SeqCst) + 1;
        if id > 40 {
            return None;
        }
        self.world.made.store(id, SeqCst);
        let actor = self.part(id, true);
        let child = actor.child(self.world.seed * 64 + id as u64);
        let handle = match rng.below(4) {
            0 => match self.scope.try_spawn(child) {
                Ok(handle) => handle,
                Err(_refused) => {
                    self.world.ended.fetch_add(1, SeqCst);
                    return None;
                }
            },
            1 if !self.world.calm => self.scope.spawn_try(async move {
                let out = child.await;
                if id % 23 == 7 { Err(1) } else { Ok(out) }
            }),
            _ => self.scope.spawn(child),
        };
        Some((id, handle))
    }

    fn child(self, seed: u64) -> Boxed<Out> {
        let out = Arc::clone(&self.world.witness);
        Box::pin(async move {
            assert!(!self.world.cancelled.load(SeqCst), "started after cancel");
            self.enter();
            self.act(Rng::new(seed)).await;
            self.leave();
            self.world.ended.fetch_add(1, SeqCst);
            out
        })
    }

    fn pass_on(&self, handle: Option<(usize, Handle<Out>)>) {
        self.world.passed.lock().unwrap().extend(handle);
    }

    /// A handle that another program left, of a child that does not wait for this one.
    fn find(&self, rng: &mut Rng) -> Option<(usize, Handle<Out>)> {
        let mut passed = self.world.passed.lock().unwrap();
        let fit: Vec<_> = (0..passed.len())
            .filter(|&i| passed[i].0 > self.host)
            .collect();
        let choice = *fit.get(rng.below(fit.len().max(1) as u64) as usize)?;
        Some(passed.swap_remove(choice))
    }

    fn obtain(&self, rng: &mut Rng) -> Option<(usize, Handle<Out>)> {
        let made = rng.one_in(2).then(|| self.spawn(rng)).flatten();
        made.or_else(|| self.find(rng))
    }

    /// The program.
    async fn act(&self, mut rng: Rng) {
        let rng = &mut rng;
        let steps = 1 + rng.below(if self.depth == 0 { 12 } else { 6 });
        for _ in 0..steps {
            let step = rng.below(if self.world.calm { 9 } else { 16 });
            match step {
                0 | 1 => yield_now().await,
                2 => drop(self.spawn(rng)),
                3 | 4 => self.pass_on(self.spawn(rng)),
                5..=7 => {
                    let Some((_, handle)) = self.obtain(rng) else {
                        continue;
                    };
                    let _ = self.wait(handle).await;
                }
                8 => {
                    if let (Some(a), Some(b)) = (self.obtain(rng), self.obtain(rng)) {
                        let _ = self.wait(join(a.1, b.1)).await;
                    }
                }
                9..=11 => {
                    if let Some((id, mut handle)) = self.obtain(rng) {
                        let ready = poll_fn(|cx| Poll::Ready(Pin::new(&mut handle).poll(cx))).await;
                        if ready.is_pending() && !rng.one_in(3) {
                            self.pass_on(Some((id, handle)));
                        }
                    }
                }
                12 => {
                    if let (Some(mut a), Some(mut b)) = (self.obtain(rng), self.obtain(rng)) {
                        let first = self.wait(select(&mut a.1, &mut b.1)).await;
                        let slow = if matches!(first, Either::Left(_)) {
                            b
                        } else {
                            a
                        };
                        if rng.one_in(2) {
                            self.pass_on(Some(slow));
                        }
                    }
                }
                13 if self.depth < 3 => self.nest(rng).await,
                14 if rng.one_in(40) => {
                    self.scope.cancel();
                    self.world.cancelled.store(true, SeqCst);
                }
                15 if rng.one_in(60) => resume_unwind(Box::new("planned")),
                _ => yield_now().await,
            }
        }
    }

    /// A scope within, whose children have dealings with the outer one.
    fn nest(&self, rng: &mut Rng) -> Boxed<()> {
        let part = self.part(self.host, false);
        let (driver, inner) = scope::scope();
        let driver = driver.limit(NonZeroUsize::new(1 + rng.below(3) as usize).unwrap());
        let seeds: Vec<_> = (0..1 + rng.below(3)).map(|_| rng.below(1 << 30)).collect();
        Box::pin(driver.run(async move {
            for seed in seeds {
                let part = part.clone();
                let future: Boxed<()> = Box::pin(async move { part.act(Rng::new(seed)).await });
                drop(inner.spawn(future));
            }
        }))
    }
}

/// Runs the scope of one seed.
fn run(seed: u64) {
    let mut rng = Rng::new(seed);
    let witness = Arc::new(());
    let calm = rng.one_in(3);
    let limit = 1 + rng.below(4) as usize;
    let world = Arc::new(World {
        seed,
        limit,
        calm,
        witness: Arc::clone(&witness),
        ..World::default()
    });
    let dropped_at = if rng.one_in(8) {
        rng.below(30) as usize
    } else {
        MOST_POLLS
    };
    let (driver, scope) = scope::try_scope::<u32>();
    let body = Actor {
        world: Arc::clone(&world),
        scope,
        host: 0,
        counts: false,
        depth: 0,
    };
    let mut run = Box::pin(
        driver
            .limit(NonZeroUsize::new(limit).unwrap())
            .run_try(async move {
                body.act(rng).await;
                Ok(())
            }),
    );
    let (wakes, waker) = Wakes::new();
    let mut end = None;
    for polls in 0..dropped_at {
        assert!(polls + 1 < MOST_POLLS, "goes on for ever");
        let before = wakes.count();
        match catch_unwind(AssertUnwindSafe(|| poll_with(run.as_mut(), &waker))) {
            Ok(Poll::Pending) => assert!(wakes.count() > before, "hangs"),
            Ok(Poll::Ready(result)) => {
                end = Some(result);
                break;
            }
            Err(payload) if payload.downcast_ref() == Some(&"planned") => break,
            Err(payload) => resume_unwind(payload),
        }
    }
    drop(run);
    if end == Some(Ok(())) && !world.cancelled.load(SeqCst) {
        let [made, ended] = [&world.made, &world.ended].map(|n| n.load(SeqCst));
        assert_eq!(made, ended, "children that were lost");
    }
    world.passed.lock().unwrap().clear();
    assert_eq!(Arc::strong_count(&world), 1, "a program was leaked");
    drop(world);
    assert_eq!(Arc::strong_count(&witness), 1, "an output was leaked");
}

#[test]
fn random_programs_keep_the_promises() {
    let number = |name| std::env::var(name).ok().map(|n| n.parse::<u64>().unwrap());
    let seeds = match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SEEDS").unwrap_or(2_000),
    };
    let bad: Vec<_> = seeds
        .filter(|&seed| catch_unwind(|| run(seed)).is_err())
        .collect();
    assert!(bad.is_empty(), "seeds {bad:?}");
}
