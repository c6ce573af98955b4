//! Static memory for tasks, as an embedded executor has it: what a waiting future holds counts
//! as RAM then, as do the wakers that a semaphore keeps in itself.

use core::{cell::UnsafeCell, future::Future, mem::MaybeUninit, pin::Pin};

/// The size of the future that `task` makes.
pub const fn size_of_future<F: Future>(_: &impl Fn() -> F) -> usize {
    size_of::<F>()
}

/// Memory for a future of `SIZE` bytes.
#[repr(align(8))]
pub struct Place<const SIZE: usize>(UnsafeCell<MaybeUninit<[u8; SIZE]>>);

// SAFETY: the memory is reached by `fill` only, whose caller is alone with it.
unsafe impl<const SIZE: usize> Sync for Place<SIZE> {}

impl<const SIZE: usize> Place<SIZE> {
    /// An empty place.
    #[expect(clippy::new_without_default, reason = "places are statics")]
    pub const fn new() -> Self {
        Self(UnsafeCell::new(MaybeUninit::uninit()))
    }

    /// Puts a future in, for ever.
    ///
    /// # Safety
    ///
    /// Called once for a place.
    #[expect(clippy::mut_from_ref, reason = "called once, by the caller's word")]
    pub unsafe fn fill<F: Future>(&'static self, future: F) -> Pin<&'static mut F> {
        const {
            assert!(size_of::<F>() <= SIZE && align_of::<F>() <= align_of::<Self>());
        }
        let place = self.0.get().cast::<F>();
        // SAFETY: large and aligned enough by the assertion, and nobody else uses it.
        unsafe { place.write(future) };
        // SAFETY: just written, and by the caller's word this is the only reference.
        let future = unsafe { &mut *place };
        Pin::static_mut(future)
    }
}

/// Puts the futures of two tasks into static memory and runs them for ever.
#[macro_export]
macro_rules! run {
    ($first:ident, $second:ident) => {{
        static FIRST: $crate::Place<{ $crate::size_of_future(&$first) }> = $crate::Place::new();
        static SECOND: $crate::Place<{ $crate::size_of_future(&$second) }> = $crate::Place::new();
        // SAFETY: the entry point runs once.
        let first = unsafe { FIRST.fill($first()) };
        // SAFETY: as above.
        let second = unsafe { SECOND.fill($second()) };
        $crate::run(first, second)
    }};
}
