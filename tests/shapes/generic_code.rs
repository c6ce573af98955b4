//! Scopes in generic code, methods and closures.

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
