//! Data that parallel children own together, and that comes back when they are done.

use alloc::sync::Arc;
use core::{fmt, ops::Deref};

/// Data that the children of a parallel scope own together.
///
/// Children that run on other threads cannot borrow what is around the scope, since nobody can keep
/// that from being moved away while they run. They can own it together: put it into a `Shared`,
/// [spawn](super::ParScope::spawn_on) children with it, and take it [out again](Self::into_inner)
/// when the scope has ended. It is counted, as an `Arc` is; one allocation.
///
/// # Examples
///
/// ```
/// # use std::{future::Future, thread};
/// # use pleach::{block_on, runtime::Spawn};
/// # #[derive(Clone)] struct Threads;
/// # impl Spawn for Threads {
/// #     fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
/// #         thread::spawn(|| block_on(future));
/// #     }
/// # }
/// use pleach::par::{Shared, par_scope};
///
/// # block_on(async {
/// let words = Shared::new(vec![String::from("living"), String::from("branches")]);
/// let (driver, s) = par_scope(Threads); // any runtime
/// let total = driver
///     .run(async {
///         let lengths = [0, 1].map(|n| s.spawn_on(&words, move |words| async move { words[n].len() }));
///         let mut total = 0;
///         for length in lengths {
///             total += length.await.unwrap();
///         }
///         total
///     })
///     .await;
/// assert_eq!(total, 14);
/// let words: Vec<String> = words.into_inner().unwrap(); // nobody else has it any more
/// assert_eq!(words.len(), 2);
/// # });
/// ```
pub struct Shared<D: ?Sized>(Arc<D>);

impl<D> Shared<D> {
    /// Data to be owned together.
    pub fn new(data: D) -> Self {
        Self(Arc::new(data))
    }

    /// The data, for the last one who owns it. When a parallel scope has ended its children own
    /// nothing any more.
    ///
    /// # Errors
    ///
    /// This, if there is another.
    pub fn into_inner(self) -> Result<D, Self> {
        Arc::try_unwrap(self.0).map_err(Self)
    }
}

impl<D: ?Sized> Deref for Shared<D> {
    type Target = D;

    fn deref(&self) -> &D {
        &self.0
    }
}

impl<D: ?Sized> Clone for Shared<D> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<D: ?Sized + fmt::Debug> fmt::Debug for Shared<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
