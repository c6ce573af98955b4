//! Executors as trait objects.

use alloc::boxed::Box;
use core::{future::Future, pin::Pin};

use super::{Spawn, SpawnBlocking, SpawnLocal};

/// [`Spawn`] as a trait object.
///
/// Every executor is one, and its objects are executors again: `&dyn SpawnBoxed`, or an
/// `Arc<dyn SpawnBoxed + Send + Sync>`, goes wherever a [`Spawn`] is asked for. That boxes each
/// future once, which is one allocation.
///
/// # Examples
///
/// ```
/// use std::{sync::Arc, thread};
/// use pleach::{block_on, runtime::{Spawn, SpawnBoxed}};
///
/// /// A thread for each future.
/// struct Threads;
///
/// impl Spawn for Threads {
///     fn spawn<F>(&self, future: F)
///     where
///         F: Future<Output = ()> + Send + 'static,
///     {
///         thread::spawn(|| block_on(future));
///     }
/// }
///
/// struct Server {
///     executor: Arc<dyn SpawnBoxed + Send + Sync>,
/// }
///
/// let server = Server { executor: Arc::new(Threads) };
/// server.executor.spawn(async { /* serve somebody */ });
/// ```
pub trait SpawnBoxed {
    /// [`Spawn::spawn`] of a future in a box.
    fn spawn_boxed(&self, future: Pin<Box<dyn Future<Output = ()> + Send>>);
}

/// [`SpawnLocal`] as a trait object. Otherwise as [`SpawnBoxed`].
pub trait SpawnLocalBoxed {
    /// [`SpawnLocal::spawn_local`] of a future in a box.
    fn spawn_local_boxed(&self, future: Pin<Box<dyn Future<Output = ()>>>);
}

/// [`SpawnBlocking`] as a trait object. Otherwise as [`SpawnBoxed`].
pub trait SpawnBlockingBoxed {
    /// [`SpawnBlocking::spawn_blocking`] of work in a box.
    fn spawn_blocking_boxed(&self, work: Box<dyn FnOnce() + Send>);
}

impl<S: Spawn> SpawnBoxed for S {
    fn spawn_boxed(&self, future: Pin<Box<dyn Future<Output = ()> + Send>>) {
        self.spawn(future);
    }
}

impl<S: SpawnLocal> SpawnLocalBoxed for S {
    fn spawn_local_boxed(&self, future: Pin<Box<dyn Future<Output = ()>>>) {
        self.spawn_local(future);
    }
}

impl<S: SpawnBlocking> SpawnBlockingBoxed for S {
    fn spawn_blocking_boxed(&self, work: Box<dyn FnOnce() + Send>) {
        self.spawn_blocking(work);
    }
}

impl SpawnLocal for dyn SpawnLocalBoxed + '_ {
    fn spawn_local<F>(&self, future: F)
    where
        F: Future<Output = ()> + 'static,
    {
        self.spawn_local_boxed(Box::pin(future));
    }
}

/// Makes executors of the objects that may have these markers.
macro_rules! objects {
    ($($($marker:ident)*;)+) => {$(
        impl Spawn for dyn SpawnBoxed $(+ $marker)* + '_ {
            fn spawn<F>(&self, future: F)
            where
                F: Future<Output = ()> + Send + 'static,
            {
                self.spawn_boxed(Box::pin(future));
            }
        }

        impl SpawnBlocking for dyn SpawnBlockingBoxed $(+ $marker)* + '_ {
            fn spawn_blocking<F>(&self, work: F)
            where
                F: FnOnce() + Send + 'static,
            {
                self.spawn_blocking_boxed(Box::new(work));
            }
        }
    )+};
}

objects! {
    ;
    Send;
    Sync;
    Send Sync;
}
