//! `UnsafeCell` with closure access, so that loom sees each read and each write.

/// A cell whose contents some protocol (a lock, a state word, single ownership) guards.
///
/// Under loom an access that the protocol does not order is reported, dropping the cell
/// counts as a write (a node that is freed while another thread may still look at it is
/// found), and a cell that is never dropped is a leak.
#[derive(Debug)]
pub struct UnsafeCell<T> {
    #[cfg(not(loom))]
    inner: core::cell::UnsafeCell<T>,
    #[cfg(loom)]
    inner: loom::cell::UnsafeCell<T>,
    #[cfg(loom)]
    _tracked: loom::alloc::Track<()>,
}

impl<T> UnsafeCell<T> {
    super::const_new! {
        /// Wraps `value`.
        pub const fn new(value: T) -> Self {
            Self {
                #[cfg(not(loom))]
                inner: core::cell::UnsafeCell::new(value),
                #[cfg(loom)]
                inner: loom::cell::UnsafeCell::new(value),
                #[cfg(loom)]
                _tracked: loom::alloc::Track::new(()),
            }
        }
    }

    /// Runs `f` with a pointer that it may read through, if the protocol allows.
    #[inline(always)]
    pub fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        #[cfg(not(loom))]
        return f(self.inner.get());
        #[cfg(loom)]
        return self.inner.with(f);
    }

    /// Runs `f` with a pointer that it may write through, if the protocol allows.
    #[inline(always)]
    pub fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        #[cfg(not(loom))]
        return f(self.inner.get());
        #[cfg(loom)]
        return self.inner.with_mut(f);
    }
}

#[cfg(loom)]
impl<T> Drop for UnsafeCell<T> {
    fn drop(&mut self) {
        // The tracked write: freeing memory is otherwise invisible to loom.
        if !std::thread::panicking() {
            self.inner.with_mut(|_| ());
        }
    }
}
