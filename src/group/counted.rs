//! A counted pointer: what `Arc` is, also where the target has no compare-and-swap and under
//! loom, and what a waker can be made of.

use alloc::boxed::Box;
use core::{
    fmt,
    mem::ManuallyDrop,
    ops::Deref,
    ptr::NonNull,
    task::{RawWaker, RawWakerVTable, Waker},
};

use crate::scope::count::Count;

struct Block<T> {
    refs: Count,
    value: T,
}

/// Shares a `T`; the last one drops it.
pub struct Counted<T>(NonNull<Block<T>>);

// SAFETY: as for `Arc`: a `T` is reached through `&` from wherever there is a count, and dropped
// where the last one goes.
unsafe impl<T: Send + Sync> Send for Counted<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for Counted<T> {}

impl<T> Counted<T> {
    pub(crate) fn new(value: T) -> Self {
        let refs = Count::new(1);
        let block = Box::into_raw(Box::new(Block { refs, value }));
        // SAFETY: a box is not null.
        Self(unsafe { NonNull::new_unchecked(block) })
    }
}

impl<T> Counted<T> {
    /// A pointer that may be used for the whole block.
    pub(super) fn as_ptr(&self) -> NonNull<T> {
        // SAFETY: in bounds of the block, which is alive by this count.
        let value = unsafe { &raw mut (*self.0.as_ptr()).value };
        // SAFETY: not null, as the block.
        unsafe { NonNull::new_unchecked(value) }
    }

    /// The pointer that is the value's, which has the count from here on.
    #[cfg(feature = "inspect")]
    pub(crate) fn into_ptr(self) -> NonNull<T> {
        ManuallyDrop::new(self).as_ptr()
    }

    /// # Safety
    ///
    /// The pointer came from [`into_ptr`](Self::into_ptr), and the caller owns the count that the result
    /// will release.
    #[cfg(feature = "inspect")]
    pub(crate) unsafe fn from_ptr(value: NonNull<T>) -> Self {
        // SAFETY: in bounds: it is that field of a block.
        let block = unsafe { value.byte_sub(core::mem::offset_of!(Block<T>, value)) };
        Self(block.cast())
    }
}

impl<T> Deref for Counted<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: this holds a count, so the block is alive.
        &unsafe { self.0.as_ref() }.value
    }
}

impl<T> Clone for Counted<T> {
    fn clone(&self) -> Self {
        // SAFETY: this holds a count, so the block is alive.
        unsafe { self.0.as_ref() }.refs.acquire();
        Self(self.0)
    }
}

impl<T> Drop for Counted<T> {
    fn drop(&mut self) {
        // SAFETY: this holds a count, so the block is alive.
        if unsafe { self.0.as_ref() }.refs.release() {
            // SAFETY: the last count is gone and the block came from a box.
            drop(unsafe { Box::from_raw(self.0.as_ptr()) });
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Counted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        T::fmt(self, f)
    }
}

/// What can be woken. Its counted pointers are wakers.
pub trait Woken: Send + Sync + 'static {
    fn wake(&self);

    /// [`Counted::TABLE`], in the one place where those wakers have it.
    fn table() -> &'static RawWakerVTable;
}

impl<T: Woken> Counted<T> {
    pub(super) const TABLE: RawWakerVTable = RawWakerVTable::new(
        |data| {
            // SAFETY: the data of this table is always such a block; the count stays with `data`.
            let block = ManuallyDrop::new(unsafe { Self::from_data(data) });
            RawWaker::new(Self::clone(&block).into_data(), T::table())
        },
        |data| {
            // SAFETY: as above; waking by value gives the count up.
            unsafe { Self::from_data(data) }.wake();
        },
        |data| {
            // SAFETY: as above; the count stays with `data`.
            ManuallyDrop::new(unsafe { Self::from_data(data) }).wake();
        },
        |data| {
            // SAFETY: as above; dropping the waker gives the count up.
            drop(unsafe { Self::from_data(data) });
        },
    );

    /// A waker that holds no count of its own.
    ///
    /// # Safety
    ///
    /// The block outlives the waker's use.
    pub(super) unsafe fn borrowed_waker(&self) -> ManuallyDrop<Waker> {
        let data = self.0.as_ptr().cast_const().cast();
        // SAFETY: the table keeps the contract of `RawWaker`; not dropping the waker leaves the
        // count it did not take alone.
        ManuallyDrop::new(unsafe { Waker::new(data, T::table()) })
    }

    /// The block of a value that is in one.
    #[cfg(feature = "inspect")]
    pub(super) fn data_of(value: NonNull<T>) -> *const () {
        // In bounds: it is that field of a block.
        let block = value
            .as_ptr()
            .wrapping_byte_sub(core::mem::offset_of!(Block<T>, value));
        block.cast_const().cast()
    }

    fn into_data(self) -> *const () {
        ManuallyDrop::new(self).0.as_ptr().cast_const().cast()
    }

    /// # Safety
    ///
    /// `data` is that of a waker of this table, and the caller owns the count that the result
    /// will release.
    pub(super) unsafe fn from_data(data: *const ()) -> Self {
        // SAFETY: never null, by the caller's word.
        Self(unsafe { NonNull::new_unchecked(data.cast_mut().cast()) })
    }
}
