//! The semaphore beside those that users would otherwise take: `ci/bench semaphore`.
//!
//! Where a peer lets one choose, it is told to be fair. Tokio runs outside of its runtime, so
//! that nothing is charged to a task's budget.

mod subjects;
mod workloads;

use pleach_benches::{Bench, Fact, Role, Subject, Workload, allocations_in};
use subjects::{Bypass, EventSemaphore, Semaphore, Weighted};
use workloads::Sizes;

/// What the programs of one semaphore are, with its type filled in.
struct Programs {
    name: &'static str,
    role: Role,
    free_pair: fn(u64),
    hand_off: fn(u64, u64) -> u64,
    two_threads: fn(u64),
    two_workers: fn(u64),
    plenty: fn(u64),
    sizes: fn() -> Sizes,
}

fn programs<S: Semaphore>(name: &'static str, role: Role) -> Programs {
    Programs {
        name,
        role,
        free_pair: workloads::free_pair::<S>,
        hand_off: workloads::hand_off::<S>,
        two_threads: workloads::two_threads::<S>,
        two_workers: workloads::two_workers::<S>,
        plenty: workloads::plenty::<S>,
        sizes: workloads::sizes::<S>,
    }
}

fn semaphores() -> Vec<Programs> {
    vec![
        programs::<pleach::Semaphore>("pleach", Role::Ours),
        programs::<Bypass>("pleach, bypass", Role::Ours),
        programs::<tokio::sync::Semaphore>("tokio", Role::Peer),
        programs::<async_lock::Semaphore>("async-lock", Role::Peer),
        programs::<maitake_sync::Semaphore>("maitake-sync", Role::Peer),
        programs::<futures_intrusive::sync::Semaphore>("futures-intrusive", Role::Peer),
        programs::<subjects::Embassy>("embassy-sync", Role::Peer),
        programs::<EventSemaphore<1>>("event-listener", Role::Peer),
    ]
}

/// The same for those that grant several permits at once.
fn weighted() -> Vec<Subject> {
    fn subject<S: Weighted>(name: &'static str, role: Role) -> Subject {
        let run = Box::new(|operations| {
            workloads::weighted::<S>(operations);
        });
        Subject { name, role, run }
    }
    vec![
        subject::<pleach::Semaphore>("pleach", Role::Ours),
        subject::<Bypass>("pleach, bypass", Role::Ours),
        subject::<tokio::sync::Semaphore>("tokio", Role::Peer),
        subject::<maitake_sync::Semaphore>("maitake-sync", Role::Peer),
        subject::<futures_intrusive::sync::Semaphore>("futures-intrusive", Role::Peer),
        subject::<subjects::Embassy>("embassy-sync", Role::Peer),
        // Everybody is woken at each release, to look.
        subject::<EventSemaphore<{ usize::MAX }>>("event-listener", Role::Peer),
    ]
}

/// One workload with a program of each semaphore.
fn workload(
    name: &'static str,
    instructions: bool,
    run: impl Fn(Programs) -> Box<dyn Fn(u64)>,
) -> Workload {
    let subjects = semaphores().into_iter().map(|programs| Subject {
        name: programs.name,
        role: programs.role,
        run: run(programs),
    });
    Workload {
        name,
        instructions,
        subjects: subjects.collect(),
    }
}

/// Tasks that hand one permit on, beside what the executor itself takes of it.
fn hand_off(name: &'static str, tasks: u64) -> Workload {
    let mut workload = workload(name, true, |programs| {
        Box::new(move |operations| {
            (programs.hand_off)(tasks, operations);
        })
    });
    workload.subjects.push(bare_executor(tasks));
    workload
}

fn bare_executor(tasks: u64) -> Subject {
    Subject {
        name: "bare executor",
        role: Role::Baseline,
        run: Box::new(move |operations| workloads::bare_executor(tasks, operations)),
    }
}

fn workloads() -> Vec<Workload> {
    vec![
        workload("free pair", true, |programs| Box::new(programs.free_pair)),
        hand_off("hand-off, 2 tasks", 2),
        hand_off("hand-off, 16 tasks", 16),
        hand_off("hand-off, 256 tasks", 256),
        Workload {
            name: "weighted, 16 tasks",
            instructions: true,
            subjects: weighted().into_iter().chain([bare_executor(16)]).collect(),
        },
        workload("2 threads, plenty", false, |programs| {
            Box::new(programs.plenty)
        }),
        workload("2 threads x 16 tasks", false, |programs| {
            Box::new(programs.two_workers)
        }),
        workload("2 blocking threads", false, |programs| {
            Box::new(programs.two_threads)
        }),
    ]
}

fn facts() -> Vec<Fact> {
    const OPERATIONS: u64 = 100 * Workload::MULTIPLE;
    let fact = |name, unit, figure: fn(&Programs) -> f64| Fact {
        name,
        unit,
        figures: semaphores()
            .iter()
            .map(|programs| (programs.name, programs.role, figure(programs)))
            .collect(),
    };
    vec![
        fact("free pair: allocations", "allocations", |programs| {
            allocations_in(|| (programs.free_pair)(OPERATIONS)) as f64 / OPERATIONS as f64
        }),
        // More operations less few: without what the executor allocates to begin with.
        fact(
            "hand-off, 16 tasks: allocations",
            "allocations",
            |programs| {
                let of = |operations| {
                    allocations_in(|| {
                        (programs.hand_off)(16, operations);
                    })
                };
                (of(2 * OPERATIONS) - of(OPERATIONS)) as f64 / OPERATIONS as f64
            },
        ),
        fact("hand-off, 16 tasks: polls", "polls", |programs| {
            (programs.hand_off)(16, OPERATIONS) as f64 / OPERATIONS as f64
        }),
        fact("size of the semaphore", "bytes", |programs| {
            (programs.sizes)().semaphore as f64
        }),
        fact("size of an acquire", "bytes", |programs| {
            (programs.sizes)().acquire as f64
        }),
        fact("size of a permit", "bytes", |programs| {
            (programs.sizes)().permit as f64
        }),
    ]
}

fn main() {
    Bench {
        name: "semaphore",
        workloads: workloads(),
        facts,
        chart: &[
            "free pair: instructions",
            "free pair: processor time",
            "hand-off, 16 tasks: instructions",
            "hand-off, 16 tasks: processor time",
            "weighted, 16 tasks: instructions",
            "2 blocking threads: time",
        ],
    }
    .main();
}
