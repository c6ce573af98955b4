//! The table and the JSON lines.

use std::{fmt::Write, fs, path::Path};

use crate::bench::Role;

/// Figures below this are taken for it in a ratio, so that there is one beside a zero.
const LEAST: f64 = 0.001;

/// One thing measured of all subjects.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) unit: &'static str,
    pub(crate) figures: Vec<Figure>,
}

pub(crate) struct Figure {
    pub(crate) subject: &'static str,
    pub(crate) role: Role,
    /// Less is better.
    pub(crate) value: f64,
}

impl Row {
    /// The name, and the unit unless the name says it.
    pub(crate) fn title(&self) -> String {
        if self.name.ends_with(self.unit) {
            self.name.clone()
        } else {
            format!("{} ({})", self.name, self.unit)
        }
    }

    /// The peer with the smallest figure.
    pub(crate) fn best_peer(&self) -> Option<&Figure> {
        self.figures
            .iter()
            .filter(|figure| figure.role == Role::Peer)
            .min_by(|a, b| a.value.total_cmp(&b.value))
    }

    /// The best peer's figure over ours: 1.2 means that ours is 1.2 times better.
    fn ratio(&self, ours: &Figure) -> f64 {
        let best = self.best_peer().map_or(ours.value, |peer| peer.value);
        best.max(LEAST) / ours.value.max(LEAST)
    }

    fn ours(&self) -> impl Iterator<Item = &Figure> {
        self.figures
            .iter()
            .filter(|figure| figure.role == Role::Ours)
    }

    fn figure_of(&self, subject: &str) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.subject == subject)
    }
}

/// Every row with the figures of all subjects, and for ours the ratio to the best peer.
pub(crate) fn print_table(rows: &[Row]) {
    let subjects = subjects_of(rows);
    let width = rows.iter().map(|row| row.title().len()).max().unwrap_or(0);
    let mut header = format!("{:width$}", "");
    for subject in &subjects {
        write!(header, "  {subject:>9}").expect("a string takes it");
    }
    println!("{header}  best peer / ours");
    for row in rows {
        let mut line = format!("{:width$}", row.title());
        for subject in &subjects {
            let value = row
                .figure_of(subject)
                .map_or("-".into(), |figure| short(figure.value));
            let column = subject.len().max(9);
            write!(line, "  {value:>column$}").expect("a string takes it");
        }
        let best = row.best_peer().map_or("-", |peer| peer.subject);
        write!(line, "  {best}").expect("a string takes it");
        for ours in row.ours() {
            write!(line, " / {} = {:.2}", ours.subject, row.ratio(ours)).expect("as above");
        }
        println!("{line}");
    }
}

/// Writes `target/bench/NAME.jsonl`: one object for each row and subject. The ratio of a
/// line that is not ours is that of the first subject that is.
pub(crate) fn write_lines(bench: &str, rows: &[Row]) {
    let mut lines = String::new();
    for row in rows {
        let first = row.ours().next().map(|ours| row.ratio(ours));
        for figure in &row.figures {
            let ratio = match figure.role {
                Role::Ours => Some(row.ratio(figure)),
                Role::Peer | Role::Baseline => first,
            };
            writeln!(
                lines,
                r#"{{"bench": "{bench}", "row": "{}", "subject": "{}", "value": {:.3}, "unit": "{}", "ratio": {:.3}}}"#,
                row.name,
                figure.subject,
                figure.value,
                row.unit,
                ratio.unwrap_or(1.0),
            )
            .expect("a string takes it");
        }
    }
    write_result(bench, "jsonl", &lines);
}

/// Writes a file of results and says where.
pub(crate) fn write_result(bench: &str, extension: &str, contents: &str) {
    let folder = Path::new("target/bench");
    fs::create_dir_all(folder).expect("the target folder can be written");
    let file = folder.join(bench).with_extension(extension);
    fs::write(&file, contents).expect("the target folder can be written");
    println!("written: {}", file.display());
}

/// All subjects, in the order in which they first come up.
fn subjects_of(rows: &[Row]) -> Vec<&'static str> {
    let mut subjects = Vec::new();
    for figure in rows.iter().flat_map(|row| &row.figures) {
        if !subjects.contains(&figure.subject) {
            subjects.push(figure.subject);
        }
    }
    subjects
}

/// About three significant digits.
pub(crate) fn short(value: f64) -> String {
    let decimals = match value {
        0.0 => 0,
        _ if value >= 100.0 || value.fract() == 0.0 => 0,
        _ if value >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.decimals$}")
}
