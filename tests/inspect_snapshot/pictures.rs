//! The pictures, byte for byte: `GOLDEN=overwrite cargo test --features inspect --test inspect_snapshot`
//! writes them anew. Two of them are those of the documentation.

use std::{panic::Location, time::Duration};

use pleach::{
    cancel::Phase,
    inspect::{End, NodeKind, Resource, Snapshot, State, TieKind, Wait, WaitKind},
};
use serde_json::Value;

use crate::{child, golden::compare, numbers, scope, server, snapshot};

#[test]
fn text() {
    let taken = server::snapshot();
    compare("tests/inspect_snapshot/golden/tree.txt", &taken);
    let brief = taken.tree().collapse(3).sites(false).ages(false);
    compare("tests/inspect_snapshot/golden/brief.txt", &brief);
    let ascii = taken.tree().ascii().ids(true).waits(false).depth(2);
    compare("tests/inspect_snapshot/golden/ascii.txt", &ascii);
    compare("tests/inspect_snapshot/golden/odd.txt", server::odd());
}

#[test]
fn graphviz() {
    compare(
        "tests/inspect_snapshot/golden/tree.dot",
        server::snapshot().dot(),
    );
    compare("tests/inspect_snapshot/golden/odd.dot", server::odd().dot());
}

/// So that a ring of those who wait for one another is one in the picture.
#[test]
fn what_is_held_leads_to_who_holds_it() {
    let permits = Resource::new(0x40, None);
    let waits = Wait::new(WaitKind::Acquire, Location::caller(), permits);
    let nodes = [
        scope(0),
        child(1, 0).with_wait(waits),
        child(2, 0)
            .with_tie(TieKind::Holds, 0x40)
            .with_tie(TieKind::Sent, 0x80),
    ];
    let picture = nodes.into_iter().collect::<Snapshot>().dot().to_string();
    for edge in [
        "n1 -> r40 [style=dashed, label=\"acquire\"]",
        "r40 -> n2 [style=dotted, label=\"held by\"]",
    ] {
        assert!(picture.contains(edge), "{picture}");
    }
    assert!(!picture.contains("r80"));
}

#[test]
fn json() {
    compare(
        "tests/inspect_snapshot/golden/tree.jsonl",
        server::snapshot().json_lines(),
    );
    compare(
        "tests/inspect_snapshot/golden/odd.jsonl",
        server::odd().json_lines(),
    );
}

#[test]
fn svg() {
    compare("docs/inspect/tree.svg", server::snapshot().svg());
    compare("tests/inspect_snapshot/golden/odd.svg", server::odd().svg());
    compare("docs/inspect/timeline.svg", server::timeline().svg());
}

#[test]
fn each_line_of_json_says_what_the_node_is() {
    for taken in [server::snapshot(), server::odd()] {
        let text = taken.json_lines().to_string();
        assert_eq!(text.lines().count(), taken.len());
        for (line, entry) in text.lines().zip(&taken) {
            let value: Value = serde_json::from_str(line).unwrap();
            let node = entry.node();
            let text = |value: Option<String>| value.map_or(Value::Null, Value::from);
            assert_eq!(value["id"], text(Some(node.id().to_string())));
            assert_eq!(
                value["parent"],
                text(node.parent().map(|id| id.to_string()))
            );
            assert_eq!(value["name"], text(node.name().map(str::to_owned)));
            assert_eq!(value["site"], text(node.site().map(ToString::to_string)));
            assert_eq!(
                value["cause"],
                text(node.cause().map(|cause| cause.to_string()))
            );
            assert_eq!(value["polls"], node.polls());
            assert_eq!(value["depth"], entry.depth());
            let waits = value["waits"].as_array().unwrap();
            assert_eq!(waits.len(), node.waits().iter().count());
            for (value, wait) in waits.iter().zip(node.waits().iter()) {
                assert_eq!(value["kind"], wait.kind().name());
                assert_eq!(value["site"], wait.site().to_string());
                assert_eq!(
                    value["resource"],
                    format!("{:#x}", wait.resource().address())
                );
            }
        }
    }
}

#[test]
fn the_longest_ages_are_numbers_of_json_all_the_same() {
    let taken = snapshot([scope(0).with_age(Duration::MAX)]);
    let value: Value = serde_json::from_str(&taken.json_lines().to_string()).unwrap();
    assert_eq!(value["age_ms"], u64::MAX);
}

#[test]
fn pictures_in_xml_are_well_formed() {
    for taken in [server::snapshot(), server::odd()] {
        check_xml(&taken.svg().to_string());
    }
    check_xml(&server::timeline().svg().to_string());
    let mut timeline = pleach::inspect::Timeline::new();
    for entry in &server::odd() {
        timeline.row(entry.node());
    }
    check_xml(&timeline.svg().to_string());
}

/// Elements are closed as they were opened, and text is escaped.
fn check_xml(text: &str) {
    let mut open = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        check_text(&rest[..at]);
        let end = rest[at..].find('>').expect("an end of the tag") + at;
        let tag = &rest[at + 1..end];
        check_text(tag);
        rest = &rest[end + 1..];
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name)),
            None if tag.ends_with('/') => {}
            None => open.push(tag.split(' ').next().unwrap()),
        }
    }
    assert_eq!((rest, open), ("\n", Vec::<&str>::new()));
}

fn check_text(text: &str) {
    assert!(!text.contains(['<', '>']), "{text}");
    assert!(
        !text.contains(|c: char| c.is_control() && c != '\n'),
        "{text}"
    );
    for (at, _) in text.match_indices('&') {
        let entity = ["&amp;", "&lt;", "&gt;", "&quot;"];
        assert!(
            entity.iter().any(|entity| text[at..].starts_with(entity)),
            "{text}"
        );
    }
}

#[test]
fn strings_of_graphviz_end_where_they_should() {
    for taken in [server::snapshot(), server::odd()] {
        for line in taken.dot().to_string().lines() {
            let mut is_inside = false;
            let mut chars = line.chars();
            while let Some(c) = chars.next() {
                match c {
                    '"' => is_inside = !is_inside,
                    '\\' => assert!(is_inside && matches!(chars.next(), Some('"' | '\\' | 'n'))),
                    c => assert!(!c.is_control()),
                }
            }
            assert!(!is_inside, "{line}");
        }
    }
}

#[test]
fn text_is_cut_at_a_depth_and_says_so() {
    let taken = snapshot([scope(1), child(2, 1), child(3, 2), child(4, 3), child(5, 1)]);
    assert_eq!(
        taken.tree().depth(1).to_string(),
        "scope waiting\n├── child waiting (+2 below)\n└── child waiting\n"
    );
    assert_eq!(
        taken.tree().depth(0).to_string(),
        "scope waiting (+4 below)\n"
    );
    assert_eq!(
        numbers(&taken).len(),
        taken.tree().depth(9).to_string().lines().count()
    );
}

#[test]
fn siblings_are_one_if_they_and_all_below_them_are_alike() {
    let named = |number, parent, name| child(number, parent).with_name(name);
    let taken = snapshot([
        scope(1),
        named(2, 1, "a"),
        named(3, 2, "b"),
        named(4, 1, "a"),
        named(5, 4, "b"),
        named(6, 1, "a"),
        named(7, 6, "c"),
        named(8, 6, "c"),
        named(9, 1, "a"),
    ]);
    let two = "scope waiting
├── 2*[a waiting]
│   └── b waiting
├── a waiting
│   └── 2*[c waiting]
└── a waiting
";
    assert_eq!(taken.tree().collapse(2).to_string(), two);
    assert_eq!(taken.tree().collapse(0).to_string(), two);
    assert_eq!(taken.tree().collapse(3).to_string(), taken.to_string());
    // The same nodes, one below the other or side by side.
    let shapes = [
        child(2, 1),
        child(3, 2),
        child(4, 3),
        child(5, 1),
        child(6, 5),
        child(7, 5),
    ];
    let taken = snapshot([scope(1)].into_iter().chain(shapes));
    let text = taken.tree().collapse(2).to_string();
    assert!(
        text.starts_with("scope waiting\n├── child waiting\n│   └── child waiting\n"),
        "{text}"
    );
    // Ages and polls may differ.
    let aged = |number, seconds| {
        child(number, 1)
            .with_age(Duration::from_secs(seconds))
            .with_polls(number)
    };
    let taken = snapshot([scope(1), aged(2, 9), aged(3, 8)]);
    let text = taken.tree().collapse(2).to_string();
    assert_eq!(text, "scope waiting\n└── 2*[child waiting, 9s old]\n");
}

#[test]
fn ages_are_said_as_people_say_them() {
    let cases = [
        (0, 0, "0s"),
        (0, 999, "999ns"),
        (0, 35_000, "35us"),
        (0, 999_999_999, "999ms"),
        (1, 0, "1s"),
        (1, 99_999_999, "1s"),
        (3, 250_000_000, "3.2s"),
        (59, 999_000_000, "59s"),
        (60, 0, "1m"),
        (303, 0, "5m 3s"),
        (3599, 0, "59m 59s"),
        (7_500, 0, "2h 5m"),
        (86_399, 0, "23h 59m"),
        (86_400, 0, "1d"),
        (273_600, 0, "3d 4h"),
    ];
    for (seconds, nanos, said) in cases {
        let taken = snapshot([scope(0).with_age(Duration::new(seconds, nanos))]);
        assert_eq!(taken.to_string(), format!("scope waiting, {said} old\n"));
    }
}

/// Each line of the tree is its node's text, after the guides, and that has its waits' texts at the end.
#[test]
fn a_node_says_of_itself_what_the_tree_says() {
    let mut waits_seen = 0;
    for taken in [server::snapshot(), server::odd()] {
        let text = taken.to_string();
        assert_eq!(text.lines().count(), taken.len());
        for (line, entry) in text.lines().zip(&taken) {
            let node = entry.node();
            let said = node.to_string();
            let orphan = match entry.parent() {
                None => node
                    .parent()
                    .map(|id| format!(" (its parent {id} is missing)")),
                Some(_) => None,
            };
            let line = line.strip_suffix(&*orphan.unwrap_or_default()).unwrap();
            assert_eq!(line.trim_start_matches(['│', '├', '└', '─', ' ']), said);
            let waits: Vec<_> = node.waits().iter().map(Wait::to_string).collect();
            if node.waits().more() == 0 && !waits.is_empty() {
                assert!(said.ends_with(&format!(": {}", waits.join("; "))), "{said}");
                waits_seen += 1;
            }
        }
    }
    assert!(waits_seen > 0);
}

/// Whatever a reader may take for the end of a line.
#[test]
fn no_name_ends_a_line() {
    const ENDS: [char; 7] = [
        '\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}',
    ];
    let name = "\n \r \u{b} \u{c} \u{85} \u{2028} \u{2029}";
    let taken = snapshot([scope(0).with_name(name)]);
    let said = r"\u000a \u000d \u000b \u000c \u0085 \u2028 \u2029";
    let json = taken.json_lines().to_string();
    let (line, tree) = (taken.nth(0).unwrap().node().to_string(), taken.to_string());
    for text in [
        &*line,
        tree.trim_end_matches('\n'),
        json.trim_end_matches('\n'),
    ] {
        assert!(text.contains(said) && !text.contains(ENDS), "{text}");
    }
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["name"], name);
}

#[test]
fn names_are_as_wide_as_they_should_be() {
    assert_eq!(format!("{:>8}|", State::Ready), "   ready|");
    assert_eq!(format!("{:<7}|", NodeKind::Group), "group  |");
    assert_eq!(format!("{:<5}|", WaitKind::Recv), "recv |");
    assert_eq!(format!("{:<10}|", End::Completed), "completed |");
    assert_eq!(
        format!("{:.4}|{}", Phase::Stopping, Phase::Cancelled),
        "stop|cancelled"
    );
}
