//! Random programs: no outcome of any sequential interleaving may be lost to the models.

use std::{collections::BTreeSet, sync::Arc, thread};

use loom::sync::atomic::Ordering;
use pleach_loom::internals::complete::AtomicUsize;

#[derive(Clone, Copy, Debug)]
enum Operation {
    Load,
    Store(usize),
    Swap(usize),
    CompareExchange(usize, usize),
    Add(usize),
    Or(usize),
}

/// Per thread, its operations in order, each with the index of its atomic.
type Program = Vec<Vec<(usize, Operation)>>;

/// What all operations returned, thread after thread, and then the final values.
type Outcome = Vec<usize>;

#[derive(Clone, Copy, Debug)]
struct Shape {
    threads: usize,
    operations: usize,
    atomics: usize,
}

/// SplitMix64: the same programs on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound).try_into().unwrap()
    }

    /// A third of loads, a third of stores: what gets lost is a load beside a load and a write.
    fn any(&mut self) -> Operation {
        match self.below(3) {
            0 => Operation::Load,
            1 => Operation::Store(1 + self.below(2)),
            _ => self.read_modify_write(),
        }
    }

    fn read_modify_write(&mut self) -> Operation {
        let operand = 1 + self.below(2);
        match self.below(4) {
            0 => Operation::Swap(operand),
            1 => Operation::CompareExchange(self.below(3), operand),
            2 => Operation::Add(operand),
            _ => Operation::Or(operand),
        }
    }

    fn program(&mut self, shape: Shape, operation: fn(&mut Self) -> Operation) -> Program {
        let atomics = shape.atomics.try_into().unwrap();
        let thread = |random: &mut Self| {
            let step = |_| (random.below(atomics), operation(random));
            (0..shape.operations).map(step).collect()
        };
        (0..shape.threads).map(|_| thread(self)).collect()
    }
}

fn perform(atomic: &AtomicUsize, operation: Operation) -> usize {
    match operation {
        Operation::Load => atomic.load(Ordering::Acquire),
        Operation::Store(value) => {
            atomic.store(value, Ordering::Release);
            0
        }
        Operation::Swap(value) => atomic.swap(value, Ordering::AcqRel),
        Operation::CompareExchange(current, new) => {
            let result = atomic.compare_exchange(current, new, Ordering::AcqRel, Ordering::Acquire);
            result.unwrap_or_else(|actual| actual)
        }
        Operation::Add(operand) => atomic.fetch_add(operand, Ordering::AcqRel),
        Operation::Or(operand) => atomic.fetch_or(operand, Ordering::AcqRel),
    }
}

/// What [`perform`] does, without concurrency: the returned and the new value.
fn reference(value: usize, operation: Operation) -> (usize, usize) {
    match operation {
        Operation::Load => (value, value),
        Operation::Store(new) => (0, new),
        Operation::Swap(new) => (value, new),
        Operation::CompareExchange(current, new) if value == current => (value, new),
        Operation::CompareExchange(..) => (value, value),
        Operation::Add(operand) => (value, value + operand),
        Operation::Or(operand) => (value, value | operand),
    }
}

/// The state of a program part-way through one interleaving.
#[derive(Clone)]
struct Partial {
    values: Vec<usize>,
    returned: Vec<Vec<usize>>,
}

fn interleave(program: &Program, at: &Partial, outcomes: &mut BTreeSet<Outcome>) {
    let mut finished = true;
    for (thread, operations) in program.iter().enumerate() {
        let Some(&(atomic, operation)) = operations.get(at.returned[thread].len()) else {
            continue;
        };
        finished = false;
        let mut next = at.clone();
        let (returned, value) = reference(next.values[atomic], operation);
        next.values[atomic] = value;
        next.returned[thread].push(returned);
        interleave(program, &next, outcomes);
    }
    if finished {
        outcomes.insert([at.returned.concat(), at.values.clone()].concat());
    }
}

fn sequential(program: &Program, shape: Shape) -> BTreeSet<Outcome> {
    let start = Partial {
        values: vec![0; shape.atomics],
        returned: vec![Vec::new(); shape.threads],
    };
    let mut outcomes = BTreeSet::new();
    interleave(program, &start, &mut outcomes);
    outcomes
}

fn modelled(program: &Program, shape: Shape) -> (BTreeSet<Outcome>, usize) {
    let program = Arc::new(program.clone());
    crate::explore::outcomes(move || {
        // Shared through `std`'s `Arc`: loom's would add the orders of its drops.
        let atomics = Vec::from_iter((0..shape.atomics).map(|_| AtomicUsize::new(0)));
        let atomics = Arc::new(atomics);
        let thread = |thread: usize| {
            let (program, atomics) = (Arc::clone(&program), Arc::clone(&atomics));
            move || -> Outcome {
                let steps = program[thread].iter();
                steps
                    .map(|&(atomic, step)| perform(&atomics[atomic], step))
                    .collect()
            }
        };
        let others = Vec::from_iter((1..shape.threads).map(|n| loom::thread::spawn(thread(n))));
        let mut outcome = thread(0)();
        outcome.extend(others.into_iter().flat_map(|other| other.join().unwrap()));
        outcome.extend(
            atomics
                .iter()
                .map(|atomic| atomic.fetch_or(0, Ordering::AcqRel)),
        );
        outcome
    })
}

/// Runs `count` programs of each shape; `agree` gets loom's outcomes and the sequential ones.
fn compare(
    shapes: &[(usize, Shape)],
    operation: fn(&mut Random) -> Operation,
    agree: fn(&BTreeSet<Outcome>, &BTreeSet<Outcome>) -> bool,
) {
    for &(count, shape) in shapes {
        let mut random = Random(count.try_into().unwrap());
        let (mut wrong, mut executions) = (Vec::new(), 0);
        for _ in 0..count {
            let program = random.program(shape, operation);
            let (seen, runs) = modelled(&program, shape);
            executions += runs;
            if !agree(&seen, &sequential(&program, shape)) {
                wrong.push(program);
            }
        }
        let name = thread::current().name().unwrap_or_default().to_owned();
        println!(
            "{name}: {count} programs of {shape:?}: {} wrong, {executions} executions",
            wrong.len()
        );
        assert!(
            wrong.is_empty(),
            "{} of {count}, the first: {:?}",
            wrong.len(),
            wrong[0]
        );
    }
}

const fn shape(threads: usize, operations: usize, atomics: usize) -> Shape {
    Shape {
        threads,
        operations,
        atomics,
    }
}

#[test]
fn two_threads_on_one_atomic_lose_no_outcome() {
    let shapes = [(3_000, shape(2, 2, 1)), (250, shape(2, 3, 1))];
    compare(&shapes, Random::any, BTreeSet::is_superset);
}

#[test]
fn two_threads_on_two_atomics_lose_no_outcome() {
    let shapes = [(6_000, shape(2, 2, 2)), (700, shape(2, 3, 2))];
    compare(&shapes, Random::any, BTreeSet::is_superset);
}

#[test]
fn three_threads_lose_no_outcome() {
    let shapes = [
        (100, shape(3, 1, 1)),
        (20, shape(3, 2, 2)),
        (2, shape(3, 2, 1)),
    ];
    compare(&shapes, Random::any, BTreeSet::is_superset);
}

/// A read-modify-write reads the newest value, so here nothing weak is left.
#[test]
fn read_modify_writes_have_exactly_the_sequential_outcomes() {
    let shapes = [(500, shape(2, 2, 1)), (500, shape(2, 2, 2))];
    compare(&shapes, Random::read_modify_write, BTreeSet::eq);
}
