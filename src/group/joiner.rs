//! What becomes of the outputs of a group: the trait, and the ways that are provided.

mod all;
mod collect;
mod quorum;

use alloc::vec::Vec;
use core::{convert::Infallible, fmt, ops::ControlFlow};

use crate::cancel::{Cancelled, Cause};

pub use all::{All, TryAll};
pub use collect::{AnyOk, Collect, Collected};
pub use quorum::{NoQuorum, Quorum};

/// What becomes of the outputs of a group, and when it ends.
///
/// It is told of each child that is done, and may end the group then; at the end it makes the
/// result. All of it is called in the task that polls the group, never under a lock, and what
/// panics in it ends the group as the panic of a child does. It is what Java calls a `Joiner`.
///
/// # Examples
///
/// A joiner of one's own: the smallest output, unless one is below a bound, which will do.
///
/// ```
/// use std::ops::ControlFlow;
/// use pleach::group::{Joiner, group};
///
/// struct Smallest { good_enough: u32, best: Option<u32> }
///
/// impl Joiner<u32> for Smallest {
///     type Output = Option<u32>;
///
///     fn on_done(&mut self, _index: usize, output: u32) -> ControlFlow<()> {
///         let best = *self.best.insert(self.best.map_or(output, |best| best.min(output)));
///         if best <= self.good_enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
///     }
///
///     fn finish(self) -> Option<u32> {
///         self.best
///     }
/// }
///
/// # pleach::block_on(async {
/// let offers = [7, 5, 9].map(|offer| async move { offer });
/// let best = group(offers).join(Smallest { good_enough: 5, best: None }).await;
/// assert_eq!(best, Some(5)); // the third was not asked for
/// # });
/// ```
pub trait Joiner<T> {
    /// What the group resolves to.
    type Output;

    /// Is told before the first child is started how many there will be: at least, and at most,
    /// as far as the [source](Iterator::size_hint) knows. Does nothing unless it is overridden.
    fn expect(&mut self, children: (usize, Option<usize>)) {
        let _ = children;
    }

    /// Takes the output of a child that is done. Children are numbered in the order in which they
    /// were started, from 0. After [`Break`](ControlFlow::Break) the others are dropped, nothing
    /// is started any more, and [`finish`](Self::finish) follows.
    fn on_done(&mut self, index: usize, output: T) -> ControlFlow<()>;

    /// Makes the result, when all children are done, or this has ended the group. Nothing of the
    /// group is alive any more.
    fn finish(self) -> Self::Output;

    /// Makes the result when the group was cut short by its
    /// [deadline](super::Join::deadline), its [token](super::Join::token) or the like: an error,
    /// unless it is overridden to give what there is.
    ///
    /// # Errors
    ///
    /// [`Cancelled`] with the cause.
    fn cut_short(self, cause: Cause) -> Result<Self::Output, Cancelled>
    where
        Self: Sized,
    {
        Err(cause.into())
    }
}

/// The first output, whatever it is, at which the others are dropped; `None` without children.
///
/// ```
/// # pleach::block_on(async {
/// use pleach::group::{First, group};
///
/// assert_eq!(group([async { 1 }]).join(First::new()).await, Some(1));
/// # });
/// ```
#[derive(Debug)]
pub struct First<T> {
    output: Option<T>,
}

impl<T> First<T> {
    /// Nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { output: None }
    }
}

impl<T> Default for First<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Joiner<T> for First<T> {
    type Output = Option<T>;

    fn on_done(&mut self, _: usize, output: T) -> ControlFlow<()> {
        self.output = Some(output);
        ControlFlow::Break(())
    }

    fn finish(self) -> Option<T> {
        self.output
    }
}

/// All outputs until one of them is as the predicate wants it, that one included, in the order in
/// which they came, with their numbers. Cut short it gives what there is.
///
/// ```
/// # pleach::block_on(async {
/// use pleach::group::{Until, group};
///
/// let numbers = group([3, 8, 5].map(|n| async move { n }));
/// assert_eq!(numbers.join(Until::new(|n| *n > 7)).await, [(0, 3), (1, 8)]);
/// # });
/// ```
pub struct Until<T, P> {
    is_last: P,
    outputs: Vec<(usize, T)>,
}

impl<T, P: FnMut(&T) -> bool> Until<T, P> {
    /// Until the predicate says `true`.
    #[must_use]
    pub const fn new(is_last: P) -> Self {
        Self {
            is_last,
            outputs: Vec::new(),
        }
    }
}

impl<T, P: FnMut(&T) -> bool> Joiner<T> for Until<T, P> {
    type Output = Vec<(usize, T)>;

    fn on_done(&mut self, index: usize, output: T) -> ControlFlow<()> {
        let is_last = (self.is_last)(&output);
        self.outputs.push((index, output));
        if is_last {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    fn finish(self) -> Self::Output {
        let Self { is_last, outputs } = self;
        // As in `TryAll`.
        drop(is_last);
        outputs
    }

    fn cut_short(self, _: Cause) -> Result<Self::Output, Cancelled> {
        Ok(self.finish())
    }
}

impl<T, P> fmt::Debug for Until<T, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Until")
            .field("outputs", &self.outputs.len())
            .finish_non_exhaustive()
    }
}

/// Drops the outputs as they come, but for the first error, at which the others are dropped. Its
/// memory is constant.
///
/// [`Discard::new`] takes whatever comes; [`TryDiscard::new`] minds errors.
#[derive(Clone, Copy, Debug, Default)]
pub struct Discard {
    _made_here: (),
}

impl Discard {
    /// For outputs of any kind.
    #[must_use]
    pub const fn new() -> Self {
        Self { _made_here: () }
    }
}

impl<T> Joiner<T> for Discard {
    type Output = ();

    fn on_done(&mut self, _: usize, _output: T) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn finish(self) {}
}

/// Drops values as they come; ends at the first error, and drops the others then.
#[derive(Debug)]
pub struct TryDiscard<E = Infallible> {
    error: Option<E>,
}

impl<E> TryDiscard<E> {
    /// No error yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { error: None }
    }
}

impl<E> Default for TryDiscard<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, E> Joiner<Result<T, E>> for TryDiscard<E> {
    type Output = Result<(), E>;

    fn on_done(&mut self, _: usize, output: Result<T, E>) -> ControlFlow<()> {
        match output {
            Ok(_) => ControlFlow::Continue(()),
            Err(error) => {
                self.error = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    fn finish(self) -> Result<(), E> {
        self.error.map_or(Ok(()), Err)
    }
}
