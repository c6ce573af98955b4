//! What can be wrong with a link.

use std::{fmt, io};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is no URL.
    NoUrl,
    /// There is no address for the name of the host.
    NoAddress,
    /// The connection could not be made.
    Connection(io::ErrorKind),
    /// The connection was closed before there was a whole answer.
    HungUp,
    TimedOut,
    /// The answer is not one of HTTP/1.1, for this reason.
    NotHttp(&'static str),
    Status(u16),
    /// The host has failed too often to be asked.
    Skipped,
    RedirectToNowhere,
    RedirectLoop,
    TooManyRedirects,
    /// The page is there, but not the place in it.
    NoAnchor,
}

impl Fault {
    /// What went wrong on a connection.
    pub(crate) fn of(error: &io::Error) -> Self {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
        match error.kind() {
            // Which of them it is hangs on who was quicker.
            BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof => Self::HungUp,
            other => Self::Connection(other),
        }
    }

    /// Whether the same request may well succeed a little later.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::NoAddress | Self::Connection(_) | Self::HungUp | Self::TimedOut => true,
            // 501: the method is not implemented.
            Self::Status(status) => *status == 429 || (*status >= 500 && *status != 501),
            _ => false,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoUrl => f.write_str("not a URL"),
            Self::NoAddress => f.write_str("no such host"),
            Self::Connection(kind) => kind.fmt(f),
            Self::HungUp => f.write_str("the connection was closed too early"),
            Self::TimedOut => f.write_str("no answer in time"),
            Self::NotHttp(why) => write!(f, "not HTTP: {why}"),
            Self::Status(status) => write!(f, "status {status}"),
            Self::Skipped => f.write_str("skipped, since the host has failed too often"),
            Self::RedirectToNowhere => f.write_str("a redirect to nowhere"),
            Self::RedirectLoop => f.write_str("redirects in a circle"),
            Self::TooManyRedirects => f.write_str("too many redirects"),
            Self::NoAnchor => f.write_str("no such place in the page"),
        }
    }
}
