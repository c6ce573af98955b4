//! Leaving the body early.

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
                    let n =
                        scope!(|inner| { inner.spawn(async { words[0].parse::<usize>() }).await });
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
