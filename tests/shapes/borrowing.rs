//! What children may borrow.

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
