//! Why a token was stopped or cancelled: what users see of it, and how a token keeps it.

use core::{error::Error, fmt, ptr};

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
use super::payload::{Payload, Value};

/// What kind of event stopped or cancelled a token.
///
/// Go's `context` knows two of them, `Canceled` and `DeadlineExceeded`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CauseKind {
    /// Somebody asked for it.
    Requested,
    /// A deadline has passed.
    Deadline,
    /// The scope that owned the token has ended, or was dropped.
    ScopeEnded,
    /// Another child of the scope returned an error.
    SiblingFailed,
    /// Another child of the scope panicked, or a guard was dropped by a panic.
    Panicked,
    /// A guard of the token was dropped.
    Dropped,
    /// The child was aborted by its handle.
    Aborted,
    /// The runtime dropped the task that did it: it shuts down, or is gone.
    Lost,
    /// The program shuts down.
    Shutdown,
    /// Something that the code of the [`Cause`] tells.
    User,
}

/// How far a token has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Go on.
    Running,
    /// Finish what is under way and begin nothing new: drain.
    Stopping,
    /// Leave now.
    Cancelled,
}

impl Phase {
    /// Its name: `running`, `stopping`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Its name.
impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Why a token was stopped or cancelled.
///
/// It is `Copy` and needs no allocation: a [kind](CauseKind), a number for programs and a text
/// for people. What does not fit in there goes beside it, as the payload of
/// `CancelToken::cancel_with_payload`. It is what Go's `WithCancelCause` takes and `Cause`
/// returns.
///
/// # Examples
///
/// ```
/// use pleach::cancel::{Cause, CauseKind};
///
/// const QUOTA: u32 = 7;
/// let cause = Cause::user(QUOTA).text("over quota");
/// assert_eq!((cause.kind(), cause.code()), (CauseKind::User, QUOTA));
/// assert_eq!(cause.to_string(), "over quota (code 7)");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cause {
    kind: CauseKind,
    code: u32,
    text: Option<&'static str>,
}

impl Cause {
    /// The longest text, in bytes.
    pub const MAX_TEXT: usize = u16::MAX as usize;

    /// A cause of this kind, with code 0 and no text.
    #[must_use]
    pub const fn new(kind: CauseKind) -> Self {
        Self {
            kind,
            code: 0,
            text: None,
        }
    }

    /// A cause of the kind [`User`](CauseKind::User), told by `code`.
    #[must_use]
    pub const fn user(code: u32) -> Self {
        Self::new(CauseKind::User).with_code(code)
    }

    /// The same with this code.
    #[must_use]
    pub const fn with_code(self, code: u32) -> Self {
        Self { code, ..self }
    }

    /// The same with this text.
    ///
    /// # Panics
    ///
    /// If it is longer than [`MAX_TEXT`](Self::MAX_TEXT); in a `const` context that is an error
    /// at compile time.
    #[must_use]
    #[track_caller]
    pub const fn text(self, text: &'static str) -> Self {
        assert!(
            text.len() <= Self::MAX_TEXT,
            "the text of a cause is at most `Cause::MAX_TEXT` bytes long"
        );
        Self {
            text: Some(text),
            ..self
        }
    }

    /// What kind it is.
    #[must_use]
    pub const fn kind(&self) -> CauseKind {
        self.kind
    }

    /// The number that it was made with, or 0.
    #[must_use]
    pub const fn code(&self) -> u32 {
        self.code
    }

    /// The text that it was made with.
    #[must_use]
    pub const fn message(&self) -> Option<&'static str> {
        self.text
    }

    /// Whether it is a deadline: Go's `DeadlineExceeded` as opposed to `Canceled`.
    #[must_use]
    pub const fn is_deadline(&self) -> bool {
        matches!(self.kind, CauseKind::Deadline)
    }
}

impl From<CauseKind> for Cause {
    fn from(kind: CauseKind) -> Self {
        Self::new(kind)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text.unwrap_or(match self.kind {
            CauseKind::Requested => "it was asked for",
            CauseKind::Deadline => "the deadline has passed",
            CauseKind::ScopeEnded => "the scope has ended",
            CauseKind::SiblingFailed => "another child of the scope failed",
            CauseKind::Panicked => "a panic",
            CauseKind::Dropped => "its guard was dropped",
            CauseKind::Aborted => "it was aborted",
            CauseKind::Lost => "the runtime dropped the task",
            CauseKind::Shutdown => "the program shuts down",
            CauseKind::User => "a cause of the program's own",
        }))?;
        if self.code != 0 {
            write!(f, " (code {})", self.code)?;
        }
        Ok(())
    }
}

/// There is no result: what should have produced it was cancelled.
///
/// The error of [`Token::check`](super::Token::check), of whatever ran under a token, and of a
/// `Handle` whose child was never started or was dropped before it finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cancelled {
    cause: Cause,
}

impl Cancelled {
    /// Why.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        self.cause
    }
}

impl From<Cause> for Cancelled {
    fn from(cause: Cause) -> Self {
        Self { cause }
    }
}

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cancelled: {}", self.cause)
    }
}

impl Error for Cancelled {}

/// A cause as a token keeps it: a word and a pointer.
///
/// `of` leads to the bytes of the text, or, if `has_payload`, to a block with the text and the
/// payload, of which this holds a count.
#[derive(Debug)]
pub(super) struct Stored {
    code: u32,
    len: u16,
    kind: CauseKind,
    has_payload: bool,
    of: *const u8,
}

// SAFETY: what `of` leads to is a static text, or a block that is `Send + Sync`.
unsafe impl Send for Stored {}
// SAFETY: as above; it is only read through `&Stored`.
unsafe impl Sync for Stored {}

impl Stored {
    /// No cause yet. (It stands in cells that are not to be read.)
    pub(super) const NONE: Self = Self::plain(Cause::new(CauseKind::Requested));

    pub(super) const fn plain(cause: Cause) -> Self {
        let (of, len) = match cause.text {
            // The length fits: `Cause::text` has checked it.
            Some(text) => (text.as_ptr(), text.len() as u16),
            None => (ptr::null(), 0),
        };
        Self {
            code: cause.code,
            len,
            kind: cause.kind,
            has_payload: false,
            of,
        }
    }

    pub(super) fn cause(&self) -> Cause {
        Cause {
            kind: self.kind,
            code: self.code,
            text: self.text(),
        }
    }
}

#[cfg(not(all(feature = "alloc", target_has_atomic = "ptr")))]
impl Stored {
    fn text(&self) -> Option<&'static str> {
        self.plain_text()
    }
}

impl Stored {
    fn plain_text(&self) -> Option<&'static str> {
        if self.of.is_null() {
            return None;
        }
        // SAFETY: without a payload, pointer and length are those of a `&'static str`.
        let bytes = unsafe { core::slice::from_raw_parts(self.of, self.len.into()) };
        // SAFETY: as above.
        Some(unsafe { core::str::from_utf8_unchecked(bytes) })
    }
}

impl Clone for Stored {
    fn clone(&self) -> Self {
        #[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
        if self.has_payload {
            // SAFETY: this holds a count of the block.
            unsafe { Payload::retain(self.of) };
        }
        Self { ..*self }
    }
}

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
impl Stored {
    pub(super) fn with_payload(cause: Cause, value: Value) -> Self {
        Self {
            has_payload: true,
            of: Payload::into_raw(cause.text, value),
            ..Self::plain(cause)
        }
    }

    pub(super) fn payload(&self) -> Option<Value> {
        // SAFETY: this holds a count of the block.
        self.has_payload
            .then(|| unsafe { Payload::of(self.of) }.value())
    }

    fn text(&self) -> Option<&'static str> {
        if self.has_payload {
            // SAFETY: this holds a count of the block.
            return unsafe { Payload::of(self.of) }.text();
        }
        self.plain_text()
    }
}

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
impl Drop for Stored {
    fn drop(&mut self) {
        if self.has_payload {
            // SAFETY: this holds a count of the block, and gives it up.
            unsafe { Payload::release(self.of) };
        }
    }
}
