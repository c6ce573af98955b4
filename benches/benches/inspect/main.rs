//! What the feature `inspect` costs, beside crates that show what tasks wait for: `ci/bench inspect`.
//!
//! `off` is this crate without the feature, `pleach` the same source built with it. The peers know
//! nothing of scopes, so theirs are scopes of `off` whose children and waits are wrapped as they
//! ask for: each figure is of the scope and of what is noted. Pictures are of ten thousand children that wait.

mod pictures;
mod program;

use std::hint::black_box;

use await_tree::{Config, InstrumentAwait, Registry};
use pleach_benches::{Bench, Role, Subject, Workload};
use program::{off, on};

async fn child(i: u64) -> u64 {
    black_box(i)
}

fn subject(name: &'static str, role: Role, run: impl Fn(u64) + 'static) -> Subject {
    Subject {
        name,
        role,
        run: Box::new(run),
    }
}

fn children() -> Workload {
    let registry = Registry::new(Config::default());
    Workload {
        name: "spawn and end a child",
        instructions: true,
        subjects: vec![
            subject("pleach", Role::Ours, |n| on::children(n, child)),
            subject("off", Role::Baseline, |n| off::children(n, child)),
            subject("await-tree", Role::Peer, move |n| {
                off::children(n, |i| registry.register(i, "child").instrument(child(i)));
            }),
            subject("async-backtrace", Role::Peer, |n| {
                off::children(n, |i| async_backtrace::frame!(child(i)));
            }),
        ],
    }
}

fn waits() -> Workload {
    let registry = Registry::new(Config::default());
    Workload {
        name: "one wait",
        instructions: true,
        subjects: vec![
            subject("pleach", Role::Ours, |n| {
                on::waits(n, |task| task, async |permits| take_on(permits).await);
            }),
            subject("off", Role::Baseline, |n| {
                off::waits(n, |task| task, async |permits| take(permits).await);
            }),
            subject("await-tree", Role::Peer, move |n| {
                off::waits(
                    n,
                    |task| Box::pin(registry.register_anonymous("task").instrument(task)),
                    async |permits| take(permits).instrument_await("acquire").await,
                );
            }),
            subject("async-backtrace", Role::Peer, |n| {
                off::waits(
                    n,
                    |task| Box::pin(async_backtrace::frame!(task)),
                    async |permits| async_backtrace::frame!(take(permits)).await,
                );
            }),
        ],
    }
}

async fn take(permits: &off::Semaphore) {
    permits.acquire().await.expect("it is not closed").forget();
}

async fn take_on(permits: &on::Semaphore) {
    permits.acquire().await.expect("it is not closed").forget();
}

fn main() {
    Bench {
        name: "inspect",
        workloads: vec![children(), waits()],
        facts: pictures::facts,
        chart: &[
            "spawn and end a child: instructions",
            "one wait: instructions",
            "memory of a child that waits",
            "10 000 children, as text",
        ],
    }
    .main();
}
