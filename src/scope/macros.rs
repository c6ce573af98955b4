//! The everyday forms. Each is one `async` block around a driver and its handle.

/// Runs a block with a scope to spawn children into; all are done when it resolves.
///
/// `scope!(|s| { .. })` is a future; its output is the value of the block. The block is the
/// *body*: an `async` block that borrows what is around it, with `s`, a
/// [`Scope`](crate::scope::Scope), to spawn with ([`clone`](Clone::clone) it to move it into a
/// child). `?` and `return` leave the body, not the function around it; the children are
/// awaited all the same.
///
/// Settings of the [`Driver`](crate::scope::Driver) go before the body:
/// `scope!(limit = n, |s| { .. })` is `driver.limit(n)`.
///
/// The future is `Send` if body and children are. See the [module](mod@crate::scope) for what a
/// scope promises, and [`try_scope!`](crate::try_scope!) for one that an error ends.
///
/// # Examples
///
/// ```
/// # pleach::block_on(async {
/// let mut numbers = [1, 2, 3, 4];
/// pleach::scope!(|s| {
///     for pair in numbers.chunks_mut(2) {
///         s.spawn(async move { pair.reverse() });
///     }
/// })
/// .await;
/// assert_eq!(numbers, [2, 1, 4, 3]);
/// # });
/// ```
#[macro_export]
macro_rules! scope {
    ($($setting:ident = $value:expr,)* |$scope:pat_param| $body:block) => {
        async {
            let (driver, $scope) = $crate::scope::scope();
            $(let driver = driver.$setting($value);)*
            driver.run(async $body).await
        }
    };
    ($($setting:ident = $value:expr,)* |$scope:pat_param| $body:expr) => {
        $crate::scope!($($setting = $value,)* |$scope| { $body })
    };
}

/// As [`scope!`](crate::scope!), but the first error ends the scope and is its result.
///
/// The body is a block that gives a `Result`; children whose error ends the scope are
/// spawned with [`spawn_try`](crate::scope::Scope::spawn_try). When an error comes, body and
/// children are dropped, and the scope resolves to that error. Where the type of the error
/// is not clear from the body, it is named: `try_scope!(|s| -> io::Error { .. })`.
///
/// This is Go's `errgroup.WithContext`, except that children are dropped rather than told to
/// stop.
///
/// # Examples
///
/// ```
/// # pleach::block_on(async {
/// let result = pleach::try_scope!(|s| -> std::num::ParseIntError {
///     let (a, b) = (s.spawn_try(async { "2".parse::<u8>() }), s.spawn_try(async { "x".parse::<u8>() }));
///     Ok((a.await, b.await))
/// })
/// .await;
/// assert_eq!(result.unwrap_err().to_string(), "invalid digit found in string");
/// # });
/// ```
#[macro_export]
macro_rules! try_scope {
    ($($setting:ident = $value:expr,)* |$scope:pat_param| -> $error:ty $body:block) => {
        async {
            let (driver, $scope) = $crate::scope::try_scope::<$error>();
            $(let driver = driver.$setting($value);)*
            driver.run_try(async $body).await
        }
    };
    ($($setting:ident = $value:expr,)* |$scope:pat_param| $body:block) => {
        $crate::try_scope!($($setting = $value,)* |$scope| -> _ $body)
    };
    ($($setting:ident = $value:expr,)* |$scope:pat_param| $body:expr) => {
        $crate::try_scope!($($setting = $value,)* |$scope| { $body })
    };
}

/// As [`scope!`](crate::scope!), for children that are not `Send`; see
/// [`scope::local`](crate::scope::local).
#[macro_export]
macro_rules! local_scope {
    ($($setting:ident = $value:expr,)* |$scope:pat_param| $body:block) => {
        async {
            let (driver, $scope) = $crate::scope::local::scope();
            $(let driver = driver.$setting($value);)*
            driver.run(async $body).await
        }
    };
    ($($setting:ident = $value:expr,)* |$scope:pat_param| $body:expr) => {
        $crate::local_scope!($($setting = $value,)* |$scope| { $body })
    };
}

/// As [`try_scope!`](crate::try_scope!), for children that are not `Send`; see
/// [`scope::local`](crate::scope::local).
#[macro_export]
macro_rules! try_local_scope {
    ($($setting:ident = $value:expr,)* |$scope:pat_param| -> $error:ty $body:block) => {
        async {
            let (driver, $scope) = $crate::scope::local::try_scope::<$error>();
            $(let driver = driver.$setting($value);)*
            driver.run_try(async $body).await
        }
    };
    ($($setting:ident = $value:expr,)* |$scope:pat_param| $body:block) => {
        $crate::try_local_scope!($($setting = $value,)* |$scope| -> _ $body)
    };
    ($($setting:ident = $value:expr,)* |$scope:pat_param| $body:expr) => {
        $crate::try_local_scope!($($setting = $value,)* |$scope| { $body })
    };
}
