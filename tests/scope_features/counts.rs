//! `Handle::id`, `Scope::len`, `Scope::is_empty`.

use std::future::pending;

use pleach::{scope, try_scope};

use crate::{
    OnDrop, limit,
    support::{block_on, poll_now, yield_now},
};

#[test]
fn children_are_numbered_in_the_order_of_their_spawns() {
    block_on(scope!(|s| {
        let handles = [
            s.spawn(async {}),
            s.spawn_shielded(async {}),
            s.spawn_daemon(async {}),
            s.try_spawn(async {}).unwrap(),
        ];
        assert_eq!(
            handles.each_ref().map(|handle| handle.id().get()),
            [1, 2, 3, 4]
        );
        s.cancel();
        let mut refused = s.spawn(async {});
        assert_eq!(refused.id().to_string(), "#5");
        assert!((&mut refused).await.is_err());
        assert!(handles[3].id() < refused.id());
        assert_eq!(s.spawn(async {}).id().get(), 6);
    }));
}

#[test]
fn children_count_until_they_are_over_and_daemons_never() {
    block_on(scope!(limit = limit(1), |s| {
        assert!(s.is_empty());
        s.spawn_daemon(pending::<()>());
        let running = s.spawn(yield_now());
        let held_back = s.spawn_shielded(async { s.len() });
        assert_eq!(s.len(), 2);
        running.await.unwrap();
        assert_eq!(held_back.await, Ok(1));
        assert!(s.is_empty());
        let aborted = s.spawn(pending::<()>());
        aborted.abort();
        assert_eq!(s.len(), 1);
        assert!(aborted.await.is_err());
        assert!(s.is_empty());
        s.cancel();
        s.spawn(async {});
        s.spawn_daemon(async {});
        assert!(s.try_spawn(async {}).is_err());
        assert!(s.is_empty());
    }));
}

#[test]
fn all_are_over_when_the_scope_is() {
    let (driver, s) = scope::try_scope::<()>();
    let counted = s.clone();
    s.spawn(async move {
        let _guard = OnDrop(|| assert_eq!(counted.len(), 1, "the other one is over already"));
        pending::<()>().await
    });
    s.spawn(pending::<()>());
    let mut running = Box::pin(driver.run_try(pending::<Result<(), ()>>()));
    assert!(poll_now(running.as_mut()).is_pending());
    s.break_with(()).unwrap();
    assert_eq!(s.len(), 2, "the break is no child");
    assert_eq!(block_on(running), Err(()));
    assert!(s.is_empty());

    let none: Result<usize, ()> = block_on(try_scope!(|s| { Ok(s.len()) }));
    assert_eq!(none, Ok(0));
}
