//! Watching on the heap: values of any type, counted handles.

use alloc::sync::Arc;
use core::fmt;

use super::{Changed, Changes, RecvError, Seen, VERSION, Watched, receiver::receiver};
use crate::{
    inspect::Site,
    sys::{
        Shared,
        atomic::{AtomicUsize, Ordering},
    },
    wait::{Countdown, Wait},
};

/// A sender and a receiver of a value, which both can be cloned. The receiver has seen it.
///
/// One allocation, and one for each value that is set.
#[must_use]
#[cfg_attr(feature = "inspect", track_caller)]
pub fn channel<T>(value: T) -> (Sender<T>, Receiver<T>) {
    let shared = Shared::new(Channel {
        watched: Watched::new(Arc::new(value), Arc::clone),
        senders: AtomicUsize::new(1),
        receivers: Countdown::new(0),
    });
    let sender = Sender { shared };
    let receiver = sender.subscribe();
    (sender, receiver)
}

struct Channel<T> {
    watched: Watched<Arc<T>>,
    senders: AtomicUsize,
    receivers: Countdown,
}

/// Sets the value; from [`channel`]. When the last one is dropped, the receivers learn it.
pub struct Sender<T> {
    shared: Shared<Channel<T>>,
}

impl<T> Sender<T> {
    /// A snapshot of the value.
    #[must_use]
    pub fn get(&self) -> Arc<T> {
        self.shared.watched.get()
    }

    /// Sets the value, and wakes all who wait for it. Returns the one before.
    ///
    /// It does so whether there is a receiver or not: one that comes later sees it.
    pub fn set(&self, value: impl Into<Arc<T>>) -> Arc<T> {
        match self.shared.watched.set(value.into()) {
            Ok(before) => before,
            Err(_) => unreachable!("a sender keeps it open"),
        }
    }

    /// Sets what `f` makes of the value, unless that is `None`. Returns the value before, if it was
    /// replaced.
    ///
    /// `f` runs outside of locks, and again if somebody else was faster: nothing that was set in
    /// between is overwritten unseen.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = pleach::watch::channel(vec![1]);
    /// sender.update(|list| Some([list.as_slice(), &[2]].concat()));
    /// assert_eq!(*sender.get(), [1, 2]);
    /// assert!(sender.update(|_| None).is_none());
    /// ```
    pub fn update(&self, mut f: impl FnMut(&T) -> Option<T>) -> Option<Arc<T>> {
        self.shared.watched.update(|value| f(value).map(Arc::new))
    }

    /// A receiver that has seen the value of now.
    pub fn subscribe(&self) -> Receiver<T> {
        Receiver::of(Shared::clone(&self.shared), self.shared.watched.see())
    }

    /// How many receivers there are.
    #[must_use]
    pub fn receiver_count(&self) -> usize {
        self.shared.receivers.count()
    }

    /// Waits until there is no receiver. Another one may come later, by
    /// [`subscribe`](Self::subscribe).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn unwatched(&self) -> Wait<'_> {
        self.shared.receivers.wait()
    }

    /// Whether both are of one channel.
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        Shared::ptr_eq(&self.shared, &other.shared)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        // Relaxed: there is one already, and the count says nothing about anything else.
        let before = self.shared.senders.fetch_add(1, Ordering::Relaxed);
        assert!(before < usize::MAX / 2, "there are too many senders");
        Self {
            shared: Shared::clone(&self.shared),
        }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        // Relaxed: each value was published by its own release, and so is the end.
        if self.shared.senders.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.shared.watched.close();
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("watched", &self.shared.watched)
            .field("receivers", &self.receiver_count())
            .finish_non_exhaustive()
    }
}

/// Looks at the value, and waits for it to change; from [`channel`] or [`Sender::subscribe`].
///
/// A clone has seen what this one has.
pub struct Receiver<T> {
    shared: Shared<Channel<T>>,
    seen: Seen<Arc<T>>,
}

impl<T> Receiver<T> {
    fn of(shared: Shared<Channel<T>>, seen: Seen<Arc<T>>) -> Self {
        let counted = shared
            .receivers
            .change(|count| (count < Countdown::MAX).then_some(count + 1));
        assert!(counted.is_ok(), "there are too many receivers");
        Self { shared, seen }
    }

    fn watched(&self) -> &Watched<Arc<T>> {
        &self.shared.watched
    }

    fn parts(&mut self) -> (&Watched<Arc<T>>, &mut Seen<Arc<T>>) {
        (&self.shared.watched, &mut self.seen)
    }

    /// Whether both are of one channel.
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        Shared::ptr_eq(&self.shared, &other.shared)
    }
}

receiver!(Receiver, Arc<T>);

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        Self::of(Shared::clone(&self.shared), self.seen.clone())
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let _before = self.shared.receivers.change(|count| Some(count - 1));
    }
}
