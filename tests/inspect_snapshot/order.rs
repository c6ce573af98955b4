//! The order of nodes, and what is found by it.

use pleach::inspect::{Entry, Inspect, Snapshot};

use crate::{Root, child, id, numbers, scope, snapshot};

#[test]
fn nodes_stand_below_their_parents_whatever_the_order_they_came_in() {
    let in_order = [scope(1), child(2, 1), child(3, 2), child(4, 2), child(5, 1)];
    assert_eq!(numbers(&snapshot(in_order)), [1, 2, 3, 4, 5]);
    // Siblings stay in the order in which they came.
    let backwards = in_order.into_iter().rev();
    assert_eq!(numbers(&snapshot(backwards)), [1, 5, 2, 4, 3]);
}

#[test]
fn an_entry_knows_what_is_above_and_below_it() {
    let taken = snapshot([scope(1), child(2, 1), child(3, 2), child(4, 2), child(5, 1)]);
    let at = |number| taken.get(id(number)).unwrap();
    assert_eq!((at(1).depth(), at(1).below()), (0, 4));
    assert_eq!((at(2).depth(), at(2).below()), (1, 2));
    assert_eq!((at(4).depth(), at(4).below()), (2, 0));
    assert!(at(1).parent().is_none());
    assert_eq!(at(4).parent().unwrap().node().id(), id(2));
    let children = |number| {
        at(number)
            .children()
            .map(|entry| entry.node().id().number())
    };
    assert_eq!(children(1).collect::<Vec<_>>(), [2, 5]);
    assert_eq!(children(2).collect::<Vec<_>>(), [3, 4]);
    assert_eq!(children(5).count(), 0);
}

#[test]
fn an_entry_has_an_index_and_goes_up_and_down_from_there() {
    let taken = snapshot([scope(1), child(2, 1), child(3, 2), child(4, 2), child(5, 1)]);
    for (index, entry) in taken.iter().enumerate() {
        assert_eq!(entry.index(), index);
        assert_eq!(taken.nth(index).unwrap().node(), entry.node());
        assert_eq!(entry.descendants().len(), entry.below());
    }
    assert!(taken.nth(taken.len()).is_none());
    let above = |number| taken.get(id(number)).unwrap().ancestors();
    assert_eq!(above(4).len(), 2);
    assert_eq!(of(above(4)), [2, 1]);
    assert_eq!(of(above(1)), [0; 0]);
    let below = |number| taken.get(id(number)).unwrap().descendants();
    assert_eq!(of(below(1)), [2, 3, 4, 5]);
    assert_eq!(of(below(2).rev()), [4, 3]);
    assert_eq!(of(below(5)), [0; 0]);
}

/// From both ends until these meet, against the iterator of a list.
#[test]
fn entries_are_skipped_as_those_of_a_list_are() {
    let taken = snapshot((0..7).map(scope));
    let list = numbers(&taken);
    for (front, back) in (0..9).flat_map(|front| (0..9).map(move |back| (front, back))) {
        let (mut entries, mut numbers) = (taken.iter(), list.iter().copied());
        let number = |entry: Entry<'_>| entry.node().id().number();
        assert_eq!(entries.nth(front).map(number), numbers.nth(front));
        assert_eq!(entries.nth_back(back).map(number), numbers.nth_back(back));
        assert_eq!(entries.len(), numbers.len());
        assert!(entries.map(number).eq(numbers));
    }
    assert!(taken.iter().nth(usize::MAX).is_none());
    assert!(taken.iter().nth_back(usize::MAX).is_none());
}

fn of<'a>(entries: impl Iterator<Item = Entry<'a>>) -> Vec<usize> {
    entries.map(|entry| entry.node().id().number()).collect()
}

#[test]
fn one_whose_parent_is_missing_stands_at_the_top() {
    let taken = snapshot([scope(1), child(3, 2), child(4, 3)]);
    assert_eq!(numbers(&taken), [1, 3, 4]);
    let orphan = taken.get(id(3)).unwrap();
    assert!(orphan.is_orphan() && orphan.parent().is_none());
    assert!(!taken.get(id(1)).unwrap().is_orphan());
    assert!(!taken.get(id(4)).unwrap().is_orphan());
    assert!(
        taken
            .to_string()
            .contains("child waiting (its parent 0#2 is missing)")
    );
}

#[test]
fn a_ring_of_parents_is_cut_and_nothing_is_lost() {
    let ring = snapshot([child(1, 3), child(2, 1), child(3, 2), child(4, 2), scope(5)]);
    assert_eq!(numbers(&ring), [5, 1, 2, 3, 4]);
    assert_eq!(ring.get(id(3)).unwrap().depth(), 2);
    // Its own parent.
    assert_eq!(numbers(&snapshot([child(1, 1), child(2, 1)])), [1, 2]);
    // What hangs below a ring, and was told before it.
    assert_eq!(
        numbers(&snapshot([child(4, 2), child(1, 2), child(2, 1)])),
        [4, 1, 2]
    );
}

#[test]
fn of_two_with_one_id_the_first_is_the_parent_and_both_are_there() {
    let taken = snapshot([
        scope(1).with_name("a"),
        scope(1).with_name("b"),
        child(2, 1),
    ]);
    assert_eq!(numbers(&taken), [1, 2, 1]);
    assert_eq!(taken.get(id(1)).unwrap().node().name(), Some("a"));
    // So many that they are sorted in another way.
    let many = snapshot((0..200).map(|at| scope(at * 37 % 50).with_polls(at)));
    let first = |number| (0..200).find(|at| at * 37 % 50 == number).unwrap();
    for number in 0..50 {
        assert_eq!(many.get(id(number)).unwrap().node().polls(), first(number));
    }
}

#[test]
fn lookup_finds_each_node_and_no_other() {
    let taken = snapshot((1..100).map(|n| child(2 * n, n)));
    for number in 0..=200 {
        let found = taken.get(id(number)).map(|entry| entry.node().id());
        let is_there = number % 2 == 0 && (2..200).contains(&number);
        assert_eq!(found, is_there.then(|| id(number)), "{number}");
    }
}

#[test]
fn roots_have_ids_of_their_own() {
    let (a, b) = (
        Root::of([scope(1), child(2, 1)]),
        Root::of([scope(1), child(2, 1), child(3, 2)]),
    );
    let taken = Snapshot::of_all([&a as &dyn Inspect, &b]);
    let places = taken
        .iter()
        .map(|entry| (entry.root(), entry.node().id().number(), entry.depth()));
    assert!(places.eq([(0, 1, 0), (0, 2, 1), (1, 1, 0), (1, 2, 1), (1, 3, 2)]));
    assert_eq!(taken.get_in(1, id(2)).unwrap().below(), 1);
    assert_eq!(taken.get_in(0, id(2)).unwrap().below(), 0);
    assert_eq!(taken.get(id(2)).unwrap().root(), 0);
    assert!(taken.get(id(3)).is_none() && taken.get_in(2, id(1)).is_none());
}

#[test]
fn it_is_iterated_from_both_ends() {
    let taken = snapshot((1..=5).map(scope));
    let mut entries = taken.iter();
    assert_eq!(entries.len(), 5);
    assert_eq!(entries.next().unwrap().node().id(), id(1));
    assert_eq!(entries.next_back().unwrap().node().id(), id(5));
    assert_eq!(entries.len(), 3);
    assert_eq!(entries.by_ref().count(), 3);
    assert!(entries.next().is_none() && entries.next_back().is_none());
}

#[test]
fn nothing_makes_an_empty_picture() {
    let taken = Snapshot::of(&Root::default());
    assert!(taken.is_empty() && taken.iter().next().is_none() && taken.get(id(0)).is_none());
    assert_eq!(taken.to_string(), "");
    assert_eq!(taken.json_lines().to_string(), "");
    assert!(taken.svg().to_string().ends_with("</svg>\n"));
    assert!(taken.dot().to_string().ends_with("}\n"));
}

#[test]
fn a_part_has_all_that_is_above_it() {
    let taken = snapshot([scope(1), child(2, 1), child(3, 2), child(4, 1), child(5, 4)]);
    let mut asked = Vec::new();
    let part = taken.only(|entry| {
        asked.push(entry.node().id().number());
        entry.node().id() == id(3)
    });
    assert_eq!(asked, [1, 2, 3, 4, 5]);
    assert_eq!(numbers(&part), [1, 2, 3]);
    assert!(taken.only(|_| false).is_empty());
}
