//! The latest value, for many who look at it and wait for it to change.
//!
//! A configuration, a state, a progress: what counts is the value now, not each value there was.
//! Whoever looks gets a snapshot, which stays what it is while others look at newer ones. It is the
//! counterpart of Go's `atomic.Value`, to which one cannot wait for a change.
//!
//! [`channel`] makes one on the heap, of any type: snapshots are `Arc`s. [`Watch`] is the same for
//! types that are `Copy`, in a `static` or on the stack, without any allocation.
//!
//! ```
//! use pleach::{scope, watch};
//!
//! # pleach::block_on(async {
//! let (sender, mut receiver) = watch::channel("starting");
//! let seen = scope!(|s| {
//!     s.spawn(async move {
//!         sender.set("running");
//!         sender.set("stopping");
//!     });
//!     let mut seen = vec![**receiver.latest()];
//!     while let Ok(state) = receiver.changed().await {
//!         seen.push(*state);
//!     }
//!     seen
//! })
//! .await;
//! // What came between two looks is passed over, the last one never is.
//! assert_eq!(seen, ["starting", "stopping"]);
//! # });
//! ```
//!
//! # Promises
//!
//! * Every receiver sees the last value, and each value it sees is newer than the one before. What
//!   was set while it did not look is passed over.
//! * A receiver's [`latest`](Receiver::latest) is one load and a comparison as long as nothing has
//!   changed: no lock, no count. Otherwise it is one short hold of a lock, as setting is.
//! * No code of yours runs under a lock: [`update`](Sender::update) computes outside of it, and again
//!   if another was faster; snapshots are dropped outside.
//! * When the last sender is gone the receivers see what they have not seen yet, and then an error.

mod changed;
mod fixed;
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
mod heap;
mod receiver;

use core::{fmt, mem, pin::pin, task::Waker};

pub use changed::{Changed, Changes};
pub use fixed::{ReceiverRef, Watch};
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
pub use heap::{Receiver, Sender, channel};

pub use crate::channel::{RecvError, SendError};

use crate::{
    sys::{
        atomic::{AtomicUsize, Ordering},
        const_new,
    },
    wait::{Queue, Waiter, wake_in_batches},
};

const CLOSED: usize = 0b1;
/// What a new value adds to the word.
const VERSION: usize = 0b10;

/// A value, how often it was set, and those who wait for that to change.
///
/// `V` is copied and moved under the lock, and never dropped there: an `Arc`, or of a type that is
/// `Copy`.
pub(crate) struct Watched<V> {
    /// `version << 1 | CLOSED`, written under the lock alone. Versions wrap: who does not look for
    /// exactly as many changes as there are versions (2^31 where a pointer has 32 bits) finds
    /// nothing new. Those who wait are woken by the first.
    word: AtomicUsize,
    queue: Queue<(), V>,
    copy: fn(&V) -> V,
}

/// What a receiver has seen.
#[derive(Clone, Debug)]
pub(crate) struct Seen<V> {
    value: V,
    word: usize,
}

impl<V> Watched<V> {
    const_new! {
        #[cfg_attr(feature = "inspect", track_caller)]
        pub(crate) const fn new(value: V, copy: fn(&V) -> V) -> Self {
            Self {
                word: AtomicUsize::new(0),
                queue: Queue::new(value),
                copy,
            }
        }
    }

    /// Acquire: pairs with the release in `publish`, for those who act on what it says.
    #[inline]
    fn word(&self) -> usize {
        self.word.load(Ordering::Acquire)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.word() & CLOSED != 0
    }

    pub(crate) fn get(&self) -> V {
        self.queue.with(|held| (self.copy)(&held.state))
    }

    /// A snapshot to begin with.
    pub(crate) fn see(&self) -> Seen<V> {
        self.queue.with(|held| Seen {
            value: (self.copy)(&held.state),
            // Under the lock, where it is written.
            word: self.word.load(Ordering::Relaxed),
        })
    }

    /// Whether there is a value that was not seen.
    #[inline]
    pub(crate) fn is_news(&self, seen: &Seen<V>) -> bool {
        is_news(self.word(), seen)
    }

    /// Whether there is one, or none will come.
    fn is_news_or_end(&self, seen: &Seen<V>) -> bool {
        let word = self.word();
        word & CLOSED != 0 || is_news(word, seen)
    }

    /// Replaces what was seen by what there is, if that is something else. Returns whether it was.
    #[inline]
    pub(crate) fn refresh(&self, seen: &mut Seen<V>) -> bool {
        let is_news = self.is_news(seen);
        if is_news {
            // The old one is dropped here, outside of the lock.
            *seen = self.see();
        }
        is_news
    }

    /// Sets the value and returns the one before. Gives it back if it is closed.
    pub(crate) fn set(&self, value: V) -> Result<V, V> {
        self.set_if(value, |_| true)
    }

    /// Sets the value, unless it is closed or the word is not as it should be.
    fn set_if(&self, value: V, is_right: impl FnOnce(usize) -> bool) -> Result<V, V> {
        let mut value = value;
        let mut is_set = false;
        self.publish(|word, stored| {
            is_set = word & CLOSED == 0 && is_right(word);
            is_set.then(|| {
                mem::swap(stored, &mut value);
                word.wrapping_add(VERSION)
            })
        });
        if is_set { Ok(value) } else { Err(value) }
    }

    /// Sets what `f` makes of the value, unless that is nothing or it is closed. Returns the value
    /// before.
    pub(crate) fn update(&self, mut f: impl FnMut(&V) -> Option<V>) -> Option<V> {
        let mut seen = self.see();
        while seen.word & CLOSED == 0 {
            match self.set_if(f(&seen.value)?, |word| !is_news(word, &seen)) {
                Ok(before) => return Some(before),
                Err(_) => seen = self.see(),
            }
        }
        None
    }

    /// Says that no value will come. Returns whether that is news.
    pub(crate) fn close(&self) -> bool {
        let mut is_news = false;
        self.publish(|word, _| {
            is_news = word & CLOSED == 0;
            is_news.then_some(word | CLOSED)
        });
        is_news
    }

    /// Changes value and word under the lock, and wakes all who wait at that moment; unless there
    /// is nothing to change.
    fn publish(&self, change: impl FnOnce(usize, &mut V) -> Option<usize>) {
        let mark = pin!(Waiter::new(()));
        let mark = mark.into_ref();
        let mut change = Some(change);
        wake_in_batches(|batch| {
            self.queue.with(|held| {
                if let Some(change) = change.take() {
                    let word = self.word.load(Ordering::Relaxed);
                    let Some(word) = change(word, &mut held.state) else {
                        return false;
                    };
                    // Release: pairs with the acquire in `word`. What the thread did before is seen
                    // by whoever finds the value new.
                    self.word.store(word, Ordering::Release);
                    if !held.waiters.is_empty() {
                        // Those who come later stand behind it, and know already.
                        // SAFETY: the node is idle, since this runs once, and used with this list
                        // alone. `wake_in_batches` goes on, whoever panics, until `end_through` has
                        // taken it out: it is freed after that.
                        unsafe { held.waiters.push_back(mark, Waker::noop().clone()) };
                    }
                }
                held.end_through(&mark, batch)
            })
        });
    }
}

/// Whether the version in `word` is not the one that was seen.
fn is_news<V>(word: usize, seen: &Seen<V>) -> bool {
    word | CLOSED != seen.word | CLOSED
}

impl<V: fmt::Debug> fmt::Debug for Watched<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched")
            .field("value", &self.get())
            .field("is_closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}
