//! Scopes in scopes: what hangs where, and what becomes of it when they end, are moved, or forgotten.

use std::{
    future::{Future, pending, ready},
    pin::Pin,
    sync::{Arc, Mutex},
    task::Poll,
    thread,
};

use pleach::{
    Event, Scope,
    inspect::{Inspect, NodeKind},
    join::join,
    local_scope, scope, select, try_scope,
};

use crate::{
    below, nodes, panics,
    support::{block_on, leak, poll_now, poll_with, yield_now},
    tree,
};

type Boxed<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// The names of what is told below the first, where parents have gone.
fn orphans(it: &impl Inspect) -> Vec<&'static str> {
    let mut told = Vec::new();
    it.visit(&mut |node| told.extend(node.parent().and(node.name())));
    assert_eq!(told.len(), it.live());
    told
}

/// A scope of that name, with a child, that waits.
fn stays<'a>(name: &'static str) -> impl Future<Output = ()> + Send + 'a {
    let (driver, s) = scope::scope();
    s.spawn(pending::<()>()).named("stays");
    driver.named(name).run(pending())
}

#[test]
fn a_scope_hangs_below_the_child_or_the_body_that_runs_it() {
    block_on(scope!(named = "top", |s| {
        assert_eq!(tree(&s), "top");
        let child = s.spawn(async { stays("in child").await }).named("child");
        let body = local_scope!(named = "in body", |inner| {
            yield_now().await;
            inner.spawn(pending::<()>()).named("waits");
            yield_now().await;
            assert_eq!(tree(&s), "top[child[in child[stays]] in body[waits]]");
            // The same from within: that is where it begins.
            assert_eq!(tree(&inner), "in body[waits]");
            assert_eq!(nodes(&inner)[0].parent(), None);
            child.abort();
            yield_now().await;
            assert_eq!(tree(&s), "top[in body[waits]]");
        });
        select! {
            () = body => {}
            () = async { for _ in 0..5 { yield_now().await } } => {}
        }
        assert_eq!(tree(&s), "top");
    }));
}

#[test]
fn it_goes_down_as_far_as_there_are_scopes() {
    fn nest<'a>(top: Scope<'a>, depth: usize) -> Boxed<'a> {
        Box::pin(async move {
            if depth == 0 {
                let told = nodes(&top);
                assert_eq!(told.len(), 2 + 2 * 100);
                assert_eq!(told[200].kind(), NodeKind::Scope);
                assert_eq!(told[201].kind(), NodeKind::Child);
                return;
            }
            scope!(|s| {
                let next = s.spawn(nest(top.clone(), depth - 1));
                let _ = next.await;
            })
            .await;
        })
    }
    let (driver, s) = scope::scope();
    block_on(driver.run(async {
        s.spawn(nest(s.clone(), 100)).await.unwrap();
        // The child that waits is there until it is retired.
        yield_now().await;
        assert_eq!(tree(&s), "0#0");
    }));
}

#[test]
fn what_comes_and_goes_gets_numbers_that_are_not_used_again() {
    block_on(scope!(named = "top", |s| {
        for n in 1..4 {
            scope!(|inner| {
                yield_now().await;
                assert_eq!(tree(&s), format!("top[{n}#0]"));
                assert_eq!(nodes(&inner)[0].id().to_string(), format!("{n}#0"));
            })
            .await;
        }
    }));
}

#[test]
fn combinators_hand_the_waker_on() {
    block_on(scope!(named = "top", |s| {
        let look = async {
            yield_now().await;
            yield_now().await;
            assert_eq!(tree(&s), "top[a[stays] b[stays]]");
        };
        select! {
            _ = join((stays("a"), stays("b"))) => unreachable!(),
            () = look => {}
        }
    }));
}

#[test]
fn a_scope_that_is_moved_to_another_child_hangs_there_with_all_below() {
    let moved: Mutex<Option<Boxed<'_>>> = Mutex::new(Some(Box::pin(stays("moved"))));
    let (driver, s) = scope::scope();
    let mut running = Box::pin(driver.named("top").run(async {
        for name in ["first", "second", "third"] {
            let child = s.spawn(async {
                let mut it = moved.lock().unwrap().take().unwrap();
                for _ in 0..3 {
                    assert!(poll_once(&mut it).await.is_pending());
                }
                *moved.lock().unwrap() = Some(it);
                pending::<()>().await;
            });
            child.named(name);
            yield_now().await;
            yield_now().await;
            assert!(
                tree(&s).ends_with(&format!("{name}[moved[stays]]]")),
                "{}",
                tree(&s)
            );
        }
        pending::<()>().await;
    }));
    for _ in 0..8 {
        assert!(poll_now(running.as_mut()).is_pending());
    }
    assert_eq!(tree(&s), "top[first second third[moved[stays]]]");
    drop(running);
    assert_eq!(orphans(&s), ["moved", "stays"], "its parent is gone");
    drop(moved.lock().unwrap().take());
    assert_eq!(tree(&s), "top");
}

#[test]
fn what_is_moved_meanwhile_hides_nobody_and_nobody_is_told_twice() {
    let moved: Mutex<Option<Boxed<'_>>> = Mutex::new(Some(Box::pin(stays("moved"))));
    let event = Event::new();
    let (driver, s) = scope::scope();
    let host = async |is_called: bool| {
        if is_called {
            event.wait().await;
        }
        let mut it = moved.lock().unwrap().take().unwrap();
        assert!(poll_once(&mut it).await.is_pending());
        *moved.lock().unwrap() = Some(it);
        pending::<()>().await;
    };
    s.spawn(host(false)).named("first");
    s.spawn(stays("second")).named("b");
    s.spawn(async {
        let (driver, s) = scope::scope();
        s.spawn(host(true)).named("last");
        driver.named("third").run(pending::<()>()).await;
    })
    .named("c");
    let mut running = Box::pin(driver.named("top").run(pending::<()>()));
    for _ in 0..3 {
        assert!(poll_now(running.as_mut()).is_pending());
    }
    assert_eq!(
        tree(&s),
        "top[first[moved[stays]] b[second[stays]] c[third[last]]]"
    );
    let mut told = Vec::new();
    s.visit(&mut |node| {
        told.push(node.name().unwrap());
        // The walk stands in what is moved now.
        if node.name() == Some("moved") {
            event.set();
            for _ in 0..3 {
                assert!(poll_now(running.as_mut()).is_pending());
            }
        }
    });
    told.sort_unstable();
    assert_eq!(
        told,
        [
            "b", "c", "first", "last", "moved", "second", "stays", "stays", "third", "top"
        ]
    );
}

/// Polls once, with the waker of whoever awaits it.
async fn poll_once(it: &mut Boxed<'_>) -> Poll<()> {
    std::future::poll_fn(|cx| Poll::Ready(it.as_mut().poll(cx))).await
}

#[test]
fn a_scope_whose_parents_end_hangs_below_what_is_left_of_them() {
    let kept: Mutex<Option<Boxed<'_>>> = Mutex::new(None);
    let end = Event::new();
    block_on(scope!(named = "top", |s| {
        let child = s.spawn(async {
            scope!(named = "between", |_inner| {
                let mut it: Boxed<'_> = Box::pin(stays("kept"));
                assert!(poll_once(&mut it).await.is_pending());
                *kept.lock().unwrap() = Some(it);
                end.wait().await;
            })
            .await;
            pending::<()>().await;
        });
        let child = child.named("child");
        yield_now().await;
        yield_now().await;
        assert_eq!(tree(&s), "top[child[between[kept[stays]]]]");
        end.set();
        yield_now().await;
        assert_eq!(tree(&s), "top[child[kept[stays]]]");
        child.abort();
        yield_now().await;
        assert_eq!(orphans(&s), ["kept", "stays"], "its parent is gone");
        drop(kept.lock().unwrap().take());
        assert_eq!(tree(&s), "top");
    }));
}

#[test]
fn a_scope_that_is_forgotten_stays() {
    let (driver, s) = scope::scope();
    block_on(driver.named("top").run(async {
        let mut it = Box::pin(stays("forgotten"));
        assert!(poll_once_pinned(it.as_mut()).await.is_pending());
        leak(it);
        assert_eq!(tree(&s), "top[forgotten[stays]]");
    }));
    assert_eq!(tree(&s), "top[forgotten[stays]]");
}

async fn poll_once_pinned(mut it: Pin<&mut (impl Future<Output = ()> + ?Sized)>) -> Poll<()> {
    std::future::poll_fn(|cx| Poll::Ready(it.as_mut().poll(cx))).await
}

#[test]
fn a_scope_that_was_polled_by_somebody_else_first_is_one_of_its_own() {
    let mut it: Boxed<'_> = Box::pin(stays("own"));
    assert!(poll_now(it.as_mut()).is_pending());
    block_on(scope!(named = "top", |s| {
        assert!(poll_once(&mut it).await.is_pending());
        assert_eq!(tree(&s), "top");
    }));
}

#[test]
fn a_scope_of_one_tree_that_is_polled_in_another_stays_where_it_is() {
    let it: Mutex<Option<Boxed<'_>>> = Mutex::new(Some(Box::pin(stays("first here"))));
    let (driver, first) = scope::scope();
    let mut one = Box::pin(driver.named("one").run(async {
        let mut taken = it.lock().unwrap().take().unwrap();
        assert!(poll_once(&mut taken).await.is_pending());
        *it.lock().unwrap() = Some(taken);
        pending::<()>().await;
    }));
    assert!(poll_now(one.as_mut()).is_pending());
    block_on(scope!(named = "two", |s| {
        let mut taken = it.lock().unwrap().take().unwrap();
        assert!(poll_once(&mut taken).await.is_pending());
        assert_eq!(tree(&s), "two");
        assert_eq!(tree(&first), "one[first here[stays]]");
        *it.lock().unwrap() = Some(taken);
    }));
    drop(one);
    assert_eq!(tree(&first), "one[first here[stays]]");
    drop(it.lock().unwrap().take());
    assert_eq!(tree(&first), "one");
}

#[test]
fn a_panic_and_an_error_leave_nothing_behind() {
    let (driver, s) = scope::scope();
    let mut running = Box::pin(driver.named("top").run(async {
        let failed: Result<(), _> = try_scope!(|inner| {
            inner.spawn(stays("below"));
            inner.spawn_try(async {
                yield_now().await;
                yield_now().await;
                assert_eq!(below(&s).len(), 5);
                Err::<(), _>("failed")
            });
            pending().await
        })
        .await;
        assert_eq!((failed, tree(&s)), (Err("failed"), "top".into()));
        scope!(|inner| {
            inner.spawn(stays("below"));
            inner.spawn(async {
                yield_now().await;
                panic!("panicked")
            });
        })
        .await;
    }));
    let panic = panics(|| while poll_now(running.as_mut()).is_pending() {});
    assert_eq!(panic, "panicked");
    assert_eq!(tree(&s), "top");
}

#[test]
fn it_is_looked_at_from_threads_while_scopes_come_and_go() {
    let (driver, s) = scope::scope();
    let done = Arc::new(std::sync::atomic::AtomicBool::new(false));
    thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| {
                let mut most = 0;
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    let mut told = std::collections::BTreeSet::new();
                    s.visit(&mut |node| assert!(told.insert(node.id()), "{} twice", node.id()));
                    most = most.max(told.len());
                    assert!(s.live() <= 1 + 3 * 20);
                }
                most
            });
        }
        block_on(driver.run(async {
            for _ in 0..300 {
                scope!(|outer| {
                    for _ in 0..20 {
                        outer.spawn(scope!(|inner| {
                            inner.spawn(yield_now());
                            yield_now().await;
                        }));
                    }
                })
                .await;
            }
        }));
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    assert_eq!(nodes(&s).len(), 1);
}

#[test]
fn whoever_looks_may_drop_what_is_looked_at() {
    let (driver, s) = scope::scope();
    let mut running = Some(Box::pin(driver.named("top").run(async {
        for _ in 0..3 {
            s.spawn(stays("nested"));
        }
        pending::<()>().await;
    })));
    for _ in 0..2 {
        assert!(poll_now(running.as_mut().unwrap().as_mut()).is_pending());
    }
    let mut told = Vec::new();
    {
        s.visit(&mut |node| {
            told.push(node.id().to_string());
            if node.name() == Some("nested") {
                running = None;
            }
        });
    }
    // The children of the top and the first of the scopes were there; then nothing was.
    assert_eq!(told, ["0#0", "0#1", "0#2", "0#3", "1#0"]);
    block_on(ready(()));
}

#[test]
fn a_scope_that_is_polled_with_a_waker_from_within_it_stays_where_it_is() {
    let kept = Mutex::new(None);
    block_on(scope!(named = "top", |s| {
        let innermost = || async {
            std::future::poll_fn(|cx| {
                kept.lock().unwrap().get_or_insert(cx.waker().clone());
                Poll::<()>::Pending
            })
            .await;
        };
        let mut outer: Boxed<'_> = Box::pin(scope!(named = "outer", |outer| {
            outer.spawn(scope!(named = "inner", |inner| {
                inner.spawn(innermost()).named("innermost");
            }));
        }));
        for _ in 0..4 {
            assert!(poll_once(&mut outer).await.is_pending());
        }
        let shape = "top[outer[1#1[inner[innermost]]]]";
        assert_eq!(tree(&s), shape);
        let waker = kept.lock().unwrap().take().unwrap();
        assert!(poll_with(outer.as_mut(), &waker).is_pending());
        assert_eq!(tree(&s), shape);
        drop(outer);
        assert_eq!(tree(&s), "top");
    }));
}
