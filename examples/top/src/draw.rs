//! How a frame is drawn.

#[cfg(test)]
mod tests;

use pleach::{cancel::Phase, inspect::Wait};
use ratatui::{
    layout::{Constraint, Layout, Rect},
    style::{Color, Modifier, Style},
    text::Line as Text,
    widgets::{Block, Cell, Clear, Paragraph, Row as Cells, Table, TableState},
};

use crate::{
    history::{Frame, Row, Totals},
    text,
    view::{Line, Order, View},
};

const HEADER: u16 = 2;
/// With the lines around them.
const DETAILS: u16 = 8;
/// Between them at least so many rows; else there are no details.
const LEAST_ROWS: u16 = 6;

const CANCELLED: Style = Style::new().fg(Color::Red);
const STUCK: Style = Style::new().fg(Color::Yellow);
const FAINT: Style = Style::new().fg(Color::DarkGray);
const STRONG: Style = Style::new().add_modifier(Modifier::BOLD);
const SELECTED: Style = Style::new().add_modifier(Modifier::REVERSED);

const HELP: &str = "\
 up down j k    go to another row       PgUp PgDn Home End too
 left           go to what it hangs below
 t              tree, or list
 s              list: by polls/s, polls, age, wait, still, name
 r              the other way round
 /              only what has this in its name, kind, state or
                waits; Enter: so be it; Esc: all
 o              tokens too
 p space        pause, or go on
 q Ctrl-C       quit

 x  cancelled and still there, or below what is
 !  stuck: not polled for long, and waits neither for time, nor
    for what is below it, nor for something from outside";

pub(crate) fn draw(screen: &mut ratatui::Frame<'_>, frame: &Frame, view: &View) {
    let area = screen.area();
    let has_details = area.height > HEADER + LEAST_ROWS + DETAILS;
    let [head, rows, details, foot] = Layout::vertical([
        Constraint::Length(HEADER),
        Constraint::Min(0),
        Constraint::Length(if has_details { DETAILS } else { 0 }),
        Constraint::Length(1),
    ])
    .areas(area);

    let lines = view.lines(frame);
    let selected = view.position(&lines);
    screen.render_widget(Paragraph::new(header(&frame.totals, view)), head);
    let mut state = TableState::new().with_selected((!lines.is_empty()).then_some(selected));
    // So that it is in the middle where there is enough on both sides.
    let shown = usize::from(rows.height.saturating_sub(1));
    let offset = selected
        .saturating_sub(shown / 2)
        .min(lines.len().saturating_sub(shown));
    *state.offset_mut() = offset;
    screen.render_stateful_widget(table(&lines, view.order), rows, &mut state);
    if has_details {
        let selected = lines.get(selected).map(|line| line.row);
        let block = Block::bordered().border_style(FAINT);
        let told = selected.map_or_else(Vec::new, |row| tell(row, frame));
        screen.render_widget(Paragraph::new(told).block(block), details);
    }
    screen.render_widget(Paragraph::new(footer(view)), foot);
    if view.has_help {
        help(screen, area);
    }
}

fn header(totals: &Totals, view: &View) -> Vec<Text<'static>> {
    let paused = if view.is_paused { " (paused)" } else { "" };
    let marks = format!(
        "{} stuck, {} cancelled and alive, oldest wait {}",
        totals.stuck,
        totals.late,
        text::time_or_dash(totals.oldest_wait),
    );
    let style = match (totals.late, totals.stuck) {
        (0, 0) => Style::new(),
        (0, _) => STUCK,
        _ => CANCELLED,
    };
    vec![
        Text::styled(
            format!(
                "up {}{paused}   {} alive, {} tokens   {:.0} spawned/s {:.0} ended/s {:.0} polls/s",
                text::time(totals.uptime),
                totals.live,
                totals.tokens,
                totals.spawned,
                totals.ended,
                totals.polls,
            ),
            STRONG,
        ),
        Text::styled(marks, style),
    ]
}

fn table<'a>(lines: &'a [Line<'_>], order: Order) -> Table<'a> {
    let columns = [
        ("", 1, None),
        ("NAME", 30, Some(Order::Name)),
        ("KIND", 8, None),
        ("STATE", 9, None),
        ("AGE", 5, Some(Order::Age)),
        ("STILL", 5, Some(Order::Still)),
        ("POLLS", 7, Some(Order::Polls)),
        ("POLLS/S", 7, Some(Order::Rate)),
    ];
    let widths = columns.map(|(_, width, _)| Constraint::Length(width));
    let widths = widths.into_iter().chain([Constraint::Min(0)]);
    let heads = columns.map(|(name, _, by)| (name, by)).into_iter();
    let heads = heads.chain([("WAITS FOR", Some(Order::Wait))]);
    let heads = heads.map(|(name, by)| match by == Some(order) {
        true => Cell::new(name).style(SELECTED),
        false => Cell::new(name),
    });
    Table::new(lines.iter().map(cells), widths)
        .header(Cells::new(heads).style(STRONG))
        .row_highlight_style(SELECTED)
}

fn cells<'a>(line: &'a Line<'_>) -> Cells<'a> {
    let row = line.row;
    let (mark, style) = match (row.late, row.is_stuck) {
        (Some(_), _) => ("x", CANCELLED),
        (None, true) => ("!", STUCK),
        (None, false) => (" ", Style::new()),
    };
    let node = &row.node;
    Cells::new([
        mark.to_owned(),
        line.guides.clone() + &text::label(node),
        node.kind().name().to_owned(),
        text::state(node).to_owned(),
        text::time_or_dash(node.age()),
        text::time(row.still),
        node.polls().to_string(),
        format!("{:.0}", row.rate),
        text::waits(node),
    ])
    .style(style)
}

/// All that is known of one row.
fn tell(row: &Row, frame: &Frame) -> Vec<Text<'static>> {
    let node = &row.node;
    let site = node
        .site()
        .map_or_else(|| "nobody knows where".to_owned(), text::place);
    let mut told = vec![
        Text::styled(
            format!(
                "{} ({} {}), {}",
                text::label(node),
                node.kind().name(),
                node.id(),
                text::state(node)
            ),
            STRONG,
        ),
        Text::raw(format!("made at {site}; polls: {}", node.polls())),
    ];
    if node.phase() != Phase::Running {
        told.push(Text::styled(leaving(row), CANCELLED));
    }
    for wait in node.waits().iter() {
        told.push(Text::raw(tell_wait(wait)));
        let for_whom = frame
            .waited_for(wait)
            .filter(|other| other.key() != row.key());
        let for_whom: Vec<_> = for_whom
            .map(|other| format!("{} {}", text::label(&other.node), other.node.id()))
            .collect();
        if !for_whom.is_empty() {
            told.push(Text::styled(
                format!("    of {}", for_whom.join(", ")),
                FAINT,
            ));
        }
    }
    told
}

fn leaving(row: &Row) -> String {
    let name = row.node.phase().name();
    let time = row
        .node
        .cancelled()
        .map_or_else(String::new, |time| format!(" {} ago", text::time(time)));
    match row.node.cause() {
        Some(cause) => format!("{name}{time}: {cause}"),
        None => format!("{name}{time}"),
    }
}

fn tell_wait(wait: &Wait) -> String {
    let age = wait
        .age()
        .map_or_else(String::new, |age| format!(" for {}", text::time(age)));
    let made = wait.resource().site();
    let made = made.map_or_else(String::new, |site| format!(", of {}", text::place(site)));
    format!(
        "waits: {}{age} at {}{made}",
        wait.what(),
        text::place(wait.site())
    )
}

fn footer(view: &View) -> Text<'static> {
    match (view.is_typing, view.filter.is_empty()) {
        (true, _) => Text::raw(format!("/{}_", view.filter)),
        (false, true) => Text::styled(
            "? help  t tree/list  s sort  / filter  p pause  q quit",
            FAINT,
        ),
        (false, false) => Text::raw(format!("only \"{}\" (Esc: all)", view.filter)),
    }
}

fn help(screen: &mut ratatui::Frame<'_>, area: Rect) {
    let height = HELP.lines().count() as u16 + 2;
    let area = area.centered(Constraint::Max(66), Constraint::Max(height));
    screen.render_widget(Clear, area);
    screen.render_widget(
        Paragraph::new(HELP).block(Block::bordered().title(" keys ")),
        area,
    );
}
