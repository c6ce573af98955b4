//! The groups that are made most: a function over items, so many at a time.

use core::{future::Future, iter, num::NonZeroUsize};

use super::{All, Discard, Group, Iter, Join, TryAll, TryDiscard, group};

/// Items, and what makes children of them.
type Map<I, G> = Iter<iter::Map<<I as IntoIterator>::IntoIter, G>>;

fn over<I, G, F>(items: I, limit: NonZeroUsize, child: G) -> Group<Map<I, G>>
where
    I: IntoIterator,
    G: FnMut(I::Item) -> F,
    F: Future,
{
    group(items.into_iter().map(child)).limit(limit)
}

/// Runs a child for each item, at most `limit` at a time, and drops the outputs.
///
/// Constant memory. It is what `SetLimit` is for in Go's `errgroup`.
///
/// # Examples
///
/// ```
/// # pleach::block_on(async {
/// use std::{cell::Cell, num::NonZeroUsize};
/// use pleach::group::for_each_limit;
///
/// let sum = Cell::new(0);
/// let add = |n| {
///     let sum = &sum;
///     async move { sum.set(sum.get() + n) }
/// };
/// for_each_limit(1..=100, NonZeroUsize::new(8).unwrap(), add).await;
/// assert_eq!(sum.get(), 5050);
/// # });
/// ```
#[cfg_attr(feature = "inspect", track_caller)]
pub fn for_each_limit<I, G, F>(items: I, limit: NonZeroUsize, child: G) -> Join<Map<I, G>, Discard>
where
    I: IntoIterator,
    G: FnMut(I::Item) -> F,
    F: Future,
{
    over(items, limit, child).join(Discard::new())
}

/// As [`for_each_limit`], until the first error, at which the others are dropped.
#[cfg_attr(feature = "inspect", track_caller)]
pub fn try_for_each_limit<I, G, F, T, E>(
    items: I,
    limit: NonZeroUsize,
    child: G,
) -> Join<Map<I, G>, TryDiscard<E>>
where
    I: IntoIterator,
    G: FnMut(I::Item) -> F,
    F: Future<Output = Result<T, E>>,
{
    over(items, limit, child).join(TryDiscard::new())
}

/// Runs a child for each item, at most `limit` at a time; gives the outputs in the order of the
/// items.
///
/// # Examples
///
/// ```
/// # pleach::block_on(async {
/// use std::num::NonZeroUsize;
/// use pleach::group::map_ordered;
///
/// let squares = map_ordered(1..=3, NonZeroUsize::MIN, |n| async move { n * n }).await;
/// assert_eq!(squares, [1, 4, 9]);
/// # });
/// ```
#[cfg_attr(feature = "inspect", track_caller)]
pub fn map_ordered<I, G, F>(
    items: I,
    limit: NonZeroUsize,
    child: G,
) -> Join<Map<I, G>, All<F::Output>>
where
    I: IntoIterator,
    G: FnMut(I::Item) -> F,
    F: Future,
{
    over(items, limit, child).join(All::new())
}

/// As [`map_ordered`], until the first error, at which the others are dropped.
#[cfg_attr(feature = "inspect", track_caller)]
pub fn try_map_ordered<I, G, F, T, E>(
    items: I,
    limit: NonZeroUsize,
    child: G,
) -> Join<Map<I, G>, TryAll<T, E>>
where
    I: IntoIterator,
    G: FnMut(I::Item) -> F,
    F: Future<Output = Result<T, E>>,
{
    over(items, limit, child).join(TryAll::new())
}

/// As [`map_ordered`], with the outputs in the order in which they came.
#[cfg_attr(feature = "inspect", track_caller)]
pub fn map_unordered<I, G, F>(
    items: I,
    limit: NonZeroUsize,
    child: G,
) -> Join<Map<I, G>, All<F::Output>>
where
    I: IntoIterator,
    G: FnMut(I::Item) -> F,
    F: Future,
{
    over(items, limit, child).join(All::unordered())
}

/// As [`map_unordered`], until the first error, at which the others are dropped.
#[cfg_attr(feature = "inspect", track_caller)]
pub fn try_map_unordered<I, G, F, T, E>(
    items: I,
    limit: NonZeroUsize,
    child: G,
) -> Join<Map<I, G>, TryAll<T, E>>
where
    I: IntoIterator,
    G: FnMut(I::Item) -> F,
    F: Future<Output = Result<T, E>>,
{
    over(items, limit, child).join(TryAll::unordered())
}
