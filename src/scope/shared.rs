//! The one heap block of a scope: what its driver, its handles and its wakers share.

use alloc::boxed::Box;
use core::{
    mem::ManuallyDrop,
    ptr::NonNull,
    task::{Context, RawWaker, RawWakerVTable, Waker},
};

#[cfg(feature = "std")]
use super::crew::Crew;
use super::{
    count::Count,
    inbox::Inbox,
    limit::Limits,
    ready::{Link, QUEUED, ReadyQueue},
    registry::Branch,
    stop::Stop,
    tally::Tally,
};
#[cfg(feature = "std")]
use crate::sys;
use crate::{
    CancelToken,
    cancel::Cause,
    sys::{
        atomic::{AtomicUsize, Ordering},
        unwind,
    },
};

/// The scope was cancelled: it starts nothing more.
const CANCELLED: usize = 1 << 0;
/// The scope ends, with an error or a panic or because it is dropped: it starts nothing more.
const ENDING: usize = 1 << 1;
/// Somebody has broken the scope from outside, or nobody can any more.
const BROKEN: usize = 1 << 2;

// In this order, so that what one thread writes for each child is on other cache lines than what
// another one reads or writes for each: the queue, what is read, what is counted.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Shared {
    pub(super) ready: ReadyQueue,
    /// The body's place in the queue: it is child number 0.
    body: Link,
    /// Queued when the driver should look at what was asked of the scope.
    signal: Link,
    /// The place of the deadline and the grace.
    watch: Link,
    pub(super) stop: Stop,
    /// Of the bits above.
    phase: AtomicUsize,
    pub(super) limits: Limits,
    pub(super) branch: Branch,
    /// Of those whose work is done elsewhere.
    #[cfg(feature = "std")]
    crew: Option<sys::Shared<Crew>>,
    pub(super) tally: Tally,
    pub(super) refs: Count,
    pub(super) inbox: Inbox,
    /// Whether it is that of a scope of the kind `Local`.
    pub(super) is_local: bool,
}

/// A counted pointer to [`Shared`].
#[derive(Debug)]
pub(super) struct SharedRef(NonNull<Shared>);

// SAFETY: a `Shared` is reached through `&` only, and all its fields may be used from any
// thread: atomics, locks, links under the rules of `ready.rs`, and the inbox under its own.
unsafe impl Send for SharedRef {}
// SAFETY: as above.
unsafe impl Sync for SharedRef {}

/// What a queued link stands for.
pub(super) enum Who {
    Body,
    Signal,
    Watch,
    Child,
}

impl SharedRef {
    /// The block of a new scope, with its body queued. Of one that is local all handles are of the
    /// kind `Local`.
    #[cfg_attr(feature = "inspect", track_caller)]
    pub(super) fn new(is_local: bool) -> Self {
        let shared = Box::into_raw(Box::new(Shared {
            refs: Count::new(1),
            is_local,
            inbox: Inbox::new(),
            ready: ReadyQueue::new(),
            body: Link::new(QUEUED),
            signal: Link::new(0),
            watch: Link::new(0),
            stop: Stop::new(),
            phase: AtomicUsize::new(0),
            limits: Limits::new(),
            tally: Tally::new(),
            branch: Branch::new::<Shared>(),
            #[cfg(feature = "std")]
            crew: None,
        }));
        // SAFETY: fresh from the box. Only the field's address is taken.
        let body = unsafe { &raw mut (*shared).body };
        // SAFETY: as above; nobody else knows the block yet.
        let queue = unsafe { &(*shared).ready };
        // SAFETY: the link was made with its bit set and lives as long as the block, which
        // the driver, the only one to take it off, keeps alive.
        unsafe { queue.push(body) };
        // SAFETY: a box is not null.
        Self(unsafe { NonNull::new_unchecked(shared) })
    }

    /// # Safety
    ///
    /// This is the only pointer to the block.
    #[cfg(feature = "std")]
    pub(super) unsafe fn set_crew(&mut self, crew: sys::Shared<Crew>) {
        // SAFETY: the caller's word.
        unsafe { self.0.as_mut() }.crew = Some(crew);
    }

    /// The crew of a scope that has one.
    #[cfg(feature = "std")]
    pub(super) fn crew(&self) -> &Crew {
        match &self.crew {
            Some(crew) => crew,
            None => unreachable!("only scopes with a crew have children elsewhere"),
        }
    }

    /// How many tasks of runtimes it has that are not gone.
    #[cfg(all(feature = "inspect", feature = "std"))]
    pub(super) fn tasks(&self) -> usize {
        self.crew.as_ref().map_or(0, |crew| crew.tasks())
    }

    /// How many tasks of runtimes it has.
    #[cfg(all(feature = "inspect", not(feature = "std")))]
    pub(super) fn tasks(&self) -> usize {
        0
    }

    /// # Safety
    ///
    /// `raw` came from [`as_raw`](Self::as_raw) or [`into_raw`](Self::into_raw), and the
    /// caller owns the count that the result will release.
    pub(super) unsafe fn from_raw(raw: *const ()) -> Self {
        // SAFETY: never null, by the caller's word.
        Self(unsafe { NonNull::new_unchecked(raw.cast_mut().cast()) })
    }

    /// # Safety
    ///
    /// The caller hands over a count.
    pub(super) unsafe fn counted(&self) -> Self {
        Self(self.0)
    }

    /// Which scope it is, for those who wait for its end.
    #[cfg(feature = "inspect")]
    pub(super) fn address(&self) -> usize {
        self.as_raw().addr()
    }

    fn as_raw(&self) -> *const () {
        self.0.as_ptr().cast_const().cast()
    }

    fn into_raw(self) -> *const () {
        ManuallyDrop::new(self).as_raw()
    }

    /// A pointer that may be used for the whole block.
    pub(super) fn branch_ptr(&self) -> NonNull<Branch> {
        // SAFETY: in bounds of the block, which is alive by this count.
        let branch = unsafe { &raw mut (*self.0.as_ptr()).branch };
        // SAFETY: not null, as the block.
        unsafe { NonNull::new_unchecked(branch) }
    }

    /// What `link`, which was queued here, stands for.
    pub(super) fn who(&self, link: *mut Link) -> Who {
        if core::ptr::eq(link, &self.body) {
            Who::Body
        } else if core::ptr::eq(link, &self.signal) {
            Who::Signal
        } else if core::ptr::eq(link, &self.watch) {
            Who::Watch
        } else {
            Who::Child
        }
    }

    /// The waker of the body, borrowed: it holds no count of its own.
    ///
    /// # Safety
    ///
    /// The block outlives the waker's use.
    pub(super) unsafe fn body_waker(&self) -> ManuallyDrop<Waker> {
        // SAFETY: the table keeps the contract of `RawWaker`; not dropping the waker leaves
        // the count it did not take alone.
        ManuallyDrop::new(unsafe { Waker::new(self.as_raw(), &BODY) })
    }

    /// Whether the body was woken and not polled since.
    pub(super) fn body_is_queued(&self) -> bool {
        self.body.state.load(Ordering::Relaxed) & QUEUED != 0
    }

    /// The waker of the watch, borrowed.
    ///
    /// # Safety
    ///
    /// As for [`body_waker`](Self::body_waker).
    pub(super) unsafe fn watch_waker(&self) -> ManuallyDrop<Waker> {
        // SAFETY: as there.
        ManuallyDrop::new(unsafe { Waker::new(self.as_raw(), &WATCH) })
    }

    /// Lets the driver look at the watch.
    pub(super) fn begin_watch(&self) {
        self.enqueue(&self.watch);
    }

    /// The scope's token: one that there is, or a new one.
    #[cfg_attr(feature = "inspect", track_caller)]
    pub(super) fn token(&self) -> CancelToken {
        match self.stop.token() {
            Some(token) => token,
            None => self.adopt(CancelToken::new()),
        }
    }

    /// Makes `token` the scope's, unless it has one: what cancels the one cancels the other.
    pub(super) fn adopt(&self, token: CancelToken) -> CancelToken {
        // SAFETY: this holds a count as long as the waker is used here; clones have their own.
        let waker = ManuallyDrop::new(unsafe { Waker::new(self.as_raw(), &SIGNAL) });
        self.stop.adopt(token, &mut Context::from_waker(&waker))
    }

    /// Asks for a graceful stop, and cancels the scope's token.
    pub(super) fn cancel_with(&self, cause: Cause) {
        let token = self.stop.note(cause);
        let cancel_token = || {
            if let Some(token) = token {
                token.cancel_with(cause);
            }
        };
        // Both wake others, whose wakers may panic.
        unwind::run_both_in_drop(|| self.cancel(), cancel_token);
    }

    /// Asks for a graceful stop.
    fn cancel(&self) {
        self.branch.note_cancelled();
        // Release: pairs with the load in `is_cancelled`.
        self.phase.fetch_or(CANCELLED, Ordering::Release);
        self.branch.tell_cancelled(|| self.stop.cause());
        self.signal();
        self.limits.close();
    }

    /// Lets the driver look at what was asked of the scope.
    pub(super) fn signal(&self) {
        self.enqueue(&self.signal);
    }

    pub(super) fn is_cancelled(&self) -> bool {
        // Acquire: pairs with the store in `cancel`; whoever sees the scope cancelled sees
        // what was done before.
        self.phase.load(Ordering::Acquire) & CANCELLED != 0
    }

    /// Whether the scope is neither cancelled nor about to end.
    pub(super) fn starts_children(&self) -> bool {
        // Acquire: as in `is_cancelled`.
        self.phase.load(Ordering::Acquire) & (CANCELLED | ENDING) == 0
    }

    /// From now on nothing is started, and nobody can break the scope.
    pub(super) fn begin_end(&self) {
        self.branch.note_cancelled();
        // Relaxed: it publishes nothing.
        self.phase.fetch_or(ENDING | BROKEN, Ordering::Relaxed);
    }

    /// Claims to break the scope; `false` if somebody has done so before, or it ends.
    pub(super) fn claim_break(&self) -> bool {
        // Relaxed: what breaks it goes by the queue.
        self.phase.fetch_or(BROKEN, Ordering::Relaxed) & BROKEN == 0
    }

    /// Queues one of the links of the block itself.
    fn enqueue(&self, link: &Link) {
        self.enqueue_then(link, || {});
    }

    /// The same of the body, for which somebody waits.
    fn wake_body(&self) {
        self.enqueue_then(&self.body, || self.branch.body_woken());
    }

    /// Queues a link, unless it is queued, and calls `tell` before anybody can take it off.
    fn enqueue_then(&self, link: &Link, tell: impl FnOnce()) {
        if link.queue(0) & QUEUED == 0 {
            tell();
            // SAFETY: the bit was set here, and the callers' links are in the block, which
            // outlives its driver, the only one to take them off.
            unsafe { self.ready.push(core::ptr::from_ref(link).cast_mut()) };
        }
    }
}

impl core::ops::Deref for SharedRef {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        // SAFETY: this holds a count, so the block is alive.
        unsafe { self.0.as_ref() }
    }
}

impl Clone for SharedRef {
    fn clone(&self) -> Self {
        self.refs.acquire();
        Self(self.0)
    }
}

impl Drop for SharedRef {
    fn drop(&mut self) {
        if self.refs.release() {
            // SAFETY: the last count is gone and the block came from a box.
            drop(unsafe { Box::from_raw(self.0.as_ptr()) });
        }
    }
}

/// A waker whose data is the scope's block, one count each, and what it does to that.
macro_rules! waker_of_block {
    ($(#[$meta:meta])* $name:ident: $wake:expr) => {
        $(#[$meta])*
        static $name: RawWakerVTable = RawWakerVTable::new(
            |data| {
                // SAFETY: the data of this table is always a block; the count stays with `data`.
                let shared = ManuallyDrop::new(unsafe { SharedRef::from_raw(data) });
                RawWaker::new(SharedRef::clone(&shared).into_raw(), &$name)
            },
            |data| {
                let wake: fn(&SharedRef) = $wake;
                // SAFETY: as above; waking by value gives the count up.
                wake(&unsafe { SharedRef::from_raw(data) });
            },
            |data| {
                let wake: fn(&SharedRef) = $wake;
                // SAFETY: as above; the count stays with `data`.
                wake(&ManuallyDrop::new(unsafe { SharedRef::from_raw(data) }));
            },
            |data| {
                // SAFETY: as above; dropping the waker gives the count up.
                drop(unsafe { SharedRef::from_raw(data) });
            },
        );
    };
}

waker_of_block! {
    /// Of the body.
    BODY: |shared| shared.wake_body()
}
waker_of_block! {
    /// Of the deadline and the grace.
    WATCH: |shared| shared.enqueue(&shared.watch)
}
waker_of_block! {
    /// Of the wait at the scope's token, which was cancelled.
    SIGNAL: |shared| shared.cancel()
}

/// The body whose waker this is.
#[cfg(feature = "inspect")]
pub(super) fn whose(waker: &Waker) -> Option<super::whose::Whose<'_>> {
    core::ptr::eq(waker.vtable(), &BODY).then(|| {
        // SAFETY: the data of this table is always a block; the count stays with the waker.
        let shared = ManuallyDrop::new(unsafe { SharedRef::from_raw(waker.data()) });
        let body = NonNull::from(shared.branch.body());
        // SAFETY: the waker has a count of the block.
        unsafe { super::whose::Whose::new(shared.branch_ptr(), body) }
    })
}
