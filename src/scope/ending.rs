//! How a scope fails, and what it comes to in the end.

use core::panic::{RefUnwindSafe, UnwindSafe};

use crate::{
    cancel::CauseKind,
    sys::unwind::{self, FirstPanic, Payload},
};

/// What ends a scope early.
#[derive(Debug)]
pub(super) enum Failure<B> {
    /// A child's error, or the body's, or one from outside.
    Broke(B),
    /// A child or the body panicked.
    Panicked(Payload),
}

impl<B> Failure<B> {
    pub(super) fn kind(&self) -> CauseKind {
        match self {
            Self::Broke(_) => CauseKind::SiblingFailed,
            Self::Panicked(_) => CauseKind::Panicked,
        }
    }
}

/// What has failed in a scope that ends: the first error and the first panic, which beats it.
#[derive(Debug)]
pub(super) struct Ending<B> {
    broke: Option<B>,
    panics: FirstPanic,
}

// It is kept for the user and not looked at.
impl<B> UnwindSafe for Ending<B> {}
impl<B> RefUnwindSafe for Ending<B> {}

impl<B> Default for Ending<B> {
    fn default() -> Self {
        Self {
            broke: None,
            panics: FirstPanic::default(),
        }
    }
}

impl<B> Ending<B> {
    pub(super) fn note(&mut self, failure: Failure<B>) {
        match failure {
            Failure::Panicked(payload) => self.panics.note(Err(payload)),
            Failure::Broke(error) if self.broke.is_none() => self.broke = Some(error),
            Failure::Broke(error) => self.panics.run(|| drop(error)),
        }
    }

    pub(super) fn note_panic(&mut self, result: Result<(), Payload>) {
        self.panics.note(result);
    }

    pub(super) fn into_result(self) -> Result<(), Failure<B>> {
        match (self.panics.into_result(), self.broke) {
            (Ok(()), None) => Ok(()),
            (Ok(()), Some(error)) => Err(Failure::Broke(error)),
            (Err(payload), broke) => {
                unwind::swallow(|| drop(broke));
                Err(Failure::Panicked(payload))
            }
        }
    }
}
