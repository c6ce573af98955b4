//! The cancellation tree beside tokio-util's: `ci/bench cancel`.

mod operations;
mod shapes;
mod subjects;

use pleach_benches::{Bench, Fact, Role, Subject, Workload};
use subjects::Tree;

/// The same program for both.
fn workload(name: &'static str, ours: fn(u64), peers: fn(u64)) -> Workload {
    let subject = |name, role, run: fn(u64)| Subject {
        name,
        role,
        run: Box::new(run),
    };
    Workload {
        name,
        instructions: true,
        subjects: vec![
            subject("pleach", Role::Ours, ours),
            subject("tokio-util", Role::Peer, peers),
        ],
    }
}

macro_rules! workloads {
    ($($name:literal: $run:ident,)*) => {
        vec![$(workload(
            $name,
            operations::$run::<pleach::CancelToken>,
            operations::$run::<tokio_util::sync::CancellationToken>,
        ),)*]
    };
}

fn workloads() -> Vec<Workload> {
    workloads! {
        "is_cancelled, live": is_cancelled_live,
        "is_cancelled, cancelled": is_cancelled_after,
        "clone + drop": clone,
        "new + drop": new,
        "child, create + drop": child,
        "child at depth 1000": deep_child,
        "new + child + cancel + drop": whole_life,
        "wait, register + drop": register,
        "wait, re-poll": poll_again,
        "run, re-poll": run_again,
    }
}

fn facts() -> Vec<Fact> {
    fn both(measure: [f64; 2]) -> Vec<(&'static str, Role, f64)> {
        let [ours, peers] = measure;
        vec![
            ("pleach", Role::Ours, ours),
            ("tokio-util", Role::Peer, peers),
        ]
    }
    let mut facts: Vec<Fact> = shapes::all()
        .into_iter()
        .map(|shape| Fact {
            name: shape.name,
            unit: shape.unit,
            figures: both(shape.measure()),
        })
        .collect();
    let mut fact = |name, unit, ours: f64, peers: f64| {
        facts.push(Fact {
            name,
            unit,
            figures: both([ours, peers]),
        });
    };
    type Ours = pleach::CancelToken;
    type Peers = tokio_util::sync::CancellationToken;
    let allocations = [
        shapes::allocations::<Ours>(),
        shapes::allocations::<Peers>(),
    ];
    fact(
        "child: allocations",
        "allocations",
        allocations[0],
        allocations[1],
    );
    let bytes = [shapes::bytes::<Ours>(), shapes::bytes::<Peers>()];
    fact("child of many: bytes", "bytes", bytes[0], bytes[1]);
    let sizes = [<Ours as Tree>::SIZE_OF_WAIT, <Peers as Tree>::SIZE_OF_WAIT];
    fact("size of a wait", "bytes", sizes[0] as f64, sizes[1] as f64);
    facts
}

fn main() {
    Bench {
        name: "cancel",
        workloads: workloads(),
        facts,
        chart: &[
            "is_cancelled, live: processor time",
            "child, create + drop: processor time",
            "wait, register + drop: processor time",
            "wait, re-poll: processor time",
            "cancel, flat 100 k, each",
            "cancel, chain of 1 M, each",
        ],
    }
    .main();
}
