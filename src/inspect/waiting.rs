//! Waits for what is not of this crate: who polls it says what it is. The same with the feature and without: what
//! it is made of is nothing then.

use core::{
    fmt,
    future::{Future, IntoFuture},
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::future::FusedFuture;
use pin_project_lite::pin_project;

use super::{Name, Site, as_named, note_named};

/// `future`, which waits for `what`: a socket, a process, whatever is not of this crate.
///
/// As long as it is pending, the child that awaits it is told of with a wait of that name, that was begun at this
/// call: in pictures, in reports and to observers. The kind of it is `WaitKind::Other`, and a `StallReport` says that it may be
/// ended from outside.
///
/// Where `future` notes a wait itself, as all futures of this crate do, that is told and the name is not: it is known
/// what is waited at there, and who could end it. So name the socket's future and not what is around it: a `select!` of
/// that and a token is told as a wait at the token.
///
/// The name is a reference to a text, which is one word, so that it needs no memory and can be read while it is written:
/// `&"upstream"`, or that of a `const` or `static`. It is for the whole program, so a reference to a local variable is
/// none, whatever that holds; a name that is known only at run time, from a configuration say, is made once, by
/// `Box::leak(Box::new(name))`, where `name` is a `&'static str`.
///
/// Without the feature `inspect` this is `future` and nothing else. Does not allocate.
///
/// # Cancel safety
///
/// That of `future`: there is nothing else to lose.
///
/// # Examples
///
/// ```
/// use pleach::{inspect::waiting, scope};
///
/// # pleach::block_on(async {
/// # async fn ask() -> u32 { 42 }
/// let answer = scope!(|s| {
///     let answer = s.spawn(async { waiting(&"upstream's answer", ask()).await });
///     answer.await.unwrap()
/// })
/// .await;
/// # assert_eq!(answer, 42);
/// # });
/// ```
#[cfg_attr(feature = "inspect", track_caller)]
pub fn waiting<F: IntoFuture>(what: &'static &'static str, future: F) -> Waiting<F::IntoFuture> {
    Waiting {
        mark: WaitMark::new(what),
        future: future.into_future(),
    }
}

pin_project! {
    /// A future whose wait has a name: [`waiting`].
    #[must_use = "futures do nothing unless awaited or polled"]
    pub struct Waiting<F> {
        mark: WaitMark,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Waiting<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        this.mark.poll(cx, |cx| this.future.poll(cx))
    }
}

impl<F: FusedFuture> FusedFuture for Waiting<F> {
    fn is_terminated(&self) -> bool {
        self.future.is_terminated()
    }
}

impl<F> fmt::Debug for Waiting<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiting").finish_non_exhaustive()
    }
}

/// What a future that is written by hand has, to say what it waits for: the name, the place, and since when.
///
/// It is kept in the future, or whatever else is polled, from one poll to the next. See [`waiting`] for what is told.
/// Without the feature `inspect` it takes no memory and does nothing. Does not allocate.
///
/// # Examples
///
/// A socket, of which one knows which of its waits are for what:
///
/// ```
/// use std::{io, task::{Context, Poll}};
/// use pleach::inspect::WaitMark;
///
/// # struct Socket;
/// # impl Socket {
/// #     fn poll_read(&mut self, _: &mut Context<'_>, _: &mut [u8]) -> Poll<io::Result<usize>> { Poll::Pending }
/// # }
/// struct Client {
///     socket: Socket,
///     reading: WaitMark,
/// }
///
/// impl Client {
///     fn new(socket: Socket) -> Self {
///         Self { socket, reading: WaitMark::new(&"the client's bytes") }
///     }
///
///     fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
///         self.reading.poll(cx, |cx| self.socket.poll_read(cx, into))
///     }
/// }
/// # let mut client = Client::new(Socket);
/// # let _ = client.poll_read(&mut Context::from_waker(std::task::Waker::noop()), &mut []);
/// ```
#[derive(Debug)]
pub struct WaitMark {
    name: Name,
    site: Site,
}

impl WaitMark {
    /// For waits for `what`, which the pictures say were begun here.
    #[cfg_attr(feature = "inspect", track_caller)]
    #[must_use]
    pub const fn new(what: &'static &'static str) -> Self {
        Self {
            name: Name::new(what),
            site: Site::here(),
        }
    }

    /// Does a poll that is part of such a wait: if it is pending the wait goes on, and if it is ready that is over, and
    /// the next one begins anew. If `poll` notes a wait itself, that is told instead, as of [`waiting`].
    ///
    /// A mark does not know that a wait was given up, as that of a read that has lost a `select!`: who polls by it calls
    /// [`renew`](Self::renew) then, or the next wait is told to have begun when that one did.
    #[inline]
    pub fn poll<R>(
        &self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        let polled = as_named(cx, self.name, &self.site, poll);
        if polled.is_ready() {
            self.renew();
        }
        polled
    }

    /// Notes such a wait: to be called in each poll that is about to return `Pending`, with its context.
    ///
    /// What is noted is of that poll of the child, and void with its next one.
    #[inline]
    pub fn note(&self, cx: &Context<'_>) {
        note_named(cx, self.name, &self.site);
    }

    /// The wait is over; if there is another one, its time begins when it is noted.
    #[inline]
    pub fn renew(&self) {
        self.site.renew();
    }
}
