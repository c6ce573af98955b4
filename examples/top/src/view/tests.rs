use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{Order, Pressed, View};
use crate::{
    history::{Frame, History},
    samples::{at, child, id, look, scope, server},
    text,
};

fn frame(seconds: u64) -> Frame {
    let mut history = History::new(at(0), std::time::Duration::from_secs(5));
    history.take(at(seconds - 1), server(seconds - 1));
    history.take(at(seconds), server(seconds))
}

fn press(view: &mut View, frame: &Frame, keys: &str) {
    for key in keys.chars() {
        let code = match key {
            '\n' => KeyCode::Enter,
            '\x1b' => KeyCode::Esc,
            '\x08' => KeyCode::Backspace,
            '<' => KeyCode::Left,
            _ => KeyCode::Char(key),
        };
        assert_eq!(view.press(code.into(), frame), Pressed::GoOn, "{key}");
    }
}

/// What is shown after these keys, with the guides.
fn shown(keys: &str, frame: &Frame) -> Vec<String> {
    let mut view = View::new();
    press(&mut view, frame, keys);
    let lines = view.lines(frame);
    lines
        .iter()
        .map(|line| line.guides.clone() + &text::label(&line.row.node))
        .collect()
}

fn selected(view: &View, frame: &Frame) -> String {
    let lines = view.lines(frame);
    text::label(&lines[view.position(&lines)].row.node)
}

#[test]
fn the_tree_has_guides_and_tokens_only_if_they_are_wanted() {
    let tree = [
        "server",
        "├─accept",
        "├─worker",
        "├─session",
        "│ └─flush",
        "├─hangs",
        "└─holder",
    ];
    assert_eq!(shown("", &frame(1)), tree);
    assert_eq!(shown("o", &frame(1))[tree.len()..], ["shutdown"]);
    assert_eq!(shown("oo", &frame(1)), tree);
}

#[test]
fn a_filter_keeps_what_is_above_what_it_wants() {
    let frame = frame(1);
    assert_eq!(shown("/flu", &frame), ["server", "└─session", "  └─flush"]);
    assert_eq!(
        shown("/acquire", &frame),
        ["server", "└─hangs"],
        "what it waits for"
    );
    assert_eq!(
        shown("/ready\nt", &frame),
        ["flush"],
        "what it is doing; in the list by itself"
    );
    assert_eq!(
        shown("/flx\x08\x08lu", &frame),
        ["server", "└─session", "  └─flush"]
    );
    assert_eq!(shown("/nobody", &frame), [""; 0]);
    assert_eq!(
        shown("/q\x1b", &frame).len(),
        7,
        "a letter is no key while one types"
    );
    assert_eq!(shown("/flu\n\x1b", &frame).len(), 7);
}

#[test]
fn a_list_is_sorted_by_one_thing_after_the_other() {
    let frame = frame(2);
    let by = |keys: &str| shown(keys, &frame)[..3].join(" ");
    assert_eq!(by("t"), "accept flush session", "polls in a second");
    assert_eq!(by("ts"), "accept hangs flush", "polls");
    assert_eq!(by("tsssss"), "accept flush hangs", "names");
    assert_eq!(by("tsssssr"), "worker session server");
    assert_eq!(
        shown("sss", &frame),
        shown("tss", &frame),
        "from the tree the first one is the list"
    );
    assert_eq!(shown("tsttt", &frame)[0], "server", "the tree");
    assert_eq!(
        shown("tstt", &frame),
        shown("ts", &frame),
        "the list is remembered"
    );
    let mut view = View::new();
    press(&mut view, &frame, "tssssss");
    assert_eq!(view.order, Order::Rate, "the first one again");
}

#[test]
fn keys_walk_no_further_than_there_are_rows_and_climb_to_what_is_above() {
    let frame = frame(1);
    let mut view = View::new();
    for (keys, want) in [
        ("k", "server"),
        ("jj", "worker"),
        ("G", "holder"),
        ("j", "holder"),
        ("kk", "flush"),
        ("<", "session"),
        ("<", "server"),
        ("<", "server"),
    ] {
        press(&mut view, &frame, keys);
        assert_eq!(selected(&view, &frame), want);
    }
}

#[test]
fn the_selected_one_stays_so_wherever_it_goes_and_then_its_place_does() {
    let mut view = View::new();
    let first = frame(1);
    press(&mut view, &first, "jj");
    let nodes = [
        scope(),
        child(7, "new", 0),
        child(8, "newer", 0),
        child(2, "worker", 0),
        child(9, "newest", 0),
    ];
    let mut history = History::new(at(0), std::time::Duration::ZERO);
    let second = history.take(at(2), look(nodes));
    view.follow(&second);
    assert_eq!(selected(&view, &second), "worker");
    let without = nodes.into_iter().filter(|node| node.id() != id(2));
    let third = history.take(at(3), look(without));
    view.follow(&third);
    assert_eq!(selected(&view, &third), "newest");
    view.follow(&Frame::default());
    assert!(view.lines(&Frame::default()).is_empty());
}

#[test]
fn it_is_left_by_q_and_control_c_also_while_one_types() {
    let frame = frame(1);
    let control_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    let mut view = View::new();
    assert_eq!(view.press(KeyCode::Char('q').into(), &frame), Pressed::Quit);
    press(&mut view, &frame, "/q");
    assert_eq!(view.press(control_c, &frame), Pressed::Quit);
    press(&mut view, &frame, "\x1b?q");
    assert!(!view.has_help, "any key closes the help");
    assert_eq!(view.press(control_c, &frame), Pressed::Quit);
}
