//! Panics of what a user gave to a pipeline.

use std::{
    convert::Infallible,
    panic::{AssertUnwindSafe, catch_unwind},
};

use pleach::{
    pipeline::{Failed, Pipeline, WorkerPool},
    scope, try_scope,
};

use super::{block_on, support::message, yields};

fn panic_of(f: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(f)).unwrap_err();
    message(&*payload).to_owned()
}

#[test]
fn a_panic_of_a_stage_is_the_scopes() {
    let said = panic_of(|| {
        let _result = block_on(try_scope!(|s| -> Failed<Infallible> {
            let items = Pipeline::new(&s, 2)
                .iter(0..)
                .map(2, async |n: u32| {
                    yields(1).await;
                    assert!(n < 5, "n was {n}");
                    Ok(n)
                })
                .into_receiver();
            while items.recv().await.is_ok() {}
            Ok(())
        }));
    });
    assert_eq!(said, "n was 5");
}

#[test]
fn a_panic_of_who_wants_the_unprocessed_items_is_the_scopes() {
    let said = panic_of(|| {
        let _result = block_on(try_scope!(|s| {
            let p = Pipeline::new(&s, 2);
            let (sender, receiver) = pleach::channel::bounded(3);
            sender.try_send(1).unwrap();
            sender.try_send(2).unwrap();
            p.receive(receiver)
                .on_unprocessed(|n| panic!("{n} was not wanted"))
                .for_each(1, async |_| Err("first"));
            Ok(())
        }));
    });
    assert_eq!(said, "2 was not wanted");
}

#[test]
fn a_panic_of_a_job_is_the_scopes() {
    let said = panic_of(|| {
        block_on(scope!(|s| {
            let (pool, results) = WorkerPool::new(&s, 2, 2, async |n: u32| {
                assert_ne!(n, 1, "job 1");
            });
            pool.submit(0).await.unwrap();
            pool.submit(1).await.unwrap();
            while results.recv().await.is_ok() {}
        }));
    });
    assert!(said.contains("job 1"), "{said}");
}
