//! Values and errors: all of them, or the first value.

use alloc::vec::Vec;
use core::{error::Error, fmt, ops::ControlFlow};

use super::{Joiner, all::Numbered};
use crate::cancel::{Cancelled, Cause};

/// Every value and every error: nobody's failure stops the others. Cut short it gives what there
/// is.
///
/// ```
/// # pleach::block_on(async {
/// use pleach::group::{Collect, group};
///
/// let words = ["1", "x", "3"];
/// let collected = group(words.map(|s| async { s.parse::<u8>() })).join(Collect::new()).await;
/// assert_eq!(collected.values, [(0, 1), (2, 3)]);
/// assert_eq!(collected.errors[0].0, 1);
/// assert!(collected.into_result().is_err());
/// # });
/// ```
#[derive(Debug)]
pub struct Collect<T, E> {
    // As they come: of one kind there may be few, however many children there are.
    values: Vec<(usize, T)>,
    errors: Vec<(usize, E)>,
}

/// What [`Collect`] makes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Collected<T, E> {
    /// The values of those that succeeded, with their numbers, in the order in which the children
    /// were started.
    pub values: Vec<(usize, T)>,
    /// The errors of those that failed, likewise.
    pub errors: Vec<(usize, E)>,
    /// Why the group was cut short, if it was: then there were children without an output.
    pub cause: Option<Cause>,
}

impl<T, E> Collected<T, E> {
    /// The values alone, if there was no error and the group was not cut short.
    ///
    /// # Errors
    ///
    /// All of it.
    pub fn into_result(self) -> Result<Vec<T>, Self> {
        if self.errors.is_empty() && self.cause.is_none() {
            Ok(self.values.into_iter().map(|(_, value)| value).collect())
        } else {
            Err(self)
        }
    }
}

impl<T, E: fmt::Display> fmt::Display for Collected<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (done, failed) = (self.values.len(), self.errors.len());
        write!(f, "{failed} of {} failed", done + failed)?;
        for (index, error) in &self.errors {
            write!(f, "\n{index}: {error}")?;
        }
        match self.cause {
            Some(cause) => write!(f, "\nthe others were cancelled: {cause}"),
            None => Ok(()),
        }
    }
}

impl<T: fmt::Debug, E: fmt::Debug + fmt::Display> Error for Collected<T, E> {}

impl<T, E> Collect<T, E> {
    /// Nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            values: Vec::new(),
            errors: Vec::new(),
        }
    }

    fn collected(mut self, cause: Option<Cause>) -> Collected<T, E> {
        self.values.sort_unstable_by_key(|(index, _)| *index);
        self.errors.sort_unstable_by_key(|(index, _)| *index);
        Collected {
            values: self.values,
            errors: self.errors,
            cause,
        }
    }
}

impl<T, E> Default for Collect<T, E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, E> Joiner<Result<T, E>> for Collect<T, E> {
    type Output = Collected<T, E>;

    fn on_done(&mut self, index: usize, output: Result<T, E>) -> ControlFlow<()> {
        match output {
            Ok(value) => self.values.push((index, value)),
            Err(error) => self.errors.push((index, error)),
        }
        ControlFlow::Continue(())
    }

    fn finish(self) -> Self::Output {
        self.collected(None)
    }

    fn cut_short(self, cause: Cause) -> Result<Self::Output, Cancelled> {
        Ok(self.collected(Some(cause)))
    }
}

/// The first value, at which the others are dropped; or all errors, in the order in which the
/// children were started.
///
/// ```
/// # pleach::block_on(async {
/// use pleach::group::{AnyOk, group};
///
/// let words = ["x", "2", "3"];
/// let number = group(words.map(|s| async { s.parse::<u8>() })).join(AnyOk::new()).await;
/// assert_eq!(number, Ok(2));
/// # });
/// ```
#[derive(Debug)]
pub struct AnyOk<T, E> {
    value: Option<T>,
    errors: Numbered<E>,
}

impl<T, E> AnyOk<T, E> {
    /// Nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            value: None,
            errors: Numbered::new(),
        }
    }
}

impl<T, E> Default for AnyOk<T, E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, E> Joiner<Result<T, E>> for AnyOk<T, E> {
    type Output = Result<T, Vec<E>>;

    fn on_done(&mut self, index: usize, output: Result<T, E>) -> ControlFlow<()> {
        match output {
            Ok(value) => {
                self.value = Some(value);
                ControlFlow::Break(())
            }
            Err(error) => {
                self.errors.put(index, error);
                ControlFlow::Continue(())
            }
        }
    }

    fn finish(self) -> Self::Output {
        let Self { value, errors } = self;
        match value {
            Some(value) => {
                // As in `TryAll`.
                drop(errors);
                Ok(value)
            }
            None => Err(errors.into_values()),
        }
    }
}
