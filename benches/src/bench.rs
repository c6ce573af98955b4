//! What is to be measured, and the program that measures it.

use std::env;

use crate::{
    alloc, callgrind, chart,
    report::{self, Figure, Row},
    rounds,
};

/// What part a subject plays in the comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// This crate, or what this crate chose.
    Ours,
    /// What it is compared with.
    Peer,
    /// What is part of every figure: shown, not compared.
    Baseline,
}

/// One of those that run a workload.
pub struct Subject {
    pub name: &'static str,
    pub role: Role,
    /// Does the given number of operations.
    pub run: Box<dyn Fn(u64)>,
}

/// Something that every subject does, many times.
pub struct Workload {
    pub name: &'static str,
    pub subjects: Vec<Subject>,
    /// Whether to count instructions. Only what one thread does can be counted exactly.
    pub instructions: bool,
}

impl Workload {
    /// A number of operations is a multiple of this.
    pub const MULTIPLE: u64 = 256;
}

/// Figures that are not times: a row is asked for once.
pub struct Fact {
    pub name: &'static str,
    pub unit: &'static str,
    /// Names, roles and figures; less is better.
    pub figures: Vec<(&'static str, Role, f64)>,
}

/// A benchmark: `NAME` of `ci/bench NAME`.
pub struct Bench {
    pub name: &'static str,
    pub workloads: Vec<Workload>,
    pub facts: fn() -> Vec<Fact>,
    /// The rows that the chart shows.
    pub chart: &'static [&'static str],
}

impl Bench {
    /// Measures and reports everything, or what has `TEXT` in its name after `--rows TEXT`, or runs
    /// one subject for callgrind.
    pub fn main(mut self) {
        alloc::keep_memory();
        let arguments: Vec<String> = env::args().skip(1).collect();
        if let [only, workload, subject, operations] = &arguments[..]
            && only == callgrind::ONLY
        {
            return self.run_one(workload, subject, operations.parse().expect("a number"));
        }
        let only_some = arguments.first().is_some_and(|first| first == "--rows");
        if only_some {
            let text = arguments.get(1).expect("the text of the rows");
            self.workloads
                .retain(|workload| workload.name.contains(text.as_str()));
        }
        let mut rows: Vec<Row> = self.workloads.iter().flat_map(rows_of).collect();
        rows.extend((self.facts)().into_iter().map(row_of_fact));
        report::print_table(&rows);
        report::write_lines(self.name, &rows);
        if !only_some {
            chart::write(self.name, &rows, self.chart);
        }
    }

    fn run_one(&self, workload: &str, subject: &str, operations: u64) {
        let workload = self.workloads.iter().find(|found| found.name == workload);
        let mut subjects = workload.expect("a known workload").subjects.iter();
        let subject = subjects.find(|found| found.name == subject);
        (subject.expect("a known subject").run)(operations);
    }
}

fn rows_of(workload: &Workload) -> Vec<Row> {
    eprintln!("measuring: {}", workload.name);
    let row = |measure: &str, unit, values: Vec<f64>| Row {
        name: format!("{}: {measure}", workload.name),
        unit,
        figures: workload
            .subjects
            .iter()
            .zip(values)
            .map(|(subject, value)| Figure {
                subject: subject.name,
                role: subject.role,
                value,
            })
            .collect(),
    };
    let mut rows = Vec::new();
    if workload.instructions {
        let counts = workload
            .subjects
            .iter()
            .map(|subject| callgrind::instructions(workload.name, subject.name));
        rows.push(row("instructions", "instructions", counts.collect()));
    }
    let times = rounds::measure(workload);
    let wall = times.iter().map(|times| times.wall).collect();
    let processor = times.iter().map(|times| times.processor).collect();
    rows.push(row("time", "ns", wall));
    rows.push(row("processor time", "ns", processor));
    rows
}

fn row_of_fact(fact: Fact) -> Row {
    let figures = fact.figures.into_iter();
    Row {
        name: fact.name.to_owned(),
        unit: fact.unit,
        figures: figures
            .map(|(subject, role, value)| Figure {
                subject,
                role,
                value,
            })
            .collect(),
    }
}
