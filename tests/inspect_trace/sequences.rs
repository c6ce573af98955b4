//! Which events there are, in which order: exactly.

use std::{
    future::{Future, pending, poll_fn, ready},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    task::Poll,
};

use pleach::{
    block_on, channel,
    group::{self, All, group},
    local_scope, oneshot, scope, try_scope,
};

use crate::{
    Log,
    support::{poll_now, yield_now},
};

#[test]
fn a_child_that_is_ready_is_polled_once() {
    let log = Log::default();
    block_on(scope!(observe = log.clone(), |s| {
        s.spawn(async {});
    }));
    assert_eq!(
        log.take(),
        [
            "0#0 +",
            "0#0 (",
            "0#1 +",
            "0#0 )",
            "0#1 (",
            "0#1 )",
            "0#1 - completed",
            "0#0 - completed"
        ]
    );
}

#[test]
fn one_that_yields_is_woken_in_its_poll() {
    let log = Log::default();
    block_on(scope!(observe = log.clone(), |s| {
        s.spawn(yield_now());
    }));
    assert_eq!(
        log.take_of("0#1"),
        ["+", "(", "!", ")", "(", ")", "- completed"]
    );
}

#[test]
fn a_name_is_told_and_goes_with_all_later_events() {
    let log = Log::default();
    block_on(scope!(named = "outer", observe = log.clone(), |s| {
        s.spawn(async {}).named("inner");
    }));
    assert_eq!(
        log.take(),
        [
            "outer +",
            "outer (",
            "0#1 +",
            "inner named",
            "outer )",
            "inner (",
            "inner )",
            "inner - completed",
            "outer - completed"
        ]
    );
}

#[test]
fn an_aborted_child_ends_as_that_started_or_not() {
    let log = Log::default();
    block_on(scope!(observe = log.clone(), |s| {
        let started = s.spawn(pending::<()>());
        yield_now().await;
        started.abort();
        s.spawn(pending::<()>()).abort();
    }));
    let lines = log.take();
    let of = |who: &str| -> Vec<&str> {
        lines
            .iter()
            .filter_map(|line| line.strip_prefix(who))
            .collect()
    };
    assert_eq!(of("0#1 "), ["+", "(", ")", "- aborted"]);
    assert_eq!(of("0#2 "), ["+", "- aborted"]);
    assert_eq!(of("0#0 ").last(), Some(&"- completed"));
}

#[test]
fn a_panic_ends_the_child_the_scope_and_drops_the_others() {
    let log = Log::default();
    let run = || {
        block_on(scope!(observe = log.clone(), |s| {
            s.spawn(pending::<()>());
            s.spawn(async { panic!("of the child") });
            s.spawn(pending::<()>());
        }));
    };
    assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
    assert_eq!(
        log.take().split_off(6),
        [
            "0#1 (",
            "0#1 )",
            "0#2 (",
            "0#2 )",
            "0#3 - unstarted",
            "0#2 - panicked",
            "0#1 - dropped",
            "0#0 - panicked"
        ]
    );
}

#[test]
fn an_error_breaks_the_scope_and_so_does_that_of_the_body() {
    let log = Log::default();
    let result: Result<(), i32> = block_on(try_scope!(observe = log.clone(), |s| -> i32 {
        s.spawn_try(pending::<Result<(), i32>>());
        s.spawn_try(ready(Err::<(), _>(7)));
        pending().await
    }));
    assert_eq!(result, Err(7));
    assert_eq!(
        log.take().split_off(4),
        [
            "0#0 )",
            "0#1 (",
            "0#1 )",
            "0#2 (",
            "0#2 )",
            "0#2 - broke",
            "0#1 - dropped",
            "0#0 - broke"
        ]
    );
    let result: Result<(), i32> = block_on(try_scope!(observe = log.clone(), |s| -> i32 {
        s.spawn_try(pending::<Result<(), i32>>());
        Err(8)
    }));
    assert_eq!(result, Err(8));
    assert_eq!(
        log.take(),
        [
            "0#0 +",
            "0#0 (",
            "0#1 +",
            "0#0 )",
            "0#1 - unstarted",
            "0#0 - broke"
        ]
    );
}

#[test]
fn dropping_the_scope_drops_who_was_started_and_who_was_not() {
    let log = Log::default();
    let mut scope = Box::pin(scope!(
        limit = 1.try_into().unwrap(),
        observe = log.clone(),
        |s| {
            s.spawn(pending::<()>());
            s.spawn(pending::<()>());
            pending::<()>().await;
        }
    ));
    assert!(poll_now(scope.as_mut()).is_pending());
    assert!(poll_now(scope.as_mut()).is_pending());
    log.take();
    drop(scope);
    assert_eq!(
        log.take(),
        ["0#2 - unstarted", "0#1 - dropped", "0#0 - dropped"]
    );
}

#[test]
fn a_scope_that_was_never_polled_tells_nothing() {
    let log = Log::default();
    let (driver, s) = pleach::scope::scope();
    let driver = driver.observe(log.clone());
    s.spawn(async {});
    drop(driver);
    assert_eq!(log.take(), [""; 0]);
}

#[test]
fn children_from_before_the_first_poll_are_told_of_with_that() {
    let log = Log::default();
    let (driver, s) = pleach::scope::scope();
    let driver = driver.observe(log.clone());
    s.spawn(async {}).named("early");
    block_on(driver.run(async {}));
    assert_eq!(
        log.take(),
        [
            "0#0 +",
            "early +",
            "0#0 (",
            "0#0 )",
            "early (",
            "early )",
            "early - completed",
            "0#0 - completed"
        ]
    );
}

#[test]
fn a_child_that_is_refused_is_told_of_once_if_at_all() {
    let log = Log::default();
    let (driver, s) = pleach::scope::scope();
    let driver = driver.observe(log.clone());
    block_on(driver.run(async {}));
    log.take();
    let late = s.spawn(async {});
    assert!(block_on(late).is_err());
    assert_eq!(log.take(), [""; 0]);
}

#[test]
fn cancelling_is_told_once_with_its_cause() {
    let log = Log::default();
    block_on(scope!(observe = log.clone(), |s| {
        s.cancel();
        s.cancel();
    }));
    assert_eq!(
        log.take(),
        [
            "0#0 +",
            "0#0 (",
            "0#0 Requested",
            "0#0 )",
            "0#0 - completed"
        ]
    );
    let token = pleach::CancelToken::new();
    token.cancel();
    block_on(scope!(token = &token, observe = log.clone(), |_s| {}));
    assert_eq!(
        log.take(),
        [
            "0#0 +",
            "0#0 Requested",
            "0#0 (",
            "0#0 )",
            "0#0 - completed"
        ]
    );
}

#[test]
fn nested_scopes_and_groups_tell_the_observer_of_the_top() {
    let log = Log::default();
    block_on(scope!(observe = log.clone(), |s| {
        s.spawn(async {
            scope!(|s| {
                s.spawn(async {});
            })
            .await;
        });
        group([ready(1)]).join(All::default()).await;
    }));
    assert_eq!(
        log.take(),
        [
            "0#0 +",
            "0#0 (",
            "0#1 +",
            "1#0 +",
            "1#1 +",
            "1#1 (",
            "1#1 )",
            "1#1 - completed",
            "1#0 - completed",
            "0#0 )",
            "0#1 (",
            "2#0 +",
            "2#0 (",
            "2#1 +",
            "2#0 )",
            "0#1 !",
            "0#1 )",
            "0#1 scope",
            "0#1 (",
            "2#1 (",
            "2#1 )",
            "2#1 - completed",
            "2#0 - completed",
            "0#1 )",
            "0#1 - completed",
            "0#0 - completed"
        ]
    );
}

#[test]
fn one_given_to_a_nested_scope_is_told_of_that_alone_beside_that_of_the_top() {
    let (outer, inner) = (Log::default(), Log::default());
    block_on(scope!(observe = outer.clone(), |_s| {
        scope!(observe = inner.clone(), |_s| {}).await;
    }));
    let of_inner = ["1#0 +", "1#0 (", "1#0 )", "1#0 - completed"];
    assert_eq!(inner.take(), of_inner);
    assert_eq!(outer.take()[2..6], of_inner);
}

#[test]
fn a_local_scope_tells_the_same() {
    let log = Log::default();
    block_on(local_scope!(observe = log.clone(), |s| {
        s.spawn(yield_now());
    }));
    assert_eq!(
        log.take_of("0#1"),
        ["+", "(", "!", ")", "(", ")", "- completed"]
    );
}

#[test]
fn a_group_with_a_body_tells_of_its_polls_and_wakes() {
    let log = Log::default();
    let (driver, mut results) = group([yield_now()]).results();
    block_on(
        driver
            .observe(log.clone())
            .named("group")
            .run(async move { while results.next().await.is_some() {} }),
    );
    let lines = log.take();
    let of = |who: &str| -> Vec<&str> {
        lines
            .iter()
            .filter_map(|line| line.strip_prefix(who))
            .collect()
    };
    assert_eq!(of("0#1 "), ["+", "(", "!", ")", "(", ")", "- completed"]);
    assert_eq!(of("group ").last(), Some(&"- completed"));
    assert!(of("group ").contains(&"!"));
}

#[test]
fn a_group_that_is_dropped_or_panics_ends_as_that() {
    let log = Log::default();
    let mut join = pin!(
        group([pending::<()>()])
            .join(All::default())
            .observe(log.clone())
    );
    assert!(poll_now(join.as_mut()).is_pending());
    join.set(group([pending::<()>()]).join(All::default()));
    assert_eq!(
        log.take(),
        [
            "0#0 +",
            "0#1 +",
            "0#1 (",
            "0#1 )",
            "0#1 - dropped",
            "0#0 - dropped"
        ]
    );
    let child = poll_fn(|_| -> Poll<()> { panic!("of the child") });
    let join = group([child]).join(All::default()).observe(log.clone());
    assert!(catch_unwind(AssertUnwindSafe(|| block_on(join))).is_err());
    assert_eq!(
        log.take(),
        [
            "0#0 +",
            "0#1 +",
            "0#1 (",
            "0#1 )",
            "0#1 - panicked",
            "0#0 - panicked"
        ]
    );
}

#[test]
fn places_of_a_group_are_children_of_their_own_each_time() {
    let log = Log::default();
    let (one, children) = (1.try_into().unwrap(), [0, 1].map(|_| ready(())));
    block_on(
        group(children)
            .limit(one)
            .join(All::default())
            .observe(log.clone()),
    );
    assert_eq!(
        log.take(),
        [
            "0#0 +",
            "0#1 +",
            "0#1 (",
            "0#1 )",
            "0#1 - completed",
            "0#2 +",
            "0#2 (",
            "0#2 )",
            "0#2 - completed",
            "0#0 - completed"
        ]
    );
    let _ = group::open::<Pin<Box<dyn Future<Output = ()>>>>;
}

#[test]
fn what_a_child_waits_for_is_told_at_the_end_of_its_poll() {
    let log = Log::default();
    let (sender, receiver) = oneshot::channel::<i32>();
    let (messages, next) = channel::bounded::<i32>(1);
    let both = async {
        let mut message = pin!(next.recv());
        let mut value = pin!(receiver);
        poll_fn(|cx| {
            let message = message.as_mut().poll(cx);
            let value = value.as_mut().poll(cx);
            if message.is_ready() && value.is_ready() {
                return Poll::Ready(());
            }
            Poll::Pending
        })
        .await;
    };
    block_on(scope!(observe = log.clone(), |s| {
        s.spawn(both).named("both");
        yield_now().await;
        messages.send(1).await.unwrap();
        sender.send(2).unwrap();
    }));
    assert_eq!(
        log.take_of("both"),
        [
            "named",
            "(",
            ")",
            "recv",
            "recv",
            "!",
            "(",
            ")",
            "- completed"
        ]
    );
}
