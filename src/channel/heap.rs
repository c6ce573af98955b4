//! Channels on the heap: counted handles, and weak ones.
//!
//! One block holds the channel and how many keep its memory: all senders together count as one,
//! all receivers as another, and each weak handle is one. How many senders and receivers there are
//! is counted under the channel's lock, so that the last one closes it in the same hold.

use alloc::{alloc as heap, boxed::Box};
use core::{
    alloc::{Layout, LayoutError},
    fmt, mem,
    ops::Deref,
    ptr::{self, NonNull},
};

use super::{
    RecvEnd, SendEnd,
    ring::{End, MAX_CAPACITY, PLACES, Raw, Ring, Slot},
};
use crate::sys::atomic::{AtomicUsize, Ordering};

/// A channel for up to `capacity` messages, with a sender and a receiver; both can be cloned.
///
/// One allocation, and none later.
///
/// With a capacity of zero each message goes from hand to hand: it is sent when there is a receiver
/// that waits for it, or taken out of the hands of a [`send`](SendEnd::send) that waits. A
/// [`reserve`](SendEnd::reserve) has no message in its hands yet. So it and what is made of it,
/// [`send_from`](SendEnd::send_from) and the `send` arm of a [`select!`](crate::select!), meet only a
/// receiver that *waits*, as [`recv`](RecvEnd::recv) does, and no [`try_recv`](RecvEnd::try_recv),
/// [`drain`](RecvEnd::drain) or [`ready`](RecvEnd::ready); nor do those who queue behind it.
///
/// Up to four receivers that wait count as places beside the capacity; see
/// [the module](crate::channel) and [`strict`].
///
/// # Panics
///
/// If the capacity is close to `i32::MAX` or more than there is memory for.
///
/// # Examples
///
/// ```
/// # pleach::block_on(async {
/// let (sender, receiver) = pleach::channel::bounded(16);
/// sender.send("message").await.unwrap();
/// assert_eq!(receiver.recv().await, Ok("message"));
/// # });
/// ```
#[must_use]
#[cfg_attr(feature = "inspect", track_caller)]
pub fn bounded<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    make(capacity, PLACES as u8)
}

/// A channel that never holds more than `capacity` messages, also while receivers wait.
///
/// Otherwise as [`bounded`].
///
/// # Panics
///
/// If the capacity is zero, and as [`bounded`].
#[must_use]
#[cfg_attr(feature = "inspect", track_caller)]
pub fn strict<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    assert!(capacity > 0, "a strict channel needs a capacity");
    make(capacity, 0)
}

#[cfg_attr(feature = "inspect", track_caller)]
fn make<T>(capacity: usize, places: u8) -> (Sender<T>, Receiver<T>) {
    let block = Block::allocate(capacity, places);
    // SAFETY: alive.
    let raw = unsafe { block.as_ref() }.raw();
    raw.join(End::Send);
    raw.join(End::Recv);
    (Sender { block }, Receiver { block })
}

#[repr(C)]
struct Block<T, S: ?Sized> {
    /// Who keeps the memory.
    keepers: AtomicUsize,
    ring: Ring<T, S>,
}

type Pointer<T> = NonNull<Block<T, [Slot<T>]>>;

impl<T> Block<T, [Slot<T>]> {
    /// Exactly that of the box which frees it.
    fn layout(capacity: usize) -> Result<Layout, LayoutError> {
        type Empty<T> = Block<T, [Slot<T>; 0]>;

        // Not behind an empty block, which may end with padding: the slots begin before that.
        let offset = mem::offset_of!(Empty<T>, ring.slots);
        let before = Layout::from_size_align(offset, mem::align_of::<Empty<T>>())?;
        let (layout, _) = before.extend(Layout::array::<Slot<T>>(capacity)?)?;
        Ok(layout.pad_to_align())
    }

    /// A block that the senders and the receivers keep.
    #[cfg_attr(feature = "inspect", track_caller)]
    fn allocate(capacity: usize, places: u8) -> Pointer<T> {
        assert!(capacity <= MAX_CAPACITY, "the capacity is too large");
        let Ok(layout) = Self::layout(capacity) else {
            panic!("the capacity is too large");
        };
        // SAFETY: it is not empty.
        let memory = unsafe { heap::alloc(layout) };
        if memory.is_null() {
            heap::handle_alloc_error(layout);
        }
        let empty: Block<T, [Slot<T>; 0]> = Block {
            keepers: AtomicUsize::new(2),
            ring: Ring::new(places),
        };
        // SAFETY: no larger than that layout, which is padded too, and nobody else's.
        unsafe { memory.cast::<Block<T, [Slot<T>; 0]>>().write(empty) };
        let slices = ptr::slice_from_raw_parts_mut(memory.cast::<Slot<T>>(), capacity);
        let block = slices as *mut Self;
        // SAFETY: in bounds.
        let slots = unsafe { &raw mut (*block).ring.slots }.cast::<Slot<T>>();
        for n in 0..capacity {
            // SAFETY: as above.
            let slot = unsafe { slots.add(n) };
            // SAFETY: as above.
            unsafe { slot.write(Slot::new()) };
        }
        // SAFETY: not null.
        unsafe { NonNull::new_unchecked(block) }
    }

    fn raw(&self) -> &Raw<T> {
        &self.ring
    }

    /// One keeper less; the last frees the block.
    ///
    /// # Safety
    ///
    /// The caller is a keeper, and does not use it any more.
    unsafe fn let_go(block: Pointer<T>) {
        // SAFETY: the caller's word.
        let keepers = &unsafe { block.as_ref() }.keepers;
        // Release and acquire: who frees the block has seen all that others did with it.
        if keepers.fetch_sub(1, Ordering::AcqRel) == 1 {
            // SAFETY: it came from `allocate`, in the layout of the box, and nobody is left.
            drop(unsafe { Box::from_raw(block.as_ptr()) });
        }
    }

    /// One keeper more, by somebody who is one.
    fn keep(&self) {
        // Relaxed: the count is not zero, and says nothing about anything else.
        let before = self.keepers.fetch_add(1, Ordering::Relaxed);
        refuse_overflow(before);
    }
}

/// Handles that are leaked without end must not make a count wrap.
fn refuse_overflow(before: usize) {
    assert!(before < usize::MAX / 2, "there are too many handles");
}

/// A handle and its weak kind.
macro_rules! handle {
    (
        $(#[$meta:meta])* $handle:ident, $(#[$weak_meta:meta])* $weak:ident,
        $end:ident, $side:expr
    ) => {
        $(#[$meta])*
        pub struct $handle<T> {
            block: Pointer<T>,
        }

        // SAFETY: a channel is used by many threads at a time, and messages move between them.
        unsafe impl<T: Send> Send for $handle<T> {}
        // SAFETY: as above.
        unsafe impl<T: Send> Sync for $handle<T> {}

        impl<T> Unpin for $handle<T> {}

        impl<T> $handle<T> {
            /// A handle that does not keep the channel open.
            #[must_use]
            pub fn downgrade(&self) -> $weak<T> {
                // SAFETY: a handle keeps the block.
                unsafe { self.block.as_ref() }.keep();
                $weak { block: self.block }
            }
        }

        impl<T> Clone for $handle<T> {
            fn clone(&self) -> Self {
                self.raw().join($side);
                Self { block: self.block }
            }
        }

        impl<T> Deref for $handle<T> {
            type Target = $end<T>;

            #[inline]
            fn deref(&self) -> &$end<T> {
                // SAFETY: a handle keeps the block.
                $end::of(unsafe { self.block.as_ref() }.raw())
            }
        }

        impl<T> Drop for $handle<T> {
            fn drop(&mut self) {
                // Also if a waker or a message panics. If it is not the last, it keeps nothing.
                let keeper = LetGo(self.block);
                if !self.raw().leave($side) {
                    mem::forget(keeper);
                }
            }
        }

        impl<T> fmt::Debug for $handle<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($handle)).field(&&**self).finish()
            }
        }

        $(#[$weak_meta])*
        pub struct $weak<T> {
            block: Pointer<T>,
        }

        // SAFETY: as for the handle that it may become.
        unsafe impl<T: Send> Send for $weak<T> {}
        // SAFETY: as above.
        unsafe impl<T: Send> Sync for $weak<T> {}

        impl<T> Unpin for $weak<T> {}

        impl<T> $weak<T> {
            /// A handle that keeps the channel open, if there is still another.
            #[must_use]
            pub fn upgrade(&self) -> Option<$handle<T>> {
                // SAFETY: a weak handle keeps the block.
                let raw = unsafe { self.block.as_ref() }.raw();
                raw.with(|held| held.has_handles($side) && held.join($side)).then(|| $handle { block: self.block })
            }
        }

        impl<T> Clone for $weak<T> {
            fn clone(&self) -> Self {
                // SAFETY: a weak handle keeps the block.
                unsafe { self.block.as_ref() }.keep();
                Self { block: self.block }
            }
        }

        impl<T> Drop for $weak<T> {
            fn drop(&mut self) {
                drop(LetGo(self.block));
            }
        }

        impl<T> fmt::Debug for $weak<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($weak)).finish_non_exhaustive()
            }
        }
    };
}

handle! {
    /// A handle to the sending end of a channel; from [`bounded`].
    ///
    /// It derefs to the [`SendEnd`], where sending is. When the last sender is dropped the channel
    /// is closed.
    Sender,
    /// A sender that does not keep the channel open; from [`Sender::downgrade`].
    WeakSender,
    SendEnd, End::Send
}
handle! {
    /// A handle to the receiving end of a channel; from [`bounded`].
    ///
    /// It derefs to the [`RecvEnd`], where receiving is. Each message goes to one receiver. When
    /// the last one is dropped the channel is closed, and what is in it is dropped.
    Receiver,
    /// A receiver that does not keep the channel open; from [`Receiver::downgrade`].
    WeakReceiver,
    RecvEnd, End::Recv
}

/// A keeper of a block, for as long as it is there.
struct LetGo<T>(Pointer<T>);

impl<T> Drop for LetGo<T> {
    fn drop(&mut self) {
        // SAFETY: whoever made this was a keeper, and has left the rest to this.
        unsafe { Block::let_go(self.0) };
    }
}
