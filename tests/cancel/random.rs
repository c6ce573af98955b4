//! Random operations on a tree beside a naive reference.

use std::collections::BTreeMap;

use pleach::{
    CancelToken,
    cancel::{Cause, Phase},
};

use crate::support::rng::Rng;

/// A token as it should be. Its parents stay although their handles go.
#[derive(Clone, Debug)]
struct Naive {
    parents: Vec<usize>,
    /// How many parents must be in a phase for this one to be: one, or all.
    needed: usize,
    phase: Phase,
    cause: Why,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Why {
    Nothing,
    Code(u32),
    /// Told by one of several parents: which of them is not settled.
    OneOfSeveral,
}

impl Why {
    fn or(self, other: Self) -> Self {
        if self == Self::Nothing { other } else { self }
    }
}

#[derive(Default)]
struct World {
    naive: Vec<Naive>,
    handles: BTreeMap<usize, Vec<CancelToken>>,
}

impl World {
    fn add(&mut self, token: CancelToken, parents: Vec<usize>, needed: usize) {
        self.naive.push(Naive {
            parents,
            needed,
            phase: Phase::Running,
            cause: Why::Nothing,
        });
        let new = self.naive.len() - 1;
        self.handles.insert(new, vec![token]);
        self.settle();
    }

    /// Lets causes come down until nothing changes.
    fn settle(&mut self) {
        loop {
            let mut changed = false;
            for n in 0..self.naive.len() {
                let token = self.naive[n].clone();
                for phase in [Phase::Stopping, Phase::Cancelled] {
                    let there = |parent: &&usize| self.naive[**parent].phase >= phase;
                    let reached = token.parents.iter().filter(there).count();
                    let enough = !token.parents.is_empty() && reached >= token.needed;
                    if enough && self.naive[n].phase < phase {
                        let cause = match token.parents[..] {
                            [parent] => self.naive[parent].cause,
                            _ => Why::OneOfSeveral,
                        };
                        self.naive[n].phase = phase;
                        self.naive[n].cause = self.naive[n].cause.or(cause);
                        changed = true;
                    }
                }
            }
            if !changed {
                return;
            }
        }
    }

    fn raise(&mut self, which: usize, phase: Phase, code: u32) {
        let token = &self.handles[&which][0];
        let won = match phase {
            Phase::Stopping => token.stop(Cause::user(code)),
            _ => token.cancel_with(Cause::user(code)),
        };
        let naive = &mut self.naive[which];
        assert_eq!(won, naive.phase < phase);
        naive.phase = naive.phase.max(phase);
        naive.cause = naive.cause.or(Why::Code(code));
        self.settle();
    }

    fn check(&self) {
        for (n, handles) in &self.handles {
            for token in handles {
                let naive = &self.naive[*n];
                assert_eq!(token.phase(), naive.phase, "token {n}");
                match naive.cause {
                    Why::Nothing => assert_eq!(token.cause(), None),
                    Why::Code(code) => assert_eq!(token.cause(), Some(Cause::user(code))),
                    Why::OneOfSeveral => assert!(token.cause().is_some()),
                }
            }
        }
    }
}

fn pick(rng: &mut Rng, among: usize) -> usize {
    rng.below(among as u64) as usize
}

fn play(seed: u64, steps: usize) {
    let mut rng = Rng::new(seed);
    let mut world = World::default();
    world.add(CancelToken::new(), vec![], 1);
    for step in 0..steps {
        let live: Vec<_> = world.handles.keys().copied().collect();
        if live.is_empty() {
            return;
        }
        let which = live[pick(&mut rng, live.len())];
        let token = world.handles[&which][0].clone();
        match rng.below(14) {
            0..=4 => world.add(token.child(), vec![which], 1),
            5 => world.add(token.child_island(), vec![which], 1),
            6 => {
                let other = live[pick(&mut rng, live.len())];
                let parents = [&token, &world.handles[&other][0].clone()];
                if rng.one_in(2) {
                    world.add(CancelToken::any_of(&parents), vec![which, other], 1);
                } else {
                    world.add(CancelToken::all_of(&parents), vec![which, other], 2);
                }
            }
            7 => {
                drop(token);
                let token = world.handles[&which][0].clone();
                world.handles.get_mut(&which).unwrap().push(token);
            }
            8..=11 => {
                drop(token);
                let handles = world.handles.get_mut(&which).unwrap();
                handles.pop();
                if handles.is_empty() {
                    world.handles.remove(&which);
                }
            }
            12 if rng.one_in(3) => world.raise(which, Phase::Cancelled, step as u32 + 1),
            13 if rng.one_in(3) => world.raise(which, Phase::Stopping, step as u32 + 1),
            _ => {}
        }
        world.check();
    }
}

#[test]
fn trees_agree_with_a_naive_reference() {
    for seed in 0..300 {
        play(seed, 120);
    }
}
