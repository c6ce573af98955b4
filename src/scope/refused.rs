//! The error of a spawn.

use core::{error::Error, fmt};

/// A future that was not spawned, and why.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Refused<F> {
    pub(super) future: F,
    pub(super) full: bool,
}

impl<F> Refused<F> {
    /// Of a group that is over.
    pub(crate) fn over(future: F) -> Self {
        Self {
            future,
            full: false,
        }
    }

    /// The same, with another future in it.
    #[cfg(feature = "std")]
    pub(crate) fn map<G>(self, f: impl FnOnce(F) -> G) -> Refused<G> {
        Refused {
            future: f(self.future),
            full: self.full,
        }
    }

    /// The future that was refused.
    pub fn into_inner(self) -> F {
        self.future
    }

    /// Whether the scope was at its limit; if not, it was cancelled or over, and will not
    /// start anything any more.
    pub fn is_full(&self) -> bool {
        self.full
    }
}

impl<F> fmt::Debug for Refused<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refused")
            .field("full", &self.full)
            .finish_non_exhaustive()
    }
}

impl<F> fmt::Display for Refused<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.full {
            "the scope is at its limit: use `spawn` to queue the child, or try again later"
        } else {
            "the scope was cancelled or is over, and starts nothing any more"
        })
    }
}

impl<F> Error for Refused<F> {}
