//! The everyday forms, as those of `scope/macros.rs`.

/// As [`scope!`](crate::scope!), for children that run as tasks of a runtime: see
/// [`par`](mod@crate::par).
///
/// `par_scope!(runtime, |s| { .. })`, with settings of the [`ParDriver`](crate::par::ParDriver) before
/// the body: `par_scope!(runtime, limit = n, |s| { .. })`. `s` is a
/// [`ParScope`](crate::par::ParScope).
#[macro_export]
macro_rules! par_scope {
    ($runtime:expr, $($setting:ident = $value:expr,)* |$scope:pat_param| $body:block) => {
        async {
            let (driver, $scope) = $crate::par::par_scope($runtime);
            $(let driver = driver.$setting($value);)*
            driver.run(async $body).await
        }
    };
    ($runtime:expr, $($setting:ident = $value:expr,)* |$scope:pat_param| $body:expr) => {
        $crate::par_scope!($runtime, $($setting = $value,)* |$scope| { $body })
    };
}

/// As [`try_scope!`](crate::try_scope!), for children that run as tasks of a runtime: see
/// [`par`](mod@crate::par).
///
/// # Examples
///
/// ```
#[doc = include_str!("setup.md")]
/// # use pleach::try_par_scope;
/// # block_on(async {
/// let result = try_par_scope!(runtime, |s| {
///     let (a, b) = (s.spawn_try(async { "2".parse::<u8>() }), s.spawn_try(async { "x".parse::<u8>() }));
///     Ok((a.await, b.await))
/// })
/// .await;
/// assert_eq!(result.unwrap_err().to_string(), "invalid digit found in string");
/// # });
/// ```
#[macro_export]
macro_rules! try_par_scope {
    ($runtime:expr, $($setting:ident = $value:expr,)* |$scope:pat_param| -> $error:ty $body:block) => {
        async {
            let (driver, $scope) = $crate::par::try_par_scope::<_, $error>($runtime);
            $(let driver = driver.$setting($value);)*
            driver.run_try(async $body).await
        }
    };
    ($runtime:expr, $($setting:ident = $value:expr,)* |$scope:pat_param| $body:block) => {
        $crate::try_par_scope!($runtime, $($setting = $value,)* |$scope| -> _ $body)
    };
    ($runtime:expr, $($setting:ident = $value:expr,)* |$scope:pat_param| $body:expr) => {
        $crate::try_par_scope!($runtime, $($setting = $value,)* |$scope| { $body })
    };
}
