//! Exploring: the failing seed, its repetition, and what is counted.

use std::{
    env,
    process::{Command, Output},
    time::Duration,
};

use pleach::testing::{self, Explore, Seed, Sim};

/// Fails if three choices are all 1.
async fn three_choices(sim: Sim) -> [usize; 3] {
    let choices = [(); 3].map(|()| sim.choose(4));
    assert_ne!(choices, [1; 3], "all are 1");
    choices
}

#[test]
fn the_first_failure_ends_it_and_its_seed_repeats_it() {
    let failure = Explore::seeds(10_000).try_run(three_choices).unwrap_err();
    let seed = failure.seed().clone();
    let text = failure.to_string();
    assert!(
        text.starts_with(&format!(
            "seed {seed}, in run {}: panicked: ",
            failure.runs()
        )),
        "{text}"
    );
    assert!(text.contains("all are 1"), "{text}");
    let command = format!("\nto repeat it: PLEACH_SEED={seed} cargo test ");
    assert!(text.contains(&command), "{text}");
    let again = Explore::seeds(1)
        .replay(seed.clone())
        .try_run(three_choices);
    assert_eq!(again.unwrap_err().seed(), &seed);
    // By itself too, and with the payload.
    let payload = failure.into_panic().unwrap();
    assert!(crate::support::message(&*payload).contains("all are 1"));
    let run = || testing::run(seed, three_choices);
    assert!(std::panic::catch_unwind(run).is_err());
}

#[test]
fn all_schedules_are_tried_in_order_up_to_the_failure() {
    let failure = Explore::all(10_000).try_run(three_choices).unwrap_err();
    assert_eq!(failure.seed().to_string(), "path:1.1.1");
    // 1 * 16 + 1 * 4 + 1 come before it.
    assert_eq!(failure.runs(), 22);
    let seed: Seed = "path:1.1.1".parse().unwrap();
    assert_eq!(failure.seed(), &seed);
    let again = Explore::seeds(1).replay(seed).try_run(three_choices);
    assert!(again.is_err());
}

#[test]
fn all_schedules_are_as_many_as_there_are() {
    let program = async |sim: Sim| {
        let first = sim.choose(3);
        // What leaves no choice is none.
        let none = sim.choose(1) + sim.choose(0);
        let rest: usize = (0..first).map(|_| sim.choose(2)).sum();
        (first, none, rest)
    };
    let explored = Explore::all(100).run(program);
    assert!(explored.is_complete());
    assert_eq!((explored.runs(), explored.schedules()), (1 + 2 + 4, 7));
    assert_eq!(explored.outcomes().count(), 1 + 2 + 3);
    assert_eq!(explored.seen(&(2, 0, 1)).unwrap().0, 2);
    assert_eq!(explored.seen(&(3, 0, 1)), None);
    let cut_short = Explore::all(6).run(program);
    assert_eq!((cut_short.runs(), cut_short.is_complete()), (6, false));
    assert!(Explore::all(7).run(program).is_complete());
    assert!(!testing::explore(100, program).is_complete());
}

#[test]
fn a_program_that_goes_its_own_way_is_noticed() {
    let runs = std::cell::Cell::new(0);
    let fickle = async |sim: Sim| {
        runs.set(runs.get() + 1);
        let _ = sim.choose(if runs.get() == 1 { 3 } else { 2 });
        let _ = sim.choose(2);
    };
    let failure = Explore::all(100).try_run(fickle).unwrap_err();
    assert!(
        failure
            .to_string()
            .contains("something in it is not by the simulation")
    );
    assert_eq!(failure.runs(), 2);
}

#[test]
fn seeds_are_read_as_they_are_written() {
    for text in [
        "0",
        "18446744073709551615",
        "path:",
        "path:3",
        "path:0.12.0",
    ] {
        assert_eq!(text.parse::<Seed>().unwrap().to_string(), text);
    }
    for text in ["", "-1", "path:a", "path:1,2", "1.2", "path:-1"] {
        let error = text.parse::<Seed>().unwrap_err();
        assert!(
            error.to_string().contains(&format!("{text:?} is no seed")),
            "{error}"
        );
    }
}

/// Set for the process in which seeds fail.
const CHILD: &str = "PLEACH_EXPLORE_CHILD";

fn fails_by_some_seeds() {
    let explored = Explore::seeds(10_000).run(async |sim| {
        sim.sleep(Duration::from_secs(1)).await;
        three_choices(sim).await
    });
    println!("{} runs", explored.runs());
}

/// Runs that in a process of its own, as the test below.
fn run(variables: &[(&str, &str)]) -> (bool, String) {
    let mut test = Command::new(env::current_exe().unwrap());
    test.args([
        "explore::what_is_printed_repeats_the_run",
        "--exact",
        "--nocapture",
    ]);
    test.env(CHILD, "1");
    test.env_remove("PLEACH_SEED").env_remove("PLEACH_SEEDS");
    test.envs(variables.iter().copied());
    let Output {
        status,
        stdout,
        stderr,
    } = test.output().unwrap();
    let text = [stdout, stderr].map(|text| String::from_utf8(text).unwrap());
    (status.success(), text.concat())
}

#[test]
fn what_is_printed_repeats_the_run() {
    if env::var_os(CHILD).is_some() {
        return fails_by_some_seeds();
    }
    let (has_passed, text) = run(&[]);
    assert!(!has_passed);
    let (_, command) = text
        .split_once("\nto repeat it: PLEACH_SEED=")
        .expect(&text);
    let (seed, command) = command.split_once(' ').unwrap();
    assert!(
        command.starts_with(
            "cargo test explore::what_is_printed_repeats_the_run -- --exact --nocapture\n"
        ),
        "{command}"
    );
    let (has_passed, text) = run(&[("PLEACH_SEED", seed)]);
    assert!(!has_passed);
    assert!(
        text.contains(&format!("seed {seed}, in run 1: panicked: ")),
        "{text}"
    );
    let (has_passed, text) = run(&[("PLEACH_SEED", "path:1.1")]);
    assert!(has_passed && text.contains("1 runs"), "{text}");
}

#[test]
fn the_environment_says_how_many() {
    let (has_passed, text) = run(&[("PLEACH_SEEDS", "3")]);
    assert!(has_passed && text.contains("3 runs"), "{text}");
    for (variable, value) in [("PLEACH_SEED", "x"), ("PLEACH_SEEDS", "x")] {
        let (has_passed, text) = run(&[(variable, value)]);
        assert!(
            !has_passed && text.contains(&format!("{variable}: ")),
            "{text}"
        );
    }
}
