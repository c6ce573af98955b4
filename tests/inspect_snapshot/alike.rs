//! Siblings that are drawn as one, beside a simple way to find these.

use std::{fmt::Write, panic::Location};

use pleach::inspect::{Node, Resource, Snapshot, State, Wait, WaitKind};

use crate::{child, id, rng::Rng, scope, snapshot};

const SIBLINGS: usize = 100_000;
/// So many are alike in one row of them.
const ROW: usize = 20_000;

/// A child of the scope, and what hangs below it.
#[derive(Clone)]
struct Family {
    head: Node,
    below: Vec<Node>,
    /// What makes it another one, as text.
    key: String,
}

/// So few kinds that two in a row are often alike, and so many that often they are not.
fn family(rng: &mut Rng) -> Family {
    let node = |rng: &mut Rng, parent| {
        let name = ["a", "b"][rng.below(2) as usize];
        let state = [State::Waiting, State::Waiting, State::Ready][rng.below(3) as usize];
        let node = child(0, parent).with_name(name).with_state(state);
        (0..rng.below(5)).fold(node, |node, _| node.with_wait(wait(rng)))
    };
    let head = node(rng, 0);
    let below: Vec<_> = (0..rng.below(2)).map(|_| node(rng, 0)).collect();
    let nodes = [head].into_iter().chain(below.iter().copied());
    let key = nodes.map(key).collect();
    Family { head, below, key }
}

fn wait(rng: &mut Rng) -> Wait {
    let (kind, made) = match rng.below(3) {
        0 => (WaitKind::Sleep, None),
        1 => (WaitKind::Recv, None),
        _ => (WaitKind::Recv, Some(Location::caller())),
    };
    Wait::new(kind, Location::caller(), Resource::new(1, made))
}

fn key(node: Node) -> String {
    let mut waits: Vec<_> = node.waits().iter().map(ToString::to_string).collect();
    waits.sort();
    let (name, state) = (node.name().unwrap(), node.state());
    format!("{name} {state} {waits:?} {}\n", node.waits().more())
}

fn taken(families: &[Family]) -> Snapshot {
    let mut nodes = vec![scope(0)];
    for Family { head, below, .. } in families {
        let number = nodes.len();
        nodes.push(numbered(head, number, 0));
        for node in below {
            nodes.push(numbered(node, nodes.len(), number));
        }
    }
    snapshot(nodes)
}

/// The same of this number: an id is not to be changed.
fn numbered(node: &Node, number: usize, parent: usize) -> Node {
    let numbered = child(number, parent)
        .with_name(node.name().unwrap())
        .with_state(node.state());
    let noted = node
        .waits()
        .iter()
        .fold(numbered, |node, wait| node.with_wait(*wait));
    // Which ones there are beyond these is not known, so any will do.
    let any = node.waits().iter().next();
    (0..node.waits().more()).fold(noted, |node, _| node.with_wait(*any.unwrap()))
}

/// The tree with these siblings, made the simple way.
fn text(families: &[Family], least: usize) -> String {
    let mut drawn = Vec::new();
    for row in families.chunk_by(|a, b| a.key == b.key) {
        match row.len() {
            count if count >= least => drawn.push((count, &row[0])),
            _ => drawn.extend(row.iter().map(|family| (1, family))),
        }
    }
    let mut text = "scope waiting\n".to_owned();
    for (at, (count, Family { head, below, .. })) in drawn.iter().enumerate() {
        let (branch, along) = match at + 1 == drawn.len() {
            true => ("└── ", "    "),
            false => ("├── ", "│   "),
        };
        match count {
            1 => writeln!(text, "{branch}{head}").unwrap(),
            count => writeln!(text, "{branch}{count}*[{head}]").unwrap(),
        }
        for node in below {
            writeln!(text, "{along}└── {node}").unwrap();
        }
    }
    text
}

#[test]
fn a_hundred_thousand_siblings_of_many_kinds_are_drawn_as_the_simple_way_does() {
    let mut rng = Rng::new(7);
    let mut families: Vec<_> = (0..SIBLINGS - ROW).map(|_| family(&mut rng)).collect();
    // Rows of two to four of a kind, and a long one.
    for at in 0..families.len() / 2 {
        if rng.one_in(2) {
            families[2 * at + 1] = families[2 * at].clone();
        }
    }
    let middle = families.len() / 2;
    let one = families[middle].clone();
    families.splice(middle..middle, vec![one; ROW]);
    let taken = taken(&families);
    assert_eq!(taken.get(id(0)).unwrap().children().count(), SIBLINGS);
    for least in [2, ROW, 2 * ROW] {
        let drawn = taken.tree().collapse(least).to_string();
        assert!(drawn == text(&families, least), "from {least} on");
        let lines = drawn.lines().filter(|line| line.contains("*[")).count();
        match least {
            2 => assert!(lines > 10_000, "{lines}"),
            ROW => assert_eq!(lines, 1),
            _ => assert_eq!(lines, 0),
        }
    }
}

/// What is noted of one poll comes in the order in which it was polled, and that may be by chance.
#[test]
fn waits_are_alike_in_whatever_order_they_were_begun() {
    let at = Location::caller();
    let wait = |kind| Wait::new(kind, at, Resource::new(1, None));
    let [recv, sleep] = [WaitKind::Recv, WaitKind::Sleep].map(wait);
    let rows = |first: &[Wait], second: &[Wait]| {
        let with = |number, waits: &[Wait]| {
            let node = child(number, 0);
            waits.iter().fold(node, |node, wait| node.with_wait(*wait))
        };
        let taken = snapshot([scope(0), with(1, first), with(2, second)]);
        taken.tree().collapse(2).to_string().lines().count() - 1
    };
    assert_eq!(rows(&[recv, sleep], &[sleep, recv]), 1);
    assert_eq!(rows(&[recv, sleep, recv], &[recv, recv, sleep]), 1);
    assert_eq!(rows(&[recv, recv, sleep], &[recv, sleep, sleep]), 2);
    assert_eq!(rows(&[recv], &[recv, recv]), 2);
    assert_eq!(rows(&[recv], &[sleep]), 2);
    let beyond = [recv, sleep, recv, sleep];
    assert_eq!(rows(&beyond, &beyond[..3]), 2, "how many there are beyond");
}

/// What one line says of itself the other does not: so they are not drawn the same.
#[test]
fn one_whose_parent_is_missing_is_not_like_one_that_has_none() {
    let taken = snapshot([child(1, 1).with_name("a"), child(2, 7).with_name("a")]);
    let alone = snapshot([
        scope(1).with_name("a"),
        scope(2).with_name("a").with_parent(id(7)),
    ]);
    for taken in [taken, alone] {
        let drawn = taken.tree().collapse(2).to_string();
        assert!(drawn.contains("(its parent 0#7 is missing)"), "{drawn}");
    }
}
