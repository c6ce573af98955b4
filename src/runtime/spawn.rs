//! What is asked of an executor.

use core::future::Future;

/// An executor that runs futures on whatever thread it likes.
///
/// # Contract
///
/// * `spawn` takes the future and returns; it does not poll it first.
/// * The future is polled whenever it was woken, until it is ready, and dropped right after that.
/// * An executor that goes away, or is gone already, drops the futures that it has. One that cannot
///   take another drops it.
///
/// A future that is neither polled nor dropped is what nobody who awaits it can make up for.
pub trait Spawn {
    /// Runs `future` to its end, beside the caller.
    fn spawn<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static;
}

/// An executor that runs futures on the thread that it is called on.
///
/// As [`Spawn`] otherwise.
pub trait SpawnLocal {
    /// Runs `future` to its end, beside the caller and on its thread.
    fn spawn_local<F>(&self, future: F)
    where
        F: Future<Output = ()> + 'static;
}

/// Threads for work that blocks: system calls, and long computations.
///
/// # Contract
///
/// The closure is called once, on a thread where blocking holds up nobody, or it is dropped.
pub trait SpawnBlocking {
    /// Calls `work` elsewhere.
    fn spawn_blocking<F>(&self, work: F)
    where
        F: FnOnce() + Send + 'static;
}

/// Makes executors of what points to one.
macro_rules! by_pointer {
    ($($(#[$cfg:meta])* $pointer:ty;)+) => {$(
        $(#[$cfg])*
        impl<S: Spawn + ?Sized> Spawn for $pointer {
            #[cfg_attr(feature = "testing", track_caller)]
            fn spawn<F>(&self, future: F)
            where
                F: Future<Output = ()> + Send + 'static,
            {
                S::spawn(self, future);
            }
        }

        $(#[$cfg])*
        impl<S: SpawnLocal + ?Sized> SpawnLocal for $pointer {
            #[cfg_attr(feature = "testing", track_caller)]
            fn spawn_local<F>(&self, future: F)
            where
                F: Future<Output = ()> + 'static,
            {
                S::spawn_local(self, future);
            }
        }

        $(#[$cfg])*
        impl<S: SpawnBlocking + ?Sized> SpawnBlocking for $pointer {
            fn spawn_blocking<F>(&self, work: F)
            where
                F: FnOnce() + Send + 'static,
            {
                S::spawn_blocking(self, work);
            }
        }
    )+};
}

by_pointer! {
    &S;
    #[cfg(feature = "alloc")]
    alloc::boxed::Box<S>;
    #[cfg(feature = "alloc")]
    alloc::rc::Rc<S>;
    #[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
    alloc::sync::Arc<S>;
}
