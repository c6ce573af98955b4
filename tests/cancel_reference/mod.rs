//! A naive cancellation tree, and programs that run on it and on the real one.
//!
//! The bytes of a program are its operations. After each of them every token that has a handle
//! is asked for all that it can tell, and must tell what the reference does.

use std::{
    collections::BTreeSet,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Waker},
};

use pleach::{
    CancelToken,
    cancel::{Cause, CauseKind, Phase, Registration, WaitCancelledOwned, WeakToken},
    time::Instant,
};

/// Operations that one program may have.
const LONGEST: usize = 200;

/// What programs have come by, so that a test can tell that nothing was left out.
#[derive(Debug, Default)]
pub(crate) struct Reached {
    pub(crate) paths: BTreeSet<&'static str>,
}

impl Reached {
    /// Runs a program; panics where the tree and the reference differ.
    pub(crate) fn run(&mut self, bytes: &[u8]) {
        let mut world = World::new();
        let mut bytes = bytes.iter().copied();
        for _ in 0..LONGEST {
            let Some(operation) = bytes.next() else {
                break;
            };
            let path = world.step(operation, &mut bytes);
            self.paths.insert(path);
            world.check();
        }
    }
}

/// A token as it should be. It stays when its handles go.
struct Naive {
    parents: Vec<usize>,
    /// How many of them must be in a phase for this one to be.
    needed: usize,
    phase: Phase,
    cause: Why,
    deadline: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Why {
    Nothing,
    Cause(Cause),
    /// Told by one of several parents: which of them is not settled.
    OneOfSeveral,
}

/// A callback, and how often it has run.
struct Callback {
    of: usize,
    registration: Registration,
    runs: Arc<AtomicUsize>,
}

struct World {
    naive: Vec<Naive>,
    /// Of each token that has any.
    handles: Vec<Vec<CancelToken>>,
    weak: Vec<(usize, WeakToken)>,
    waits: Vec<(usize, Pin<Box<WaitCancelledOwned>>)>,
    callbacks: Vec<Callback>,
    causes: u32,
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            naive: Vec::new(),
            handles: Vec::new(),
            weak: Vec::new(),
            waits: Vec::new(),
            callbacks: Vec::new(),
            causes: 0,
        };
        world.add(CancelToken::new(), vec![], 1, u64::MAX);
        world
    }

    fn step(&mut self, operation: u8, bytes: &mut impl Iterator<Item = u8>) -> &'static str {
        let mut pick = |among: usize| usize::from(bytes.next().unwrap_or(0)) % among.max(1);
        let held: Vec<usize> = (0..self.handles.len())
            .filter(|n| !self.handles[*n].is_empty())
            .collect();
        if held.is_empty() {
            self.add(CancelToken::new(), vec![], 1, u64::MAX);
            return "a new root";
        }
        let which = held[pick(held.len())];
        match operation % 16 {
            0..=2 => {
                let child = self.token(which).child();
                self.add(child, vec![which], 1, self.naive[which].deadline);
                "a child"
            }
            3 => {
                let deadline = pick(256) as u64;
                let child = self.token(which).child_until(Instant::from_nanos(deadline));
                let inherited = self.naive[which].deadline;
                self.add(child, vec![which], 1, deadline.min(inherited));
                "a child with a deadline"
            }
            4 => {
                let island = self.token(which).child_island();
                self.add(island, vec![which], 1, self.naive[which].deadline);
                "an island"
            }
            5 => {
                let other = held[pick(held.len())];
                self.link(which, other, pick(2) == 0)
            }
            6 => {
                let another = self.token(which).clone();
                self.handles[which].push(another);
                "a clone"
            }
            7..=9 => {
                self.handles[which].pop();
                "a drop"
            }
            10 => self.raise(which, Phase::Cancelled, pick(4) == 0),
            11 => self.raise(which, Phase::Stopping, pick(4) == 0),
            12 => self.look_at_the_clock(which, pick(256) as u64),
            13 => {
                let wait = self.token(which).clone().cancelled_owned();
                let mut wait = Box::pin(wait);
                let is_ready = poll(wait.as_mut());
                assert_eq!(is_ready, self.naive[which].phase == Phase::Cancelled);
                if !is_ready {
                    self.waits.push((which, wait));
                }
                "a wait"
            }
            14 => self.call_back(which),
            _ => self.let_go(which, pick(4), pick(256)),
        }
    }

    fn token(&self, which: usize) -> &CancelToken {
        &self.handles[which][0]
    }

    fn add(&mut self, token: CancelToken, parents: Vec<usize>, needed: usize, deadline: u64) {
        self.naive.push(Naive {
            parents,
            needed,
            phase: Phase::Running,
            cause: Why::Nothing,
            deadline,
        });
        self.handles.push(vec![token]);
        self.settle();
    }

    fn link(&mut self, one: usize, other: usize, any: bool) -> &'static str {
        let parents = [self.token(one), self.token(other)];
        let deadlines = [one, other].map(|n| self.naive[n].deadline);
        if any {
            let token = CancelToken::any_of(&parents);
            self.add(token, vec![one, other], 1, deadlines[0].min(deadlines[1]));
            "any of two"
        } else {
            let token = CancelToken::all_of(&parents);
            self.add(token, vec![one, other], 2, deadlines[0].max(deadlines[1]));
            "all of two"
        }
    }

    fn raise(&mut self, which: usize, phase: Phase, plain: bool) -> &'static str {
        self.causes += 1;
        let cause = if plain {
            Cause::new(CauseKind::Shutdown)
        } else {
            Cause::user(self.causes).text("a text")
        };
        let did = match phase {
            Phase::Stopping => self.token(which).stop(cause),
            _ => self.token(which).cancel_with(cause),
        };
        assert_eq!(did, self.naive[which].phase < phase);
        self.note(which, phase, cause);
        if did {
            "a cancel or stop"
        } else {
            "one too many"
        }
    }

    fn note(&mut self, which: usize, phase: Phase, cause: Cause) {
        let naive = &mut self.naive[which];
        naive.phase = naive.phase.max(phase);
        if naive.cause == Why::Nothing {
            naive.cause = Why::Cause(cause);
        }
        self.settle();
    }

    fn look_at_the_clock(&mut self, which: usize, now: u64) -> &'static str {
        let is_over = self.naive[which].deadline <= now;
        let was_cancelled = self.naive[which].phase == Phase::Cancelled;
        let result = self.token(which).check_at(Instant::from_nanos(now));
        assert_eq!(result.is_err(), is_over || was_cancelled);
        if is_over && !was_cancelled {
            self.note(which, Phase::Cancelled, CauseKind::Deadline.into());
            return "a deadline";
        }
        "a deadline that has not come"
    }

    fn call_back(&mut self, which: usize) -> &'static str {
        let runs = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&runs);
        let registration = self.token(which).on_cancel(move |_| {
            count.fetch_add(1, Relaxed);
        });
        self.callbacks.push(Callback {
            of: which,
            registration,
            runs,
        });
        "a callback"
    }

    /// Drops something else than a handle.
    fn let_go(&mut self, which: usize, what: usize, item: usize) -> &'static str {
        match what {
            0 if !self.waits.is_empty() => {
                drop(self.waits.swap_remove(item % self.waits.len()));
                "a wait that is dropped"
            }
            1 if !self.callbacks.is_empty() => {
                let callback = self.callbacks.swap_remove(item % self.callbacks.len());
                let was_cancelled = self.naive[callback.of].phase == Phase::Cancelled;
                let was_held = self.is_held(callback.of);
                let prevented = callback.registration.stop();
                assert_eq!(prevented, callback.runs.load(Relaxed) == 0);
                // One whose token nobody holds may have gone with it before that was cancelled, or
                // may be there for others.
                assert!(!was_held || prevented != was_cancelled);
                "a callback that is stopped"
            }
            2 if !self.weak.is_empty() => {
                let (of, weak) = self.weak.swap_remove(item % self.weak.len());
                assert_eq!(weak.upgrade().is_some(), self.is_held(of));
                "a weak handle that is asked"
            }
            _ => {
                self.weak.push((which, self.token(which).downgrade()));
                "a weak handle"
            }
        }
    }

    /// Lets phases come down until nothing changes.
    fn settle(&mut self) {
        let mut changed = true;
        while changed {
            changed = false;
            for n in 0..self.naive.len() {
                for phase in [Phase::Stopping, Phase::Cancelled] {
                    let parents = &self.naive[n].parents;
                    let there = parents
                        .iter()
                        .filter(|parent| self.naive[**parent].phase >= phase);
                    let is_told = !parents.is_empty() && there.count() >= self.naive[n].needed;
                    if !is_told || self.naive[n].phase >= phase {
                        continue;
                    }
                    let cause = match parents[..] {
                        [parent] => self.naive[parent].cause,
                        _ => Why::OneOfSeveral,
                    };
                    let naive = &mut self.naive[n];
                    naive.phase = phase;
                    if naive.cause == Why::Nothing {
                        naive.cause = cause;
                    }
                    changed = true;
                }
            }
        }
    }

    fn is_held(&self, which: usize) -> bool {
        !self.handles[which].is_empty() || self.waits.iter().any(|(of, _)| *of == which)
    }

    /// Whether a token or anything below it is held.
    fn is_alive(&self, which: usize) -> bool {
        self.is_held(which) || self.has_life_below(which)
    }

    fn has_life_below(&self, which: usize) -> bool {
        (0..self.naive.len()).any(|n| self.naive[n].parents.contains(&which) && self.is_alive(n))
    }

    fn check(&mut self) {
        for (n, handles) in self.handles.iter().enumerate() {
            let naive = &self.naive[n];
            for token in handles {
                assert_eq!(token.phase(), naive.phase, "token {n}");
                assert_eq!(token.is_cancelled(), naive.phase == Phase::Cancelled);
                match naive.cause {
                    Why::Nothing => assert_eq!(token.cause(), None),
                    Why::Cause(cause) => assert_eq!(token.cause(), Some(cause)),
                    Why::OneOfSeveral => assert!(token.cause().is_some()),
                }
                let deadline = token.deadline().map_or(u64::MAX, Instant::as_nanos);
                assert_eq!(deadline, naive.deadline);
            }
            if let Some(token) = handles.first() {
                let is_drained = poll(Box::pin(token.drained()).as_mut());
                assert_eq!(is_drained, !self.has_life_below(n), "token {n}");
            }
        }
        let naive = &self.naive;
        self.waits.retain_mut(|(of, wait)| {
            let is_ready = poll(wait.as_mut());
            assert_eq!(is_ready, naive[*of].phase == Phase::Cancelled);
            !is_ready
        });
        for callback in &self.callbacks {
            let was_cancelled = naive[callback.of].phase == Phase::Cancelled;
            let runs = callback.runs.load(Relaxed);
            // A token that nobody holds may have gone before it would have been told.
            assert!(
                runs == usize::from(was_cancelled) || (runs == 0 && !self.is_held(callback.of))
            );
        }
    }
}

fn poll(future: Pin<&mut impl Future>) -> bool {
    future
        .poll(&mut Context::from_waker(Waker::noop()))
        .is_ready()
}
