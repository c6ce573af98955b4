use std::time::Duration;

use ratatui::{
    Terminal,
    backend::TestBackend,
    crossterm::event::{KeyCode, KeyEvent},
    style::Modifier,
};

use super::draw;
use crate::{
    history::{Frame, History},
    samples::{at, server},
    view::View,
};

fn frame() -> Frame {
    let mut history = History::new(at(0), Duration::from_secs(5));
    for second in 0..6 {
        history.take(at(second), server(second));
    }
    history.take(at(6), server(6))
}

/// The screen after these keys.
fn screen(width: u16, height: u16, keys: &str) -> TestBackend {
    let (frame, mut view) = (frame(), View::new());
    for key in keys.chars() {
        view.press(KeyEvent::from(KeyCode::Char(key)), &frame);
    }
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|screen| draw(screen, &frame, &view)).unwrap();
    terminal.backend().clone()
}

fn text(width: u16, height: u16, keys: &str) -> String {
    screen(width, height, keys).to_string()
}

#[test]
fn it_shows_the_tree_and_all_of_the_selected_one() {
    assert_eq!(text(108, 24, "jjjjj"), include_str!("tree.txt"));
}

#[test]
fn it_shows_a_list_and_why_something_has_to_leave() {
    assert_eq!(text(108, 24, "jjj/session"), include_str!("typing.txt"));
    assert_eq!(text(108, 24, "otspj"), include_str!("list.txt"));
}

#[test]
fn the_help_is_in_front() {
    assert_eq!(text(80, 24, "?"), include_str!("help.txt"));
}

#[test]
fn where_there_is_little_room_rows_are_shown_and_the_selected_one_among_them() {
    let small = text(60, 7, "jjjjjj");
    assert!(
        small.contains("holder") && !small.contains("server "),
        "{small}"
    );
    for (width, height) in [(0, 0), (1, 1), (200, 2), (3, 60)] {
        screen(width, height, "?");
    }
}

#[test]
fn the_selected_row_is_reversed() {
    let screen = screen(80, 24, "j");
    let is_reversed = |y| {
        screen.buffer()[(10, y)]
            .modifier
            .contains(Modifier::REVERSED)
    };
    assert_eq!([3, 4, 5].map(is_reversed), [false, true, false]);
}
