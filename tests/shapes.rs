//! The shapes of code that a scope must accept: each compiles, runs, and gives its result.
//!
//! Their counterparts, which must be refused, are in `compile_fail`.
#![allow(
    clippy::async_yields_async,
    clippy::manual_async_fn,
    clippy::useless_vec,
    reason = "these are shapes that users write; a vector has a destructor, which counts"
)]

use std::{
    cell::{Cell, RefCell},
    convert::Infallible,
    fmt,
    future::Future,
    num::{NonZeroUsize, ParseIntError},
    pin::{Pin, pin},
    rc::Rc,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use futures_util::future::{self, Either, join_all, select, select_all, try_join, try_join_all};
use pleach::{
    Acquire, Cancelled, Handle, Permit, Scope, Semaphore, block_on, local_scope, scope,
    scope::{Admits, Driver, Refused, Run, RunTry, Threaded, local},
    try_local_scope, try_scope,
};

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Only compiles if what it is given is `Send`.
fn need_send<T: Send>(value: T) -> T {
    value
}

/// Runs a future on a thread of its own, as the spawn function of a runtime would.
fn on_a_thread<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> T {
    std::thread::spawn(move || block_on(future)).join().unwrap()
}

/// Pending once.
async fn yield_now() {
    let mut yielded = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn limit(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).unwrap()
}

/// `p1` to `p12` of the design: what was tried before the crate was written.
mod everyday {
    use super::*;

    #[test]
    fn p1_an_explicit_scope_borrows_and_is_send() {
        let length = block_on(need_send(async {
            let v = vec![1, 2, 3];
            let (driver, s) = pleach::scope::scope();
            driver
                .run(async {
                    let h = s.spawn(async { v.len() });
                    h.await
                })
                .await
        }));
        assert_eq!(length, Ok(3));
    }

    #[test]
    fn p2_an_async_fn_over_an_explicit_scope_can_be_spawned() {
        async fn go(v: &[u32]) -> Result<usize, Cancelled> {
            let (driver, s) = pleach::scope::scope();
            driver
                .run(async {
                    let h = s.spawn(async { v.len() });
                    h.await
                })
                .await
        }
        let length = on_a_thread(async {
            let v = vec![1];
            go(&v).await
        });
        assert_eq!(length, Ok(1));
    }

    #[test]
    fn p3_a_mutable_borrow_comes_back_when_an_explicit_scope_leaves_its_block() {
        let m = block_on(need_send(async {
            let mut m = 5;
            {
                let (driver, s) = pleach::scope::scope();
                driver
                    .run(async {
                        s.spawn(async { m += 1 });
                    })
                    .await;
            }
            m
        }));
        assert_eq!(m, 6);
    }

    #[test]
    fn p4_children_take_disjoint_chunks() {
        let v = block_on(need_send(async {
            let mut v = vec![1, 2, 3, 4];
            {
                let (driver, s) = pleach::scope::scope();
                driver
                    .run(async {
                        for chunk in v.chunks_mut(2) {
                            s.spawn(async move { chunk[0] = 9 });
                        }
                    })
                    .await;
            }
            v
        }));
        assert_eq!(v, [9, 2, 9, 4]);
    }

    #[test]
    fn p5_a_child_spawns_with_a_clone_of_the_handle() {
        let length = block_on(need_send(async {
            let v = vec![1, 2, 3];
            let (driver, s) = pleach::scope::scope();
            driver
                .run(async {
                    let s2 = s.clone();
                    let v = &v;
                    s.spawn(async move { s2.spawn(async move { v.len() }).await })
                        .await
                })
                .await
        }));
        assert_eq!(length, Ok(Ok(3)));
    }

    #[test]
    fn p6_the_macro_borrows_in_an_async_fn() {
        async fn go(v: &[u32]) -> Result<usize, Cancelled> {
            scope!(|s| {
                let h = s.spawn(async { v.len() });
                h.await
            })
            .await
        }
        let length = block_on(need_send(async {
            let v = vec![1, 2, 3];
            go(&v).await
        }));
        assert_eq!(length, Ok(3));
    }

    #[test]
    fn p6b_a_moving_child_takes_a_clone_of_the_macros_handle() {
        async fn go(v: &[u32]) -> Result<usize, Cancelled> {
            scope!(|s| {
                let s2 = s.clone();
                let h = s.spawn(async move { s2.spawn(async move { v.len() }).await });
                h.await?
            })
            .await
        }
        let length = block_on(need_send(async {
            let v = vec![1, 2, 3];
            go(&v).await
        }));
        assert_eq!(length, Ok(3));
    }

    #[test]
    fn p7_children_recurse_through_boxes() {
        fn fib(s: Scope<'_>, n: u64) -> Boxed<'_, u64> {
            Box::pin(async move {
                if n < 2 {
                    return n;
                }
                let a = s.spawn(fib(s.clone(), n - 1));
                let b = s.spawn(fib(s.clone(), n - 2));
                a.await.unwrap() + b.await.unwrap()
            })
        }
        let n = block_on(need_send(async {
            let (driver, s) = pleach::scope::scope();
            driver.run(fib(s, 10)).await
        }));
        assert_eq!(n, 55);
    }

    /// The handle is declared beside the driver and is dropped after the scope's future, so
    /// it is as good as anything else from outside.
    #[test]
    fn p8_a_child_may_borrow_the_handle_where_the_scope_is_opened() {
        let explicit = block_on(need_send(async {
            let (driver, s) = pleach::scope::scope();
            driver
                .run(async { s.spawn(async { s.spawn(async { 1 }).await }).await })
                .await
        }));
        let by_macro = block_on(need_send(scope!(|s| {
            s.spawn(async { s.spawn(async { 1 }).await }).await
        })));
        assert_eq!((explicit, by_macro), (Ok(Ok(1)), Ok(Ok(1))));
    }

    #[test]
    fn p9_a_question_mark_leaves_the_body_of_an_explicit_scope() {
        async fn go(v: &[u32]) -> Result<usize, String> {
            let (driver, s) = pleach::scope::scope();
            driver
                .run(async {
                    let h = s.spawn(async {
                        if v.is_empty() {
                            Err("empty".to_string())
                        } else {
                            Ok(v.len())
                        }
                    });
                    let length = h.await.map_err(|lost| lost.to_string())??;
                    Ok(length)
                })
                .await
        }
        block_on(need_send(async {
            assert_eq!(go(&[1, 2, 3]).await, Ok(3));
            assert_eq!(go(&[]).await, Err("empty".to_string()));
        }));
    }

    #[test]
    fn p10_an_async_fn_over_the_macro_can_be_spawned() {
        async fn go(v: &[u32]) -> Result<usize, Cancelled> {
            scope!(|s| {
                let h = s.spawn(async { v.len() });
                let t = s.clone();
                let k = s.spawn(async move { t.spawn(async { 1_usize }).await });
                Ok(h.await? + k.await??)
            })
            .await
        }
        let length = on_a_thread(async {
            let v = vec![1];
            go(&v).await
        });
        assert_eq!(length, Ok(2));
    }

    #[test]
    fn p11_a_question_mark_leaves_the_body_of_the_macro() {
        async fn go(v: &[u32]) -> Result<usize, String> {
            scope!(|s| {
                let h = s.spawn(async {
                    if v.is_empty() {
                        Err("empty".to_string())
                    } else {
                        Ok(v.len())
                    }
                });
                Ok::<_, String>(h.await.unwrap()? + 1)
            })
            .await
        }
        block_on(need_send(async {
            let v = vec![1];
            assert_eq!(go(&v).await, Ok(2));
            assert_eq!(go(&[]).await, Err("empty".to_string()));
        }));
    }

    #[test]
    fn p12_scopes_nest() {
        async fn go(v: &[u32]) -> usize {
            scope!(|a| {
                a.spawn(async {
                    scope!(|b| {
                        let h = b.spawn(async { v.len() });
                        h.await.unwrap()
                    })
                    .await
                })
                .await
                .unwrap()
            })
            .await
        }
        let length = block_on(need_send(async {
            let v = vec![1, 2];
            go(&v).await
        }));
        assert_eq!(length, 2);
    }
}

/// `q1` to `q6` of the design: what was borrowed comes back.
mod given_back {
    use super::*;

    #[test]
    fn q1_a_mutable_borrow_comes_back_after_the_macro() {
        let m = block_on(need_send(async {
            let mut m = 5;
            scope!(|s| {
                s.spawn(async { m += 1 });
            })
            .await;
            m += 1;
            m
        }));
        assert_eq!(m, 7);
    }

    #[test]
    fn q2_a_mutable_borrow_comes_back_after_an_explicit_scope_without_a_block() {
        let m = block_on(need_send(async {
            let mut m = 5;
            let (driver, s) = pleach::scope::scope();
            driver
                .run(async {
                    s.spawn(async { m += 1 });
                })
                .await;
            m += 1;
            m
        }));
        assert_eq!(m, 7);
    }

    /// The closure form that was weighed and left out is a few lines on top of the driver.
    #[test]
    fn q3_a_closure_that_returns_a_future_can_be_built_on_the_driver() {
        async fn scope_plain<'env, F: Future>(body: impl FnOnce(Scope<'env>) -> F) -> F::Output {
            let (driver, s) = pleach::scope::scope();
            driver.run(body(s)).await
        }
        let m = block_on(need_send(async {
            let mut m = 5;
            let r = &mut m;
            scope_plain(|s| async move {
                s.spawn(async move { *r += 1 });
            })
            .await;
            m += 1;
            m
        }));
        assert_eq!(m, 7);
    }

    #[test]
    fn q4_a_scope_that_was_forgotten_halfway_leaves_what_it_borrowed_alone() {
        let v = vec![1, 2, 3];
        let polled = Cell::new(0);
        {
            let mut future = Box::pin(local_scope!(|s| {
                s.spawn(async {
                    let _borrow = v.len();
                    polled.set(polled.get() + 1);
                    std::future::pending::<()>().await;
                });
            }));
            let mut cx = Context::from_waker(Waker::noop());
            assert!(future.as_mut().poll(&mut cx).is_pending());
            assert!(future.as_mut().poll(&mut cx).is_pending());
            std::mem::forget(future);
        }
        assert_eq!(polled.into_inner(), 1);
        drop(v);
    }

    #[test]
    fn q5_a_handle_may_leave_its_scope() {
        let (length, lost) = block_on(need_send(async {
            let v = vec![1, 2, 3];
            let (h, lost) = scope!(|s| {
                let h = s.spawn(async { v.len() });
                s.cancel();
                (h, s.spawn(async { v.len() }))
            })
            .await;
            (h.await, lost.await)
        }));
        // The first was not started either when the scope was cancelled.
        assert!(length.is_err() && lost.is_err());
        let length = block_on(need_send(async {
            let v = vec![1, 2, 3];
            let h = scope!(|s| { s.spawn(async { v.len() }) }).await;
            h.await
        }));
        assert_eq!(length, Ok(3));
    }

    #[test]
    fn q6_children_of_a_loop_take_the_loops_variable_or_what_is_around_it() {
        let sum = AtomicUsize::new(0);
        block_on(need_send(async {
            let v = vec![1_usize, 2, 3];
            scope!(|s| {
                let sum = &sum;
                for x in &v {
                    s.spawn(async move { sum.fetch_add(*x, Ordering::Relaxed) });
                }
                for _ in &v {
                    s.spawn(async { sum.fetch_add(v.len(), Ordering::Relaxed) });
                }
            })
            .await;
        }));
        assert_eq!(sum.into_inner(), 6 + 9);
    }
}

mod leaving_the_body {
    use super::*;

    #[derive(Debug, PartialEq)]
    enum Failure {
        Number(ParseIntError),
        Lost(Cancelled),
        Other(String),
    }

    impl From<ParseIntError> for Failure {
        fn from(error: ParseIntError) -> Self {
            Self::Number(error)
        }
    }

    impl From<Cancelled> for Failure {
        fn from(error: Cancelled) -> Self {
            Self::Lost(error)
        }
    }

    impl From<&str> for Failure {
        fn from(error: &str) -> Self {
            Self::Other(error.to_string())
        }
    }

    impl fmt::Display for Failure {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            fmt::Debug::fmt(self, f)
        }
    }

    impl std::error::Error for Failure {}

    #[test]
    fn question_marks_convert_between_errors_in_a_scope() {
        async fn go(text: &str) -> Result<i32, Failure> {
            scope!(|s| {
                let h = s.spawn(async { text.parse::<i32>() });
                let n = h.await??;
                if n < 0 {
                    Err("negative")?;
                }
                Ok::<_, Failure>(n)
            })
            .await
        }
        block_on(need_send(async {
            assert_eq!(go("7").await, Ok(7));
            assert!(matches!(go("x").await, Err(Failure::Number(_))));
            assert_eq!(go("-7").await, Err(Failure::Other("negative".to_string())));
        }));
    }

    #[test]
    fn question_marks_convert_between_errors_in_a_try_scope() {
        async fn go(text: &str) -> Result<i32, Failure> {
            try_scope!(|s| -> Failure {
                let h = s.spawn_try(async { Ok(text.trim().parse::<i32>()?) });
                let n = h.await?;
                if n < 0 {
                    return Err("negative".into());
                }
                Ok(n)
            })
            .await
        }
        block_on(need_send(async {
            assert_eq!(go(" 7").await, Ok(7));
            assert!(matches!(go("x").await, Err(Failure::Number(_))));
            assert_eq!(go("-7").await, Err(Failure::Other("negative".to_string())));
        }));
    }

    #[test]
    fn question_marks_box_errors() {
        type Error = Box<dyn std::error::Error + Send + Sync>;
        async fn go(text: &str) -> Result<i32, Error> {
            let doubled = try_scope!(|s| -> Error {
                let h = s.spawn_try(async { Ok(text.parse::<i32>()?) });
                let n = h.await?;
                if n == 0 {
                    Err("zero")?;
                }
                Ok(2 * n)
            })
            .await?;
            Ok(doubled)
        }
        block_on(need_send(async {
            assert_eq!(go("7").await.unwrap(), 14);
            assert_eq!(go("0").await.unwrap_err().to_string(), "zero");
            assert!(go("x").await.unwrap_err().is::<ParseIntError>());
        }));
    }

    #[test]
    fn the_error_of_a_try_scope_is_inferred_from_a_child_or_from_the_body() {
        block_on(need_send(async {
            let from_child = try_scope!(|s| {
                s.spawn_try(async { "x".parse::<u8>() });
                Ok(())
            })
            .await;
            assert!(from_child.is_err());
            let from_body = try_scope!(|s| {
                s.spawn(async {});
                Err::<(), _>("body")
            })
            .await;
            assert_eq!(from_body, Err("body"));
        }));
    }

    #[test]
    fn return_leaves_the_body_and_the_children_are_awaited() {
        async fn go(early: bool, seen: &AtomicUsize) -> &'static str {
            let which = scope!(|s| {
                s.spawn(async {
                    yield_now().await;
                    seen.fetch_add(1, Ordering::Relaxed);
                });
                if early {
                    return "early";
                }
                "late"
            })
            .await;
            seen.fetch_add(10, Ordering::Relaxed);
            which
        }
        block_on(need_send(async {
            let seen = AtomicUsize::new(0);
            assert_eq!(go(true, &seen).await, "early");
            assert_eq!(go(false, &seen).await, "late");
            assert_eq!(seen.into_inner(), 22);
        }));
    }

    #[test]
    fn options_work_with_question_marks() {
        let found = block_on(need_send(async {
            let words = ["a", "bc"];
            scope!(|s| {
                let h = s.spawn(async { words.iter().find(|word| word.len() == 2) });
                let word = h.await.ok()??;
                word.chars().next()
            })
            .await
        }));
        assert_eq!(found, Some('b'));
    }

    #[test]
    fn a_try_scope_nests_in_a_scope_and_the_other_way_round() {
        block_on(need_send(async {
            let words = ["1", "x", "3"];
            let results = scope!(|outer| {
                let handles = words.each_ref().map(|word| {
                    outer.spawn(try_scope!(|inner| -> ParseIntError {
                        let n = inner.spawn_try(async { word.parse::<u32>() }).await;
                        Ok(n.unwrap())
                    }))
                });
                join_all(handles).await
            })
            .await;
            assert_eq!(results[0], Ok(Ok(1)));
            assert!(results[1].as_ref().unwrap().is_err());
            assert_eq!(results[2], Ok(Ok(3)));

            let sum = try_scope!(|outer| -> Failure {
                let n = outer
                    .spawn_try(async {
                        let n = scope!(|inner| {
                            inner.spawn(async { words[0].parse::<usize>() }).await
                        });
                        Ok(n.await??)
                    })
                    .await?;
                let m = outer.spawn(async { words.len() }).await?;
                Ok(n + m)
            })
            .await;
            assert_eq!(sum, Ok::<usize, Failure>(4));
        }));
    }
}

mod generic_code {
    use super::*;

    trait Store {
        fn total(&self, keys: &[&str]) -> impl Future<Output = Result<usize, Cancelled>> + Send;
        fn boxed<'a>(&'a mut self, key: &'a str) -> Boxed<'a, usize>;
    }

    struct Lengths {
        seen: usize,
    }

    impl Store for Lengths {
        fn total(&self, keys: &[&str]) -> impl Future<Output = Result<usize, Cancelled>> + Send {
            scope!(|s| {
                let lengths = keys.iter().map(|key| s.spawn(async { key.len() }));
                let lengths: Vec<_> = lengths.collect();
                let mut total = self.seen;
                for length in lengths {
                    total += length.await?;
                }
                Ok(total)
            })
        }

        fn boxed<'a>(&'a mut self, key: &'a str) -> Boxed<'a, usize> {
            Box::pin(async {
                scope!(|s| {
                    s.spawn(async { self.seen += key.len() });
                })
                .await;
                self.seen
            })
        }
    }

    #[test]
    fn a_trait_method_returns_a_scope_as_impl_future_and_boxed() {
        fn go(mut store: impl Store + Send + Sync + 'static) -> (usize, Result<usize, Cancelled>) {
            on_a_thread(async move {
                let seen = store.boxed("abc").await;
                (seen, store.total(&["d", "ef"]).await)
            })
        }
        assert_eq!(go(Lengths { seen: 1 }), (4, Ok(7)));
    }

    #[test]
    fn generic_functions_spawn_what_they_are_given() {
        async fn both<A, B>(a: A, b: B) -> (A::Output, B::Output)
        where
            A: Future<Output: Send> + Send,
            B: Future<Output: Send> + Send,
        {
            let joined = scope!(|s| {
                let (a, b) = (s.spawn(a), s.spawn(b));
                try_join(a, b).await
            });
            joined.await.unwrap()
        }
        async fn map<T: Sync, U: Send>(items: &[T], f: impl AsyncMap<T, U> + Sync) -> Vec<U> {
            let mapped = scope!(|s| {
                let f = &f;
                let handles = items
                    .iter()
                    .map(|item| s.spawn(async move { f.apply(item).await }));
                try_join_all(handles.collect::<Vec<_>>()).await
            });
            mapped.await.unwrap()
        }
        trait AsyncMap<T, U> {
            fn apply(&self, item: &T) -> impl Future<Output = U> + Send;
        }
        struct Twice;
        impl AsyncMap<u32, u64> for Twice {
            async fn apply(&self, item: &u32) -> u64 {
                yield_now().await;
                u64::from(*item) * 2
            }
        }
        block_on(need_send(async {
            let v = vec![1, 2, 3];
            let pair = both(async { v.len() }, async { v.first().copied() }).await;
            assert_eq!(pair, (3, Some(1)));
            assert_eq!(map(&v, Twice).await, [2, 4, 6]);
        }));
    }

    #[test]
    fn functions_take_the_handle_by_reference_or_by_value() {
        fn count<'env>(s: &Scope<'env>, text: &'env str) -> Handle<usize> {
            s.spawn(async move { text.len() })
        }
        fn count_try<'env, E>(s: Scope<'env, E>, text: &'env str) -> Handle<u32>
        where
            E: From<ParseIntError> + Send + 'env,
        {
            s.spawn_try(async move { Ok(text.parse()?) })
        }
        fn any_kind<'env, B, K>(s: &Scope<'env, B, K>, n: &'env Cell<u32>) -> Handle<()>
        where
            K: Admits<std::future::Ready<()>>,
        {
            n.set(n.get() + 1);
            s.spawn(std::future::ready(()))
        }
        block_on(need_send(async {
            let text = String::from("12");
            let length = scope!(|s| { count(&s, &text).await }).await;
            assert_eq!(length, Ok(2));
            let number = try_scope!(|s| -> ParseIntError { Ok(count_try(s, &text).await) }).await;
            assert_eq!(number, Ok(Ok(12)));
        }));
        let n = Cell::new(0);
        let done = block_on(local_scope!(|s| { any_kind(&s, &n).await }));
        assert_eq!((done, n.get()), (Ok(()), 1));
    }

    #[test]
    fn closures_capture_the_handle_in_a_loop() {
        // Not a closure: one that names `Handle<u32>` would be generic over the lifetime.
        fn sum_of<'env>(s: &Scope<'env>, a: Handle<u32>, b: Handle<u32>) -> Handle<u32> {
            s.spawn(async { a.await.unwrap() + b.await.unwrap() })
        }
        let sum = block_on(need_send(async {
            let v = vec![1, 2, 3];
            scope!(|s| {
                let double = |n: u32| s.spawn(async move { 2 * n });
                let mut handles = Vec::new();
                for n in &v {
                    handles.push(double(*n));
                }
                let mut sum = double(0);
                for handle in handles {
                    sum = sum_of(&s, sum, handle);
                }
                sum.await
            })
            .await
        }));
        assert_eq!(sum, Ok(12));
    }

    #[test]
    fn boxed_futures_recurse_with_spawn_with() {
        struct Tree {
            value: u32,
            children: Vec<Tree>,
        }
        fn sum<'env>(tree: &'env Tree, s: Scope<'env>) -> Boxed<'env, u32> {
            Box::pin(async move {
                let mut handles = Vec::new();
                for child in &tree.children {
                    handles.push(s.spawn_with(|s| sum(child, s)));
                }
                let mut total = tree.value;
                for handle in handles {
                    total += handle.await.unwrap();
                }
                total
            })
        }
        fn tree(depth: u32) -> Tree {
            Tree {
                value: 1,
                children: (0..depth).map(|_| tree(depth - 1)).collect(),
            }
        }
        let total = block_on(need_send(async {
            let tree = tree(4);
            scope!(limit = limit(2), |s| { sum(&tree, s).await }).await
        }));
        assert_eq!(total, 65);
    }

    #[test]
    fn boxed_children_of_many_types_are_spawned_from_one_list() {
        let total = block_on(need_send(async {
            let name = String::from("hedge");
            let jobs: Vec<Boxed<'_, usize>> = vec![
                Box::pin(async { name.len() }),
                Box::pin(std::future::ready(1)),
                Box::pin(async {
                    yield_now().await;
                    name.find('g').unwrap()
                }),
            ];
            scope!(|s| {
                let handles = jobs.into_iter().map(|job| s.spawn(job)).collect::<Vec<_>>();
                try_join_all(handles).await.map(|n| n.into_iter().sum())
            })
            .await
        }));
        assert_eq!(total, Ok(5_usize + 1 + 3));
    }
}

mod borrowing {
    use super::*;

    struct Server {
        name: String,
        requests: Vec<u32>,
        failures: usize,
    }

    impl Server {
        async fn serve(&mut self) -> Result<usize, Cancelled> {
            let served = scope!(|s| {
                s.spawn(async { self.requests.push(1) });
                s.spawn(async { self.failures += 1 });
                let name = s.spawn(async { self.name.len() });
                name.await
            })
            .await?;
            self.requests.push(2);
            Ok(served + self.requests.len() + self.failures)
        }

        async fn serve_destructured(&mut self) -> usize {
            let Self {
                name,
                requests,
                failures,
            } = self;
            scope!(|s| {
                s.spawn(async { requests.extend(name.bytes().map(u32::from)) });
                s.spawn(async { *failures += 1 });
            })
            .await;
            self.requests.len()
        }
    }

    #[test]
    fn children_borrow_fields_of_self_disjointly() {
        block_on(need_send(async {
            let mut server = Server {
                name: "yew".to_string(),
                requests: Vec::new(),
                failures: 0,
            };
            assert_eq!(server.serve().await, Ok(3 + 2 + 1));
            assert_eq!(server.serve_destructured().await, 5);
            assert_eq!(server.failures, 2);
        }));
    }

    #[test]
    fn children_return_references_into_what_is_outside() {
        async fn longest<'a>(words: &'a [String]) -> Option<&'a str> {
            let halves = words.split_at(words.len() / 2);
            scope!(|s| {
                let by_length = |words: &'a [String]| {
                    s.spawn(async move { words.iter().max_by_key(|word| word.len()) })
                };
                let (a, b) = (by_length(halves.0), by_length(halves.1));
                let (a, b) = (a.await.ok()?, b.await.ok()?);
                a.into_iter().chain(b).max_by_key(|word| word.len())
            })
            .await
            .map(String::as_str)
        }
        block_on(need_send(async {
            let words = ["elm", "maple", "oak", "ash"].map(String::from);
            let word = longest(&words).await;
            assert_eq!(word, Some("maple"));
            // A mutable one, too.
            let mut words = words;
            let first = scope!(|s| { s.spawn(async { &mut words[0] }).await }).await;
            first.unwrap().push('!');
            assert_eq!(words[0], "elm!");
        }));
    }

    #[test]
    fn a_child_takes_what_it_owns_by_async_move() {
        let length = block_on(need_send(async {
            let v = vec![1, 2, 3];
            scope!(|s| {
                let local = v.clone();
                s.spawn(async move { local.len() }).await
            })
            .await
        }));
        assert_eq!(length, Ok(3));
    }

    #[test]
    fn an_inner_scope_borrows_what_lives_in_the_body_or_in_a_child_around_it() {
        let sum = block_on(need_send(scope!(|outer| {
            let in_body = vec![1, 2];
            let a = scope!(|inner| { inner.spawn(async { in_body.len() }).await }).await;
            let b = outer
                .spawn(async {
                    let in_child = [1, 2, 3];
                    scope!(|inner| { inner.spawn(async { in_child.len() }).await }).await
                })
                .await;
            Ok::<_, Cancelled>(a? + b??)
        })));
        assert_eq!(sum, Ok(5));
    }

    #[test]
    fn the_parts_of_a_scope_may_be_kept_in_a_struct() {
        struct Crew<'env> {
            driver: Driver<'env>,
            s: Scope<'env>,
            hands: Vec<Handle<usize>>,
        }
        impl<'env> Crew<'env> {
            fn new() -> Self {
                let (driver, s) = pleach::scope::scope();
                Self {
                    driver,
                    s,
                    hands: Vec::new(),
                }
            }

            fn hire(&mut self, name: &'env str) -> &mut Self {
                self.hands.push(self.s.spawn(async move { name.len() }));
                self
            }

            async fn work(self) -> Vec<Result<usize, Cancelled>> {
                let Self { driver, s, hands } = self;
                drop(s);
                driver.run(join_all(hands)).await
            }
        }
        let lengths = block_on(need_send(async {
            let names = ["oak".to_string(), "maple".to_string()];
            let mut crew = Crew::new();
            crew.hire(&names[0]).hire(&names[1]);
            crew.work().await
        }));
        assert_eq!(lengths, [Ok(3), Ok(5)]);
    }

    #[test]
    fn children_wait_for_the_permits_of_a_semaphore_outside() {
        let most = block_on(need_send(async {
            let semaphore = Semaphore::new(2);
            let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
            scope!(|s| {
                for _ in 0..6 {
                    s.spawn(async {
                        let _permit = semaphore.acquire().await.unwrap();
                        let now = running.fetch_add(1, Ordering::Relaxed) + 1;
                        most.fetch_max(now, Ordering::Relaxed);
                        yield_now().await;
                        running.fetch_sub(1, Ordering::Relaxed);
                    });
                }
            })
            .await;
            most.into_inner()
        }));
        assert_eq!(most, 2);
    }

    #[test]
    fn a_scope_that_is_dropped_gives_back_what_it_borrowed() {
        let mut m = 5;
        {
            let mut future = pin!(scope!(|s| {
                s.spawn(async {
                    m += 1;
                    std::future::pending::<()>().await;
                });
            }));
            let mut cx = Context::from_waker(Waker::noop());
            // The first poll runs the body, the second the child.
            assert!(future.as_mut().poll(&mut cx).is_pending());
            assert!(future.as_mut().poll(&mut cx).is_pending());
        }
        assert_eq!(m, 6);
    }
}

mod handles {
    use super::*;

    #[test]
    fn handles_are_kept_in_vectors_arrays_and_options() {
        let sum = block_on(need_send(async {
            let v = vec![1, 2, 3];
            scope!(|s| {
                let many: Vec<Handle<u32>> = v.iter().map(|n| s.spawn(async move { *n })).collect();
                let few: [Handle<u32>; 2] = [10, 20].map(|n| s.spawn(async move { n }));
                let maybe: Option<Handle<u32>> = v.first().map(|n| s.spawn(async { 100 * *n }));
                let mut sum = 0;
                for handle in many.into_iter().chain(few).chain(maybe) {
                    sum += handle.await?;
                }
                Ok::<_, Cancelled>(sum)
            })
            .await
        }));
        assert_eq!(sum, Ok(136));
    }

    #[test]
    fn handles_go_into_combinators() {
        block_on(need_send(async {
            let v = vec![1, 2, 3];
            scope!(|s| {
                let length = |n: usize| s.spawn(async move { n });
                let all = join_all([length(1), length(v.len())]).await;
                assert_eq!(all, [Ok(1), Ok(3)]);
                assert_eq!(try_join(length(1), length(2)).await, Ok((1, 2)));
                assert_eq!(try_join_all([length(1), length(2)]).await, Ok(vec![1, 2]));
                let (first, _, rest) = select_all([length(1), length(2)]).await;
                assert!(first.is_ok() && rest.len() == 1);
                let (mut a, mut b) = (length(1), length(2));
                let (mut sum, mut left) = (0, 2);
                while left > 0 {
                    futures_util::select! {
                        n = a => sum += n.unwrap(),
                        n = b => sum += n.unwrap(),
                    }
                    left -= 1;
                }
                assert_eq!(sum, 3);
            })
            .await;
        }));
    }

    #[test]
    fn a_handle_that_lost_a_select_can_be_awaited_later() {
        let both = block_on(need_send(async {
            let v = vec![1, 2, 3];
            scope!(|s| {
                let fast = s.spawn(async { v.len() });
                let slow = s.spawn(async {
                    yield_now().await;
                    yield_now().await;
                    v[0]
                });
                match select(slow, fast).await {
                    Either::Right((fast, slow)) => (fast, slow.await),
                    Either::Left(_) => panic!("the slow one was first"),
                }
            })
            .await
        }));
        assert_eq!(both, (Ok(3), Ok(1)));
    }

    #[test]
    fn a_handle_is_polled_by_reference_and_dropped_at_will() {
        let length = block_on(need_send(async {
            let v = vec![1, 2, 3];
            scope!(|s| {
                let mut h = s.spawn(async { v.len() });
                let ready = future::poll_immediate(&mut h).await;
                assert!(ready.is_none());
                drop(s.spawn(async { v.len() }));
                (&mut h).await
            })
            .await
        }));
        assert_eq!(length, Ok(3));
    }

    #[test]
    fn a_handle_is_awaited_by_a_sibling_or_on_another_thread() {
        let (sibling, thread) = block_on(need_send(scope!(|s| {
            let h = s.spawn(async { 3 });
            let sibling = s.spawn(async { h.await.map(|n| n + 1) });
            let h = s.spawn(async { 7 });
            (sibling.await.unwrap(), h)
        })));
        assert_eq!((sibling, on_a_thread(thread)), (Ok(4), Ok(7)));
    }

    #[test]
    fn handles_of_two_scopes_may_change_places() {
        let (a, b) = block_on(need_send(async {
            let (x, y) = (1, 2);
            scope!(|outer| {
                let mut a = outer.spawn(async { x });
                let b = scope!(|inner| {
                    let mut b = inner.spawn(async { y });
                    std::mem::swap(&mut a, &mut b);
                    b.await
                })
                .await;
                (a.await, b)
            })
            .await
        }));
        assert_eq!((a, b), (Ok(2), Ok(1)));
    }

    #[test]
    fn what_was_refused_comes_back_and_may_be_awaited_in_place() {
        let n = block_on(need_send(async {
            let v = vec![1, 2, 3];
            scope!(limit = limit(1), |s| {
                let first = s.spawn(async { 1 });
                let n = match s.try_spawn(async { v.len() }) {
                    Ok(handle) => handle.await.unwrap(),
                    Err(refused) => refused.into_inner().await,
                };
                first.await.map(|first| first + n)
            })
            .await
        }));
        assert_eq!(n, Ok(4));
    }
}

mod macros {
    use super::*;

    #[test]
    fn all_four_take_settings() {
        // A child that yields shows how many run beside it.
        async fn watch(running: &Cell<usize>, most: &Cell<usize>) {
            running.set(running.get() + 1);
            most.set(most.get().max(running.get()));
            yield_now().await;
            running.set(running.get() - 1);
        }
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let watch_sync = || async {
            most.fetch_max(
                running.fetch_add(1, Ordering::Relaxed) + 1,
                Ordering::Relaxed,
            );
            yield_now().await;
            running.fetch_sub(1, Ordering::Relaxed);
        };
        block_on(need_send(async {
            scope!(limit = limit(2), |s| {
                for _ in 0..5 {
                    s.spawn(watch_sync());
                }
            })
            .await;
            assert_eq!(most.swap(0, Ordering::Relaxed), 2);
            let inferred = try_scope!(limit = limit(3), |s| {
                for _ in 0..5 {
                    s.spawn(watch_sync());
                }
                Err::<(), _>("inferred")
            });
            assert_eq!(inferred.await, Err("inferred"));
            let named = try_scope!(limit = limit(3), |s| -> Infallible {
                for _ in 0..5 {
                    s.spawn(watch_sync());
                }
                Ok(())
            });
            assert_eq!(named.await, Ok(()));
            assert_eq!(most.swap(0, Ordering::Relaxed), 3);
        }));
        let (running, most) = (Cell::new(0), Cell::new(0));
        block_on(async {
            local_scope!(limit = limit(2), |s| {
                for _ in 0..5 {
                    s.spawn(watch(&running, &most));
                }
            })
            .await;
            assert_eq!(most.replace(0), 2);
            let inferred = try_local_scope!(limit = limit(3), |s| {
                s.spawn_try(async { Err::<(), _>("inferred") });
                Ok(())
            });
            assert_eq!(inferred.await, Err("inferred"));
            let named = try_local_scope!(limit = limit(3), |s| -> Infallible {
                for _ in 0..5 {
                    s.spawn(watch(&running, &most));
                }
                Ok(())
            });
            assert_eq!(named.await, Ok(()));
            assert_eq!(most.get(), 3);
        });
    }

    #[test]
    fn all_four_take_a_body_that_spawns_nothing() {
        block_on(async {
            assert_eq!(need_send(scope!(|_s| { 1 })).await, 1);
            assert_eq!(
                need_send(try_scope!(|_s| { Err::<(), _>(2) })).await,
                Err(2)
            );
            assert_eq!(need_send(try_scope!(|_s| -> u8 { Ok(2) })).await, Ok(2));
            assert_eq!(local_scope!(|_s| { 3 }).await, 3);
            assert_eq!(try_local_scope!(|_s| { Err::<(), _>(4) }).await, Err(4));
            assert_eq!(try_local_scope!(|_s| -> u8 { Ok(4) }).await, Ok(4));
            scope!(|_s| {}).await;
        });
    }

    #[test]
    fn they_are_called_by_path_too() {
        block_on(async {
            assert_eq!(
                pleach::scope!(|s| { s.spawn(async { 1 }).await }).await,
                Ok(1)
            );
            let n = pleach::try_scope!(|s| -> () { Ok(s.spawn_try(async { Ok(2) }).await) });
            assert_eq!(n.await, Ok(Ok(2)));
            assert_eq!(
                pleach::local_scope!(|s| { s.spawn(async { 3 }).await }).await,
                Ok(3)
            );
            let n = pleach::try_local_scope!(|s| -> () { Ok(s.spawn_try(async { Ok(4) }).await) });
            assert_eq!(n.await, Ok(Ok(4)));
        });
    }

    #[test]
    fn names_of_the_macros_own_do_not_meet_those_of_the_body() {
        let driver = 1;
        let sum = block_on(scope!(|s| {
            let outer = driver;
            let driver = s.spawn(async move { outer + 1 });
            driver.await.map(|n| n + outer)
        }));
        assert_eq!(sum, Ok(3));
    }

    #[test]
    fn a_scope_is_a_value_that_may_be_made_now_and_awaited_later() {
        let v = vec![1, 2, 3];
        let scope = scope!(|s| { s.spawn(async { v.len() }).await });
        let boxed: Boxed<'_, _> = Box::pin(scope);
        assert_eq!(block_on(boxed), Ok(3));
    }

    #[test]
    fn children_of_a_local_scope_share_what_is_not_send() {
        let seen = Rc::new(RefCell::new(Vec::new()));
        let total = block_on(async {
            let count = Cell::new(0);
            let total = local_scope!(|s| {
                for n in 0..3 {
                    let seen = Rc::clone(&seen);
                    let count = &count;
                    s.spawn(async move {
                        yield_now().await;
                        seen.borrow_mut().push(n);
                        count.set(count.get() + n);
                    });
                }
                let shared = s.spawn(async { Rc::clone(&seen) });
                let nested = s.spawn_with(|s| async move { s.spawn(async { Rc::new(4) }).await });
                shared.await.unwrap().borrow_mut().push(3);
                nested.await.unwrap().map(|n| *n)
            });
            total.await.map(|n| n + count.get())
        });
        assert_eq!(total, Ok(4 + 3));
        seen.borrow_mut().sort_unstable();
        assert_eq!(*seen.borrow(), [0, 1, 2, 3]);
    }

    #[test]
    fn a_local_try_scope_breaks_with_what_is_not_send() {
        let error = Rc::new("broken");
        let result = block_on(try_local_scope!(|s| -> Rc<&'static str> {
            s.spawn_try(async { Err::<(), _>(Rc::clone(&error)) });
            std::future::pending().await
        }));
        assert_eq!(result, Err::<(), _>(error));
    }

    #[test]
    fn a_local_scope_within_a_child_of_a_sendable_one_stays_on_one_thread() {
        let n = on_a_thread(scope!(|s| {
            s.spawn(async {
                let sum = || {
                    let cell = Rc::new(Cell::new(1));
                    block_on(local_scope!(|s| {
                        s.spawn(async { cell.set(cell.get() + 1) });
                    }));
                    cell.get()
                };
                yield_now().await;
                sum()
            })
            .await
        }));
        assert_eq!(n, Ok(2));
    }
}

mod threads {
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
}

/// What is `Send`, `Sync` and `Unpin`. That the rest is not is held by `compile_fail`.
mod auto_traits {
    use super::*;

    fn send<T: Send>() {}
    fn sync<T: Sync>() {}
    fn unpin<T: Unpin>() {}

    type Body = std::future::Ready<()>;
    type NotSend = Rc<()>;

    #[test]
    fn the_parts_of_a_threaded_scope_move_between_threads() {
        send::<Scope<'_>>();
        sync::<Scope<'_>>();
        // An error type counts only when a child or a body yields it.
        send::<Scope<'_, NotSend>>();
        sync::<Scope<'_, NotSend>>();
        send::<Driver<'_>>();
        send::<Driver<'_, NotSend>>();
        send::<Run<'_, Body>>();
        send::<RunTry<'_, Boxed<'_, Result<(), ()>>, (), ()>>();
        send::<Threaded>();
        sync::<Threaded>();
    }

    #[test]
    fn a_handle_is_what_its_output_is_and_sync_whatever_that_is() {
        send::<Handle<u8>>();
        send::<Handle<Cell<u8>>>();
        sync::<Handle<Cell<u8>>>();
        send::<Cancelled>();
        sync::<Cancelled>();
        send::<Refused<Body>>();
        sync::<Refused<Body>>();
    }

    #[test]
    fn all_but_the_futures_of_a_scope_are_unpin() {
        unpin::<Scope<'_>>();
        unpin::<Driver<'_>>();
        unpin::<local::Scope<'_>>();
        unpin::<local::Driver<'_>>();
        unpin::<Handle<std::marker::PhantomPinned>>();
        // These are where their body is.
        unpin::<Run<'_, Body>>();
    }

    /// Implemented twice for what is `Unpin`, so that `holds` is ambiguous there and does not
    /// compile. (The compiler's account of it would quote half of the crate.)
    trait NotUnpin<Marker> {
        fn holds() {}
    }

    impl<T> NotUnpin<()> for T {}
    impl<T: Unpin> NotUnpin<u8> for T {}

    #[test]
    fn the_future_of_a_scope_with_a_pinned_body_is_not_unpin() {
        struct Pinned(std::marker::PhantomPinned);
        impl Future for Pinned {
            type Output = Result<(), ()>;

            fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
                let Self(_) = &*self;
                Poll::Ready(Ok(()))
            }
        }
        <Run<'_, Pinned> as NotUnpin<_>>::holds();
        <RunTry<'_, Pinned, (), ()> as NotUnpin<_>>::holds();
        <Acquire<'_> as NotUnpin<_>>::holds();
        let (driver, _s) = pleach::scope::scope();
        let run = driver.run(Pinned(std::marker::PhantomPinned));
        assert_eq!(block_on(run), Ok(()));
    }

    #[test]
    fn a_semaphores_futures_and_permits_move_between_threads() {
        send::<Semaphore>();
        sync::<Semaphore>();
        unpin::<Semaphore>();
        send::<Acquire<'_>>();
        sync::<Acquire<'_>>();
        send::<Permit<'_>>();
        sync::<Permit<'_>>();
        unpin::<Permit<'_>>();
    }
}
