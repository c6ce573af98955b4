//! Groups: their children, their bodies, and what is run in these.

use std::{
    cell::Cell,
    future::{Future, pending},
    pin::Pin,
};

use pleach::{
    cancel::Phase,
    group::{All, Discard, for_each_limit, group, open},
    inspect::{Inspect, NodeKind, State},
    scope, select,
};

use crate::{
    below, limit, nodes,
    support::{block_on, poll_now, yield_now},
    tree,
};

type Boxed<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

#[test]
fn a_group_hangs_in_a_scope_with_its_children_and_what_they_run() {
    block_on(scope!(named = "top", |s| {
        let child = |n: usize| async move {
            if n == 1 {
                scope!(named = "inner", |inner| {
                    inner.spawn(pending::<()>());
                    pending::<()>().await
                })
                .await;
            }
            pending::<()>().await;
        };
        let all = group((0..3).map(child)).limit(limit(2));
        let here = line!() + 1;
        let all = all.join(All::new());
        let all = all.named("group");
        let look = async {
            yield_now().await;
            assert_eq!(tree(&s), "top[group[1#1 1#2[inner[2#1]]]]");
            let told = below(&s);
            assert_eq!(
                (told[0].kind(), told[0].phase()),
                (NodeKind::Group, Phase::Running)
            );
            assert_eq!(told[0].site().unwrap().line(), here);
            // Without a body it is its children that wait.
            assert_eq!((told[0].state(), told[0].polls()), (State::Waiting, 0));
            // The second was polled again when its scope had woken it.
            for (n, child) in told[1..3].iter().enumerate() {
                assert_eq!(
                    (child.kind(), child.state(), child.polls()),
                    (NodeKind::Child, State::Waiting, n + 1)
                );
                assert_eq!(child.site(), told[0].site());
            }
        };
        select! {
            _ = all => unreachable!(),
            () = look => {}
        }
        assert_eq!(tree(&s), "top");
    }));
}

#[test]
fn the_body_of_a_group_and_its_spawner_see_it_too() {
    let (group, spawner) = open::<Boxed<'_>>();
    let told = Cell::new(0);
    let (driver, results) = group.results();
    let looker = spawner.clone();
    assert_eq!(tree(&looker), "0#0");
    let spawned = spawner.clone();
    let mut running = Box::pin(driver.named("group").run(async {
        for n in 0..3 {
            let spawned = spawned.clone();
            let child: Boxed<'_> = Box::pin(async move {
                if n == 2 {
                    assert_eq!(tree(&spawned), "group[0#1 0#2 0#3]");
                    assert_eq!(below(&spawned)[2].state(), State::Running);
                    return;
                }
                pending::<()>().await;
            });
            spawner.spawn(child).unwrap();
        }
        yield_now().await;
        yield_now().await;
        assert_eq!(tree(&spawner), "group[0#1 0#2]");
        told.set(told.get() + 1);
        assert_eq!(nodes(&spawner)[0].state(), State::Running);
        scope!(named = "scope", |_s| pending::<()>().await).await;
    }));
    for _ in 0..5 {
        assert!(poll_now(running.as_mut()).is_pending());
    }
    assert_eq!((told.get(), nodes(&looker)[0].state()), (1, State::Waiting));
    assert_eq!(tree(&results), "group[0#1 0#2 scope]");
    drop(running);
    assert_eq!(tree(&looker), "group");
    assert_eq!(nodes(&looker)[0].phase(), Phase::Cancelled);
}

#[test]
fn a_place_that_is_used_again_has_nothing_of_its_last_child() {
    block_on(scope!(|s| {
        let most = Cell::new(0);
        for_each_limit(0..100usize, limit(3), |n| {
            let (s, most) = (&s, &most);
            async move {
                for polls in 1..=n % 4 {
                    let mine = below(s).into_iter().find(|node| {
                        node.state() == State::Running && node.kind() == NodeKind::Child
                    });
                    let mine = mine.unwrap();
                    assert_eq!((mine.id().number(), mine.polls()), (n + 1, polls));
                    yield_now().await;
                }
                most.set(most.get().max(s.live()));
            }
        })
        .await;
        assert_eq!((most.get(), s.live()), (1 + 3, 0));
    }));
}

#[test]
fn children_of_a_group_are_gone_with_it() {
    let (group, spawner) = open();
    for _ in 0..40 {
        spawner.spawn(pending::<()>()).unwrap();
    }
    let mut joined = Box::pin(group.join(Discard::new()));
    assert_eq!(spawner.live(), 0, "they are started by the first poll");
    assert!(poll_now(joined.as_mut()).is_pending());
    assert_eq!(below(&spawner).len(), 40);
    drop(joined);
    assert_eq!(spawner.live(), 0);
}
