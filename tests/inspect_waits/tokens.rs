//! Trees of tokens, looked at.

use std::{
    cell::RefCell,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
};

use pleach::{
    CancelToken,
    cancel::{CauseKind, Child, Phase, Root, Token},
    inspect::{Inspect, Node, NodeKind, WaitKind},
    scope,
};

use crate::{
    line, look,
    support::{block_on, leak, yield_now},
    wait_of,
};

/// All that is told. Parents come first, and nobody is told twice.
fn nodes(token: &Token) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::new();
    token.visit(&mut |node| {
        let known = |id| nodes.iter().any(|node| node.id() == id);
        assert!(!known(node.id()));
        assert_eq!(
            node.parent().map(known),
            (!nodes.is_empty()).then_some(true)
        );
        assert_eq!(node.kind(), NodeKind::Token);
        nodes.push(*node);
    });
    assert_eq!(token.live(), nodes.len() - 1);
    nodes
}

/// The tree by names, `?` for none; in brackets what is below one, newest first.
fn tree(token: &Token) -> String {
    fn write(nodes: &[Node], at: &Node, to: &mut String) {
        to.push_str(at.name().unwrap_or("?"));
        let below = nodes.iter().filter(|node| node.parent() == Some(at.id()));
        let below: Vec<_> = below.collect();
        if !below.is_empty() {
            to.push('[');
            for (n, node) in below.iter().enumerate() {
                to.push_str(if n > 0 { " " } else { "" });
                write(nodes, node, to);
            }
            to.push(']');
        }
    }
    let nodes = nodes(token);
    let mut text = String::new();
    write(&nodes, &nodes[0], &mut text);
    text
}

fn named(token: CancelToken, name: &'static str) -> CancelToken {
    token.named(name);
    token
}

#[test]
fn a_tree_is_told_as_it_is() {
    let root = named(CancelToken::new(), "root");
    assert_eq!(tree(&root), "root");
    let a = named(root.child(), "a");
    let b = named(root.child(), "b");
    let below = [named(b.child(), "b1"), named(b.child(), "b2")];
    assert_eq!(tree(&root), "root[b[b2 b1] a]");
    assert_eq!(tree(&b), "b[b2 b1]", "from there down");
    assert_eq!(tree(&below[0]), "b1");
    // Nobody holds it, and it is there for those below.
    drop(b);
    assert_eq!(tree(&root), "root[b[b2 b1] a]");
    let [_first, second] = below;
    drop(second);
    assert_eq!(tree(&root), "root[b1 a]");
    drop(a);
    assert_eq!(tree(&root), "root[b1]");
}

#[test]
fn a_token_says_what_it_is() {
    let (root, at) = (CancelToken::new(), line!());
    let (child, child_at) = (root.child(), line!());
    let other = child.clone();
    let mut wait = pin!(child.cancelled());
    assert!(crate::support::poll_now(wait.as_mut()).is_pending());
    let before = nodes(&root);
    let [top, below] = &before[..] else {
        panic!("{before:?}")
    };
    assert_eq!(line(top.site().unwrap()), at);
    assert_eq!(line(below.site().unwrap()), child_at);
    assert_eq!((top.handles(), top.waiters()), (1, 0));
    assert_eq!((below.handles(), below.waiters()), (2, 1));
    assert_eq!((below.phase(), below.cause()), (Phase::Running, None));
    root.stop(CauseKind::Shutdown);
    other.cancel();
    let after = nodes(&root);
    assert_eq!(after[0].id(), before[0].id());
    assert_eq!(after[0].phase(), Phase::Stopping);
    assert_eq!(after[1].phase(), Phase::Cancelled);
    assert_eq!(after[1].cause().unwrap().kind(), CauseKind::Shutdown);
    assert_eq!(after[1].waiters(), 0);
}

#[test]
fn islands_are_gone_through_where_their_first_parent_is() {
    let root = named(CancelToken::new(), "root");
    let a = named(root.child(), "a");
    let b = named(root.child(), "b");
    let island = named(a.child_island(), "island");
    let inner = named(island.child(), "inner");
    let deep = named(inner.child_island(), "deep");
    let both = named(CancelToken::any_of(&[&b, &deep]), "both");
    assert_eq!(tree(&root), "root[b[both] a[island[inner[deep]]]]");
    assert_eq!(tree(&island), "island[inner[deep]]");
    let found = nodes(&root);
    let handles: Vec<_> = found.iter().map(Node::handles).collect();
    assert_eq!(handles, [1; 7], "the visit's own are not told");
    // Its handle is gone, and others hang in it.
    drop((island, both));
    assert_eq!(tree(&root), "root[b a[island[inner[deep]]]]");
    drop((inner, deep));
    assert_eq!(tree(&root), "root[b a]");
}

#[test]
fn islands_may_lie_in_one_another_without_end() {
    let root = CancelToken::new();
    let mut islands = vec![root.clone()];
    for _ in 0..5_000 {
        let next = islands.last().unwrap().child_island();
        islands.push(next);
    }
    let mut seen = 0_usize;
    root.visit(&mut |_| seen += 1);
    assert_eq!(seen, 5_001);
    // The innermost first: each is the end of one.
    while islands.pop().is_some() {}
    assert_eq!(tree(&root), "?");
}

#[test]
fn pinned_tokens_and_statics_are_told_too() {
    static ROOT: Root = Root::new();
    ROOT.token().named("static");
    let mut pinned = pin!(Child::new());
    let pinned_token = pinned.as_mut().attach(ROOT.token());
    pinned_token.named("pinned");
    let below = [
        named(pinned_token.child(), "1"),
        named(pinned_token.child(), "2"),
    ];
    assert_eq!(tree(ROOT.token()), "static[pinned[2 1]]");
    pinned.as_mut().detach();
    assert_eq!(tree(ROOT.token()).len(), "static[1 2]".len());
    drop(below);
    assert_eq!(tree(ROOT.token()), "static");
}

/// Whoever is told may do whatever it likes with the tree.
#[test]
fn the_tree_may_change_while_it_is_told() {
    let root = CancelToken::new();
    let islands: Vec<_> = (0..40).map(|_| root.child_island()).collect();
    let leaves: Vec<_> = islands.iter().map(|island| island.child()).collect();
    let held = RefCell::new((islands, leaves));
    let mut told = 0;
    root.visit(&mut |_| {
        told += 1;
        let mut held = held.borrow_mut();
        // Those that are under way, too.
        held.0.pop();
        held.1.pop();
        drop(root.child());
        root.visit(&mut |_| {});
        root.cancel();
    });
    assert!(told > 1);
    assert_eq!(nodes(&root).len(), 1 + 2 * held.borrow().0.len());
}

#[test]
fn a_panic_while_it_is_told_leaves_nothing_behind() {
    let root = CancelToken::new();
    let islands = [root.child_island(), root.child_island()];
    let inner = islands[0].child_island();
    for at in 0..4 {
        let mut told = 0;
        let visit = || {
            root.visit(&mut |_| {
                assert_ne!(told, at, "enough");
                told += 1;
            })
        };
        catch_unwind(AssertUnwindSafe(visit)).unwrap_err();
    }
    assert_eq!(nodes(&root).iter().map(Node::handles).max(), Some(1));
    drop((inner, islands));
    assert_eq!(tree(&root), "?");
}

/// Who waits at a token is found to wait for what is told of it.
#[test]
fn a_wait_leads_to_the_token() {
    let token: &CancelToken = leak(CancelToken::new());
    let child = token.child();
    block_on(scope!(|s| {
        let waits = s.spawn(async { child.cancelled().await });
        yield_now().await;
        let wait = wait_of(&s, waits.id());
        assert_eq!(wait.kind(), WaitKind::Token);
        let found = nodes(token);
        assert_eq!(wait.resource().address(), found[1].address());
        assert_ne!(found[0].address(), found[1].address());
        assert_eq!(look(&s, waits.id()).handles(), 0);
        token.cancel();
    }));
}

#[test]
fn a_scope_tells_which_token_is_its_own() {
    let root = CancelToken::new();
    let (_other, token) = (root.child(), root.child());
    let id = nodes(&token)[0].id();
    assert!(nodes(&root).iter().any(|node| node.id() == id));
    let of = |s: &scope::Scope<'_>| {
        let mut told = None;
        s.visit(&mut |node| told = told.or(node.token()));
        told
    };
    block_on(scope!(token = &token, |s| {
        let own = nodes(&s.token())[0].id();
        assert_eq!(of(&s), Some(own));
        assert!(nodes(&root).iter().any(|node| node.id() == own));
    }));
    block_on(scope!(|s| {
        assert_eq!(of(&s), None);
        let own = nodes(&s.token())[0].id();
        assert_eq!(of(&s), Some(own));
    }));
}

#[test]
fn the_token_of_a_scope_was_made_where_the_scope_was_given_it_or_asked_for_it() {
    let server = CancelToken::new();
    block_on(async {
        let opened = line!() + 1;
        scope!(token = &server, |s| {
            let told = nodes(&server);
            let site = told[1].site().unwrap();
            assert_eq!((site.file(), site.line()), (file!(), opened));
            drop(s);
        })
        .await;
        scope!(|s| {
            let asked = line!() + 1;
            let token = s.token();
            let told = nodes(&token);
            let site = told[0].site().unwrap();
            assert_eq!((site.file(), site.line()), (file!(), asked));
        })
        .await;
    });
}
