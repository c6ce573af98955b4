//! A child's panic that stays its own.

use std::{
    future::{Future, pending, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind, panic_any},
    pin::{Pin, pin},
    task::{Context, Poll},
};

use pleach::{
    scope,
    scope::{Isolate, isolate},
};

use crate::support::{block_on, message, poll_now, yield_now};

struct PanicInDrop(&'static str);

impl Drop for PanicInDrop {
    fn drop(&mut self) {
        panic!("{}", self.0);
    }
}

#[test]
fn siblings_go_on_beside_a_panic() {
    let (panicked, done) = block_on(scope!(|s| {
        let panicked = s.spawn(isolate(async {
            yield_now().await;
            panic!("request {}", 7);
        }));
        let done = s.spawn(isolate(async {
            yield_now().await;
            yield_now().await;
            5
        }));
        let panicked: Result<(), _> = panicked.await.unwrap();
        (panicked, done.await.unwrap())
    }));
    let panicked = panicked.unwrap_err();
    assert_eq!(panicked.message(), Some("request 7"));
    assert_eq!(panicked.to_string(), "it panicked: request 7");
    assert_eq!(message(&*panicked.into_payload()), "request 7");
    assert_eq!(done.unwrap(), 5);
}

#[test]
fn a_payload_of_any_type_comes_out() {
    let panicked = block_on(isolate(async { panic_any(7_u8) })).map(|never: ()| never);
    let panicked = panicked.unwrap_err();
    assert_eq!(panicked.message(), None);
    assert_eq!(panicked.to_string(), "it panicked with what is not a text");
    assert_eq!(panicked.into_payload().downcast_ref(), Some(&7_u8));
}

#[test]
fn a_destructor_that_panics_when_the_future_is_done_is_a_panic_too() {
    // As a future, not a block: what a block holds is dropped before it is ready.
    struct Bomb(#[expect(dead_code)] PanicInDrop);
    impl Future for Bomb {
        type Output = PanicInDrop;
        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<PanicInDrop> {
            Poll::Ready(PanicInDrop("output"))
        }
    }
    let mut isolated = pin!(isolate(Bomb(PanicInDrop("future"))));
    let result = block_on(isolated.as_mut()).map(std::mem::forget);
    assert_eq!(
        result.unwrap_err().message(),
        Some("future"),
        "the first one"
    );
    let again = catch_unwind(AssertUnwindSafe(|| poll_now(isolated).is_ready()));
    assert!(again.is_err());
}

#[test]
fn the_future_is_dropped_before_the_error_is_there_and_with_it() {
    let dropped = std::cell::Cell::new(0);
    struct Count<'a>(&'a std::cell::Cell<u32>);
    impl Drop for Count<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }
    let count = Count(&dropped);
    let child = poll_fn(move |_| -> Poll<()> {
        let _ = &count;
        panic!()
    });
    assert!(block_on(isolate(child)).is_err());
    assert_eq!(dropped.get(), 1);
    let count = Count(&dropped);
    let mut waiting: Pin<Box<Isolate<_>>> = Box::pin(isolate(async move {
        let _count = count;
        pending::<()>().await;
    }));
    assert!(poll_now(waiting.as_mut()).is_pending());
    drop(waiting);
    assert_eq!(dropped.get(), 2);
}
