//! The chart: a panel of bars for each chosen row, as SVG that can be read on a light and on
//! a dark page.

use std::fmt::Write;

use crate::{
    bench::Role,
    report::{self, Row, short},
};

const COLUMNS: usize = 2;
const PANEL: f64 = 400.0;
const GAP: f64 = 24.0;
const TITLE: f64 = 30.0;
const LINE: f64 = 20.0;
const BAR: f64 = 12.0;
const NAMES: f64 = 128.0;
const VALUES: f64 = 56.0;
/// If the longest bar would be this many times the shortest, the scale is logarithmic.
const WIDE: f64 = 50.0;

/// Writes `target/bench/NAME.svg` with the rows that are named in `chosen`.
pub(crate) fn write(bench: &str, rows: &[Row], chosen: &[&str]) {
    let panels: Vec<&Row> = chosen
        .iter()
        .map(|name| rows.iter().find(|row| row.name == *name))
        .map(|row| row.expect("the chart names rows that were measured"))
        .collect();
    if panels.is_empty() {
        return;
    }
    let bars = panels.iter().map(|row| bars_of(row).len()).max();
    let height = TITLE + LINE * bars.unwrap_or(0) as f64;
    let lines = panels.len().div_ceil(COLUMNS) as f64;
    let (width, total) = (
        COLUMNS as f64 * (PANEL + GAP) + GAP,
        lines * (height + GAP) + GAP,
    );
    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {total}" width="{width}" height="{total}" font-family="system-ui, sans-serif" font-size="12" fill="#808890">
<title>{bench}: less is better</title>
"##
    );
    for (at, row) in panels.into_iter().enumerate() {
        let x = GAP + (at % COLUMNS) as f64 * (PANEL + GAP);
        let y = GAP + (at / COLUMNS) as f64 * (height + GAP);
        draw(&mut svg, row, x, y).expect("a string takes it");
    }
    svg.push_str("</svg>\n");
    report::write_result(bench, "svg", &svg);
}

/// What is drawn of a row, the best first.
fn bars_of(row: &Row) -> Vec<(&'static str, Role, f64)> {
    let mut bars: Vec<_> = row
        .figures
        .iter()
        .filter(|figure| figure.role != Role::Baseline)
        .map(|figure| (figure.subject, figure.role, figure.value))
        .collect();
    bars.sort_by(|a, b| a.2.total_cmp(&b.2));
    bars
}

fn draw(svg: &mut String, row: &Row, x: f64, y: f64) -> std::fmt::Result {
    let bars = bars_of(row);
    let most = bars.last().map_or(1.0, |bar| bar.2);
    let least = bars.first().map_or(1.0, |bar| bar.2);
    let logarithmic = most > WIDE * least;
    let full = PANEL - NAMES - VALUES;
    let scale = if logarithmic { ", log scale" } else { "" };
    writeln!(
        svg,
        r#"<text x="{x}" y="{:.0}" font-size="13" font-weight="600">{}{scale}</text>"#,
        y + 12.0,
        row.title(),
    )?;
    for (at, (subject, role, value)) in bars.into_iter().enumerate() {
        let top = y + TITLE + at as f64 * LINE;
        let part = if logarithmic {
            // From half of the least, so that the least has a bar.
            (2.0 * value / least).ln() / (2.0 * most / least).ln()
        } else {
            value / most
        };
        let (fill, weight) = match role {
            Role::Ours => ("#2a9d62", "600"),
            Role::Peer | Role::Baseline => ("#8c98a4", "400"),
        };
        let (bar, text) = (x + NAMES, top + BAR - 2.0);
        writeln!(
            svg,
            r#"<text x="{:.0}" y="{text:.0}" text-anchor="end" font-weight="{weight}">{subject}</text><rect x="{bar:.0}" y="{top:.0}" width="{:.1}" height="{BAR}" rx="2" fill="{fill}"/><text x="{:.1}" y="{text:.0}" font-weight="{weight}">{}</text>"#,
            bar - 8.0,
            full * part,
            bar + full * part + 6.0,
            short(value),
        )?;
    }
    Ok(())
}
