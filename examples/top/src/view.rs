//! What of a frame is shown, and what keys do to that.

#[cfg(test)]
mod tests;

use std::cmp::Ordering;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::{
    history::{Frame, Key, Row},
    text,
};

/// How far the keys for pages go.
const PAGE: isize = 10;

/// In which order rows are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// That of the tree, with what is below a node behind it.
    Tree,
    /// Those of a list, the most first.
    Rate,
    Polls,
    Age,
    Wait,
    Still,
    Name,
}

/// What comes of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pressed {
    GoOn,
    Quit,
}

/// What somebody wants to see.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) order: Order,
    /// The list's, when the tree is shown.
    list: Order,
    pub(crate) is_reversed: bool,
    pub(crate) has_tokens: bool,
    pub(crate) is_paused: bool,
    pub(crate) has_help: bool,
    /// Only what has this in its label, its kind, its state or its waits.
    pub(crate) filter: String,
    pub(crate) is_typing: bool,
    selected: Option<Key>,
    /// Where that was, for when it is gone.
    position: usize,
}

/// A row that is shown.
pub(crate) struct Line<'a> {
    pub(crate) row: &'a Row,
    /// What is drawn before its name.
    pub(crate) guides: String,
}

impl Order {
    const LISTS: [Self; 6] = [
        Self::Rate,
        Self::Polls,
        Self::Age,
        Self::Wait,
        Self::Still,
        Self::Name,
    ];

    fn next(self) -> Self {
        let at = Self::LISTS.iter().position(|order| *order == self);
        Self::LISTS[at.map_or(0, |at| (at + 1) % Self::LISTS.len())]
    }

    fn compare(self, a: &Row, b: &Row) -> Ordering {
        match self {
            Self::Tree => Ordering::Equal,
            Self::Rate => b.rate.total_cmp(&a.rate),
            Self::Polls => b.node.polls().cmp(&a.node.polls()),
            Self::Age => b.node.age().cmp(&a.node.age()),
            Self::Wait => b.longest_wait().cmp(&a.longest_wait()),
            Self::Still => b.still.cmp(&a.still),
            Self::Name => text::label(&a.node).cmp(&text::label(&b.node)),
        }
    }
}

impl View {
    pub(crate) fn new() -> Self {
        Self {
            order: Order::Tree,
            list: Order::Rate,
            is_reversed: false,
            has_tokens: false,
            is_paused: false,
            has_help: false,
            filter: String::new(),
            is_typing: false,
            selected: None,
            position: 0,
        }
    }

    /// Does what the key is for. `frame` is what is shown.
    pub(crate) fn press(&mut self, key: KeyEvent, frame: &Frame) -> Pressed {
        let has_control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c') if has_control => return Pressed::Quit,
            _ if self.is_typing => self.edit(key.code),
            // Any key.
            _ if self.has_help => self.has_help = false,
            KeyCode::Char('q') => return Pressed::Quit,
            KeyCode::Up | KeyCode::Char('k') => self.walk(frame, -1),
            KeyCode::Down | KeyCode::Char('j') => self.walk(frame, 1),
            KeyCode::PageUp => self.walk(frame, -PAGE),
            KeyCode::PageDown => self.walk(frame, PAGE),
            KeyCode::Home | KeyCode::Char('g') => self.walk(frame, isize::MIN),
            KeyCode::End | KeyCode::Char('G') => self.walk(frame, isize::MAX),
            KeyCode::Left => self.climb(frame),
            KeyCode::Char('t') if self.order == Order::Tree => self.order = self.list,
            KeyCode::Char('t') => (self.list, self.order) = (self.order, Order::Tree),
            KeyCode::Char('s') => self.sort(),
            KeyCode::Char('r') => self.is_reversed = !self.is_reversed,
            KeyCode::Char('o') => self.has_tokens = !self.has_tokens,
            KeyCode::Char('p' | ' ') => self.is_paused = !self.is_paused,
            KeyCode::Char('/') => self.is_typing = true,
            KeyCode::Esc => self.filter.clear(),
            KeyCode::Char('?' | 'h') => self.has_help = true,
            _ => {}
        }
        Pressed::GoOn
    }

    /// In the tree it chooses the list, in the list the next order.
    fn sort(&mut self) {
        self.order = match self.order {
            Order::Tree => self.list,
            order => order.next(),
        };
    }

    fn edit(&mut self, code: KeyCode) {
        match code {
            KeyCode::Char(c) => self.filter.push(c),
            KeyCode::Backspace => drop(self.filter.pop()),
            KeyCode::Enter => self.is_typing = false,
            KeyCode::Esc => {
                self.filter.clear();
                self.is_typing = false;
            }
            _ => {}
        }
    }

    fn walk(&mut self, frame: &Frame, steps: isize) {
        let lines = self.lines(frame);
        let last = lines.len().saturating_sub(1);
        let to = self.position(&lines).saturating_add_signed(steps).min(last);
        let selected = lines.get(to).map(|line| line.row.key());
        (self.position, self.selected) = (to, selected);
    }

    /// To what the selected one hangs below.
    fn climb(&mut self, frame: &Frame) {
        let lines = self.lines(frame);
        let row = lines.get(self.position(&lines)).map(|line| line.row);
        let above = row.and_then(|row| Some((row.root, row.node.parent()?)));
        let above = lines.iter().position(|line| Some(line.row.key()) == above);
        if let Some(above) = above {
            let selected = Some(lines[above].row.key());
            (self.position, self.selected) = (above, selected);
        }
    }

    /// Where the selected one is among these; if it is gone, what has come to its place.
    pub(crate) fn position(&self, lines: &[Line<'_>]) -> usize {
        let found = lines
            .iter()
            .position(|line| Some(line.row.key()) == self.selected);
        found.unwrap_or(self.position.min(lines.len().saturating_sub(1)))
    }

    /// Another frame is shown: whoever is selected then stays so.
    pub(crate) fn follow(&mut self, frame: &Frame) {
        self.walk(frame, 0);
    }

    /// What is shown of the frame.
    pub(crate) fn lines<'a>(&self, frame: &'a Frame) -> Vec<Line<'a>> {
        let rows = frame
            .rows
            .iter()
            .filter(|row| self.has_tokens || !row.is_token());
        match self.order {
            Order::Tree => self.tree(rows),
            _ => self.list(rows),
        }
    }

    fn list<'a>(&self, rows: impl Iterator<Item = &'a Row>) -> Vec<Line<'a>> {
        let mut rows: Vec<_> = rows.filter(|row| self.is_wanted(row)).collect();
        rows.sort_by(|a, b| self.order.compare(a, b));
        if self.is_reversed {
            rows.reverse();
        }
        let line = |row| Line {
            row,
            guides: String::new(),
        };
        rows.into_iter().map(line).collect()
    }

    /// Backwards: whether something comes behind a row on its level is known then, and whether what is
    /// below it is wanted, so that it has to be there too.
    fn tree<'a>(&self, rows: impl DoubleEndedIterator<Item = &'a Row>) -> Vec<Line<'a>> {
        let mut lines = Vec::new();
        // By depth: whether there is one behind, on this level.
        let mut behind: Vec<bool> = Vec::new();
        for row in rows.rev() {
            let has_below = behind.len() > row.depth + 1;
            behind.truncate(row.depth + 1);
            if !has_below && !self.is_wanted(row) {
                continue;
            }
            behind.resize(row.depth + 1, false);
            lines.push(Line {
                row,
                guides: guides(&behind),
            });
            behind[row.depth] = true;
        }
        lines.reverse();
        lines
    }

    fn is_wanted(&self, row: &Row) -> bool {
        let Row { node, .. } = row;
        let is_in = |text: &str| text.contains(&*self.filter);
        is_in(&text::label(node))
            || is_in(node.kind().name())
            || is_in(text::state(node))
            || is_in(&text::waits(node))
    }
}

/// Before a row of that depth; with what is behind it, by depth. The tops have none.
fn guides(behind: &[bool]) -> String {
    let Some((own, above)) = behind.get(1..).and_then(|levels| levels.split_last()) else {
        return String::new();
    };
    let along = above.iter().map(|behind| if *behind { "│ " } else { "  " });
    along.chain([if *own { "├─" } else { "└─" }]).collect()
}
