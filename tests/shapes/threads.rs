//! Scopes and threads.

use super::*;

#[test]
fn other_threads_spawn_through_a_borrowed_handle() {
    let sum = block_on(need_send(async {
        let v = vec![1, 2, 3];
        scope!(|s| {
            let handles = Mutex::new(Vec::new());
            std::thread::scope(|threads| {
                for n in &v {
                    let (s, handles) = (&s, &handles);
                    threads.spawn(move || {
                        let handle = s.spawn(async move { *n });
                        handles.lock().unwrap().push(handle);
                    });
                }
            });
            let handles = handles.into_inner().unwrap();
            try_join_all(handles).await.map(|n| n.into_iter().sum())
        })
        .await
    }));
    assert_eq!(sum, Ok(6));
}

#[test]
fn a_thread_that_outlives_the_scope_may_keep_a_static_handle() {
    let (driver, s) = pleach::scope::scope::<'static>();
    let spawner = std::thread::spawn(move || {
        let h = s.spawn(async { 1 });
        (block_on(h), s)
    });
    // The body waits for nothing, so the spawn may come too late.
    block_on(driver.run(yield_now()));
    let (spawned, s) = spawner.join().unwrap();
    assert!(matches!(spawned, Ok(1) | Err(Cancelled { .. })));
    assert!(block_on(s.spawn(async { 2 })).is_err());
}

#[test]
fn a_running_scope_moves_between_threads() {
    let v = Arc::new(vec![1, 2, 3]);
    let mut running = Box::pin(scope!(|s| {
        s.spawn(async {
            yield_now().await;
            v.len()
        })
        .await
    }));
    std::thread::scope(|threads| {
        let mut running = running.as_mut();
        threads.spawn(move || {
            let mut cx = Context::from_waker(Waker::noop());
            assert!(running.as_mut().poll(&mut cx).is_pending());
        });
    });
    assert_eq!(block_on(running), Ok(3));
}
