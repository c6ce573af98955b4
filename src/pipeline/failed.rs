//! How a pipeline ends that was cut short.

use alloc::{vec, vec::Vec};
use core::{error::Error, fmt};

/// A pipeline was cut short, by an error or by a cancellation.
///
/// It is the error of the scope that a [`Pipeline`](super::Pipeline) belongs to. `?` in the body of
/// that scope makes one of a single error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed<E> {
    errors: Vec<E>,
    unprocessed: usize,
}

impl<E> Failed<E> {
    pub(super) fn new(errors: Vec<E>, unprocessed: usize) -> Self {
        Self {
            errors,
            unprocessed,
        }
    }

    /// The first error; none if the pipeline was cancelled.
    #[must_use]
    pub fn error(&self) -> Option<&E> {
        self.errors.first()
    }

    /// All errors, in the order in which they came: workers that had an item in hand when the
    /// first one came may have failed too.
    #[must_use]
    pub fn errors(&self) -> &[E] {
        &self.errors
    }

    /// As [`error`](Self::error), by value.
    #[must_use]
    pub fn into_error(self) -> Option<E> {
        self.errors.into_iter().next()
    }

    /// As [`errors`](Self::errors), by value.
    #[must_use]
    pub fn into_errors(self) -> Vec<E> {
        self.errors
    }

    /// How many items were on their way, and were neither received at the end of the pipeline nor
    /// given to a worker that failed.
    ///
    /// A chunk counts as one. Those that lay behind the last stage are among them, and a receiver
    /// that is kept outside of the scope can still take these.
    #[must_use]
    pub fn unprocessed(&self) -> usize {
        self.unprocessed
    }
}

impl<E> From<E> for Failed<E> {
    fn from(error: E) -> Self {
        Self::new(vec![error], 0)
    }
}

impl<E: fmt::Display> fmt::Display for Failed<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.errors.as_slice() {
            [] => f.write_str("the pipeline was cancelled")?,
            [only] => only.fmt(f)?,
            [first, more @ ..] => write!(f, "{first} (and {} more errors)", more.len())?,
        }
        if self.unprocessed > 0 {
            write!(f, "; {} items were left unprocessed", self.unprocessed)?;
        }
        Ok(())
    }
}

impl<E: Error + 'static> Error for Failed<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error().map(|error| error as _)
    }
}
