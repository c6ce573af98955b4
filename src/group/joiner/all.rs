//! All outputs, or all values and no error.

use alloc::vec::Vec;
use core::ops::ControlFlow;

use super::Joiner;

/// Outputs by their numbers.
#[derive(Debug)]
pub(super) struct Numbered<T> {
    outputs: Vec<Option<T>>,
}

impl<T> Numbered<T> {
    pub(super) const fn new() -> Self {
        Self {
            outputs: Vec::new(),
        }
    }

    pub(super) fn put(&mut self, index: usize, output: T) {
        if index == self.outputs.len() {
            self.outputs.push(Some(output));
            return;
        }
        if index > self.outputs.len() {
            self.outputs.resize_with(index + 1, || None);
        }
        self.outputs[index] = Some(output);
    }

    pub(super) fn into_values(self) -> Vec<T> {
        self.outputs.into_iter().flatten().collect()
    }
}

/// What to reserve for children of which this is known: no more than what is certain.
fn certain(children: (usize, Option<usize>)) -> usize {
    const MOST: usize = 1 << 16;
    children.0.min(MOST)
}

/// All outputs, in the order in which the children were started, or in that in which they were
/// done.
///
/// ```
/// # pleach::block_on(async {
/// use pleach::group::{All, group};
///
/// let squares = group((1..4).map(|n| async move { n * n })).join(All::new()).await;
/// assert_eq!(squares, [1, 4, 9]);
/// # });
/// ```
#[derive(Debug)]
pub struct All<T> {
    outputs: Order<T>,
}

#[derive(Debug)]
enum Order<T> {
    Started(Numbered<T>),
    Done(Vec<T>),
}

impl<T> Order<T> {
    fn expect(&mut self, children: (usize, Option<usize>)) {
        match self {
            Self::Started(numbered) => numbered.outputs.reserve(certain(children)),
            Self::Done(outputs) => outputs.reserve(certain(children)),
        }
    }

    fn put(&mut self, index: usize, output: T) {
        match self {
            Self::Started(numbered) => numbered.put(index, output),
            Self::Done(outputs) => outputs.push(output),
        }
    }

    fn into_values(self) -> Vec<T> {
        match self {
            Self::Started(numbered) => numbered.into_values(),
            Self::Done(outputs) => outputs,
        }
    }
}

impl<T> All<T> {
    /// In the order in which the children were started.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            outputs: Order::Started(Numbered::new()),
        }
    }

    /// In the order in which they were done.
    #[must_use]
    pub const fn unordered() -> Self {
        Self {
            outputs: Order::Done(Vec::new()),
        }
    }
}

impl<T> Default for All<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Joiner<T> for All<T> {
    type Output = Vec<T>;

    fn expect(&mut self, children: (usize, Option<usize>)) {
        self.outputs.expect(children);
    }

    fn on_done(&mut self, index: usize, output: T) -> ControlFlow<()> {
        self.outputs.put(index, output);
        ControlFlow::Continue(())
    }

    fn finish(self) -> Vec<T> {
        self.outputs.into_values()
    }
}

/// All values, or the first error, at which the others are dropped.
///
/// The first in time: an error that comes early is not waited for behind slow ones.
///
/// ```
/// # pleach::block_on(async {
/// use pleach::group::{TryAll, group};
///
/// let parsed = group(["1", "x"].map(|s| async { s.parse::<u8>() })).join(TryAll::new()).await;
/// assert!(parsed.is_err());
/// # });
/// ```
#[derive(Debug)]
pub struct TryAll<T, E> {
    all: All<T>,
    error: Option<E>,
}

impl<T, E> TryAll<T, E> {
    /// Values in the order in which the children were started.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            all: All::new(),
            error: None,
        }
    }

    /// Values in the order in which they were done.
    #[must_use]
    pub const fn unordered() -> Self {
        Self {
            all: All::unordered(),
            error: None,
        }
    }
}

impl<T, E> Default for TryAll<T, E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, E> Joiner<Result<T, E>> for TryAll<T, E> {
    type Output = Result<Vec<T>, E>;

    fn expect(&mut self, children: (usize, Option<usize>)) {
        self.all.expect(children);
    }

    fn on_done(&mut self, index: usize, output: Result<T, E>) -> ControlFlow<()> {
        match output {
            Ok(value) => self.all.on_done(index, value),
            Err(error) => {
                self.error = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    fn finish(self) -> Self::Output {
        let Self { all, error } = self;
        match error {
            Some(error) => {
                // Here, and not at the end: what is given is lost if a destructor panics there.
                drop(all);
                Err(error)
            }
            None => Ok(all.finish()),
        }
    }
}
