//! A cancellation tree that grows, is cancelled and falls apart from several threads.
//!
//! Each thread has a branch below the root, in which others make and drop tokens too. It writes on
//! the plain memory of its branch until it cancels it; whoever finds a token of the branch
//! cancelled with that cause may read. So an ordering that is missing between a cancel and those
//! who hear of it is seen by ThreadSanitizer.

use std::{
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Waker},
    thread,
};

use pleach::{
    CancelToken, block_on,
    cancel::{Cause, Phase},
};

use crate::support::{Plain, Rng, Tally, linger};

/// Of one thread in one round.
const STEPS: usize = 500;

struct Branch {
    token: CancelToken,
    board: Plain,
    /// Tokens of the branch, for whoever comes.
    pool: Mutex<Vec<CancelToken>>,
}

impl Branch {
    fn with_pool<R>(&self, f: impl FnOnce(&mut Vec<CancelToken>) -> R) -> R {
        f(&mut self.pool.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Gardener<'a> {
    number: usize,
    branches: &'a [Branch],
    rng: Rng,
    tally: Tally,
}

/// One tree, from its root to its end.
pub(crate) fn round(threads: usize, rng: &mut Rng, tally: &mut Tally) {
    let root = CancelToken::new();
    let branches: Vec<Branch> = (0..threads)
        .map(|_| Branch {
            token: if rng.one_in(2) {
                root.child()
            } else {
                root.child_island()
            },
            board: Plain::default(),
            pool: Mutex::default(),
        })
        .collect();
    thread::scope(|scope| {
        let gardeners: Vec<_> = (0..threads)
            .map(|number| {
                let mut gardener = Gardener {
                    number,
                    branches: &branches,
                    rng: rng.fork(),
                    tally: Tally::default(),
                };
                scope.spawn(move || {
                    gardener.work();
                    gardener.tally
                })
            })
            .collect();
        for gardener in gardeners {
            tally.add(gardener.join().expect("a promise was broken"));
        }
    });
    root.cancel();
    for branch in &branches {
        let tokens = branch.with_pool(std::mem::take);
        assert!(tokens.iter().all(|token| token.is_cancelled()));
    }
    drop(branches);
    block_on(root.drained());
    tally.count("tree: round");
}

impl Gardener<'_> {
    fn work(&mut self) {
        let own = &self.branches[self.number];
        for _ in 0..STEPS {
            if !own.token.is_cancelled() {
                // SAFETY: nobody reads before the branch is cancelled, which is done below.
                unsafe { own.board.add_one() };
            }
            self.step();
            linger(&mut self.rng);
        }
        self.cancel();
        self.wait();
    }

    /// Does something in a branch of somebody.
    fn step(&mut self) {
        let branch = &self.branches[self.rng.below(self.branches.len())];
        let token = self.some_token(branch);
        match self.rng.below(8) {
            0 | 1 => branch.with_pool(|pool| pool.push(token.child())),
            2 => branch.with_pool(|pool| pool.push(token.child_island())),
            3 => {
                let parents = [&token, &branch.token];
                branch.with_pool(|pool| pool.push(CancelToken::any_of(&parents)));
            }
            4 | 5 => drop(branch.with_pool(|pool| pool.pop())),
            6 => self.call_back(&token),
            _ => self.poll(&token),
        }
        self.look(branch, &token);
        self.tally.count("tree: step");
    }

    fn some_token(&mut self, branch: &Branch) -> CancelToken {
        let rng = &mut self.rng;
        let found = branch
            .with_pool(|pool| (!pool.is_empty()).then(|| pool[rng.below(pool.len())].clone()));
        found.unwrap_or_else(|| branch.token.clone())
    }

    fn look(&mut self, branch: &Branch, token: &CancelToken) {
        if token.is_cancelled() {
            assert_eq!(token.phase(), Phase::Cancelled);
            assert!(token.cause().is_some());
            // SAFETY: the branch was cancelled by its owner, who writes no more.
            unsafe { branch.board.read() };
            self.tally.count("tree: found cancelled");
        }
    }

    fn call_back(&mut self, token: &CancelToken) {
        let runs = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&runs);
        let registration = token.on_cancel(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
        });
        linger(&mut self.rng);
        if registration.stop() {
            assert_eq!(runs.load(Ordering::Relaxed), 0);
            self.tally.count("tree: callback stopped");
        } else {
            self.tally.count("tree: callback ran");
        }
    }

    fn poll(&mut self, token: &CancelToken) {
        let mut wait = pin!(token.cancelled());
        let mut cx = Context::from_waker(Waker::noop());
        let _ = wait.as_mut().poll(&mut cx);
        linger(&mut self.rng);
        let is_cancelled = token.is_cancelled();
        assert!(wait.poll(&mut cx).is_ready() >= is_cancelled);
        self.tally.count("tree: wait");
    }

    /// Cancels the own branch.
    fn cancel(&mut self) {
        let own = &self.branches[self.number];
        own.token.stop(Cause::user(1));
        assert!(own.token.cancel_with(Cause::user(2)));
        own.with_pool(|pool| assert!(pool.iter().all(|token| token.is_cancelled())));
        self.tally.count("tree: branch cancelled");
    }

    /// Waits until all branches are cancelled.
    fn wait(&mut self) {
        for branch in self.branches {
            let token = self.some_token(branch);
            block_on(token.cancelled());
            self.look(branch, &token);
        }
    }
}
