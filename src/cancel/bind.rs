//! Closers: what is closed when a token is cancelled.

use alloc::sync::Arc;
use core::{fmt, ops::Deref};

use super::{CancelToken, callback::Registration, cause::Cause};
use crate::{
    Semaphore, channel,
    sys::{
        atomic::{AtomicUsize, Ordering},
        lock::Lock,
    },
};

/// What can be closed from outside, so that those who use it come back: a socket, a semaphore, a
/// channel.
///
/// Java's `Closeable` and Go's `io.Closer`, for [`CancelToken::bind`]. It is called in the thread
/// that cancels, so it must not wait for long.
pub trait Close {
    /// Closes it. `why` is the cause if a token was cancelled.
    fn close(&self, why: Option<Cause>);
}

impl Close for Semaphore {
    fn close(&self, _: Option<Cause>) {
        Semaphore::close(self);
    }
}

/// Closes the channel, as [`close`](crate::channel::SendEnd::close) does. (Whoever imports the trait
/// gets at that one by a `&SendEnd`.)
impl<T> Close for channel::Sender<T> {
    fn close(&self, _: Option<Cause>) {
        (**self).close();
    }
}

/// Closes the channel, as [`close`](crate::channel::RecvEnd::close) does. (Whoever imports the trait
/// gets at that one by a `&RecvEnd`.)
impl<T> Close for channel::Receiver<T> {
    fn close(&self, _: Option<Cause>) {
        (**self).close();
    }
}

impl<C: Close + ?Sized> Close for Arc<C> {
    fn close(&self, why: Option<Cause>) {
        C::close(self, why);
    }
}

/// Shuts both directions down: reads and writes that wait come back.
#[cfg(feature = "std")]
impl Close for std::net::TcpStream {
    fn close(&self, _: Option<Cause>) {
        // An error means that it is not connected any more.
        let _ = self.shutdown(std::net::Shutdown::Both);
    }
}

/// Shuts both directions down: reads and writes that wait come back.
#[cfg(all(feature = "std", unix))]
impl Close for std::os::unix::net::UnixStream {
    fn close(&self, _: Option<Cause>) {
        // An error means that it is not connected any more.
        let _ = self.shutdown(std::net::Shutdown::Both);
    }
}

impl CancelToken {
    /// Closes `resource` when the token is cancelled, for work that does not look at tokens
    /// because it waits for the resource.
    ///
    /// It is closed once: by the cancellation, or by [`Bound::close`], whichever comes first.
    /// Dropping the [`Bound`] leaves the resource to its own destructor. Neither leaves anything
    /// behind at the token.
    ///
    /// # Examples
    ///
    /// A thread that blocks in a read leaves it when the token is cancelled:
    ///
    /// ```
    /// use std::{io::Read, net::{TcpListener, TcpStream}, thread};
    /// use pleach::CancelToken;
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    /// let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    /// let token = CancelToken::new();
    /// let stream = token.bind(stream);
    /// let reader = thread::spawn(move || (&*stream).read(&mut [0]).unwrap());
    /// token.cancel();
    /// assert_eq!(reader.join().unwrap(), 0);
    /// ```
    pub fn bind<C>(&self, resource: C) -> Bound<C>
    where
        C: Close + Send + Sync + 'static,
    {
        let inner = Arc::new(Inner {
            resource,
            is_closed: AtomicUsize::new(0),
        });
        let of_callback = Arc::clone(&inner);
        let registration = self.on_cancel(move |cause| {
            of_callback.close(Some(cause));
        });
        Bound {
            inner,
            registration: Lock::new(Some(registration)),
        }
    }
}

/// A resource that is closed when its token is cancelled; from [`CancelToken::bind`].
///
/// It derefs to the resource.
pub struct Bound<C> {
    inner: Arc<Inner<C>>,
    registration: Lock<Option<Registration>>,
}

struct Inner<C> {
    resource: C,
    is_closed: AtomicUsize,
}

impl<C: Close> Inner<C> {
    fn close(&self, why: Option<Cause>) -> bool {
        // Release: pairs with the load in `is_closed`. (Who comes second in `close` has gone through
        // the locks of registration and token behind the first.)
        let is_first = self.is_closed.fetch_or(1, Ordering::Release) == 0;
        if is_first {
            self.resource.close(why);
        }
        is_first
    }
}

impl<C: Close> Bound<C> {
    /// Closes the resource, unless it is closed already; returns whether this did it. The token
    /// forgets it.
    pub fn close(&self) -> bool {
        drop(self.registration.with(Option::take));
        self.inner.close(None)
    }

    /// Whether it has been closed, by the token or by hand.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        // Acquire: pairs with the RMW in `Inner::close`.
        self.inner.is_closed.load(Ordering::Acquire) != 0
    }
}

impl<C> Deref for Bound<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.inner.resource
    }
}

impl<C: fmt::Debug> fmt::Debug for Bound<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bound").field(&self.inner.resource).finish()
    }
}
