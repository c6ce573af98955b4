//! So many values, or why not.

use alloc::vec::Vec;
use core::{error::Error, fmt, ops::ControlFlow};

use super::Joiner;

/// So many values, in the order in which they came, at which the others are dropped; or what there
/// was as soon as there cannot be so many any more.
///
/// For the latter the source has to [know](Iterator::size_hint) how many children there are;
/// otherwise it turns out at the end.
///
/// ```
/// # pleach::block_on(async {
/// use pleach::group::{Quorum, group};
///
/// let votes = [Ok("yes"), Err("ill"), Ok("no")];
/// let quorum = group(votes.map(|vote| async move { vote })).join(Quorum::new(2)).await;
/// assert_eq!(quorum, Ok(vec!["yes", "no"]));
///
/// let failed = group(votes.map(|vote| async move { vote })).join(Quorum::new(3)).await.unwrap_err();
/// assert_eq!((failed.values, failed.errors), (vec!["yes"], vec!["ill"])); // no need for the third
/// # });
/// ```
#[derive(Debug)]
pub struct Quorum<T, E> {
    needed: usize,
    /// How many there can still be, if that is known.
    left: Option<usize>,
    values: Vec<T>,
    errors: Vec<E>,
}

/// There were not enough values for a [`Quorum`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoQuorum<T, E> {
    /// How many were needed.
    pub needed: usize,
    /// Those that there were, in the order in which they came.
    pub values: Vec<T>,
    /// The errors, likewise.
    pub errors: Vec<E>,
}

impl<T, E> fmt::Display for NoQuorum<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (values, errors) = (self.values.len(), self.errors.len());
        write!(
            f,
            "{} successes were needed: there were {values}, and {errors} failures",
            self.needed
        )
    }
}

impl<T: fmt::Debug, E: fmt::Debug> Error for NoQuorum<T, E> {}

impl<T, E> Quorum<T, E> {
    /// With so many values.
    #[must_use]
    pub const fn new(needed: usize) -> Self {
        Self {
            needed,
            left: None,
            values: Vec::new(),
            errors: Vec::new(),
        }
    }
}

impl<T, E> Joiner<Result<T, E>> for Quorum<T, E> {
    type Output = Result<Vec<T>, NoQuorum<T, E>>;

    fn expect(&mut self, children: (usize, Option<usize>)) {
        self.left = children.1;
    }

    fn on_done(&mut self, _: usize, output: Result<T, E>) -> ControlFlow<()> {
        match output {
            Ok(value) => self.values.push(value),
            Err(error) => self.errors.push(error),
        }
        self.left = self.left.map(|left| left.saturating_sub(1));
        let hopeless = self
            .left
            .is_some_and(|left| self.values.len().saturating_add(left) < self.needed);
        if self.values.len() >= self.needed || hopeless {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    fn finish(self) -> Self::Output {
        if self.values.len() >= self.needed {
            Ok(self.values)
        } else {
            Err(NoQuorum {
                needed: self.needed,
                values: self.values,
                errors: self.errors,
            })
        }
    }
}
