//! What becomes of the outputs of a group: the trait, and the ways that are provided.

use alloc::vec::Vec;
use core::{convert::Infallible, error::Error, fmt, ops::ControlFlow};

use crate::cancel::{Cancelled, Cause};

/// What becomes of the outputs of a group, and when it ends.
///
/// It is told of each child that is done, and may end the group then; at the end it makes the
/// result. All of it is called in the task that polls the group, never under a lock, and what
/// panics in it ends the group as the panic of a child does. It is what Java calls a `Joiner`.
///
/// # Examples
///
/// A joiner of one's own: the smallest output, unless one is below a bound, which will do.
///
/// ```
/// use std::ops::ControlFlow;
/// use pleach::group::{Joiner, group};
///
/// struct Smallest { good_enough: u32, best: Option<u32> }
///
/// impl Joiner<u32> for Smallest {
///     type Output = Option<u32>;
///
///     fn on_done(&mut self, _index: usize, output: u32) -> ControlFlow<()> {
///         let best = *self.best.insert(self.best.map_or(output, |best| best.min(output)));
///         if best <= self.good_enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
///     }
///
///     fn finish(self) -> Option<u32> {
///         self.best
///     }
/// }
///
/// # pleach::block_on(async {
/// let offers = [7, 5, 9].map(|offer| async move { offer });
/// let best = group(offers).join(Smallest { good_enough: 5, best: None }).await;
/// assert_eq!(best, Some(5)); // the third was not asked for
/// # });
/// ```
pub trait Joiner<T> {
    /// What the group resolves to.
    type Output;

    /// Is told before the first child is started how many there will be: at least, and at most,
    /// as far as the [source](Iterator::size_hint) knows. Does nothing unless it is overridden.
    fn expect(&mut self, children: (usize, Option<usize>)) {
        let _ = children;
    }

    /// Takes the output of a child that is done. Children are numbered in the order in which they
    /// were started, from 0. After [`Break`](ControlFlow::Break) the others are dropped, nothing
    /// is started any more, and [`finish`](Self::finish) follows.
    fn on_done(&mut self, index: usize, output: T) -> ControlFlow<()>;

    /// Makes the result, when all children are done, or this has ended the group. Nothing of the
    /// group is alive any more.
    fn finish(self) -> Self::Output;

    /// Makes the result when the group was cut short by its
    /// [deadline](super::Join::deadline), its [token](super::Join::token) or the like: an error,
    /// unless it is overridden to give what there is.
    ///
    /// # Errors
    ///
    /// [`Cancelled`] with the cause.
    fn cut_short(self, cause: Cause) -> Result<Self::Output, Cancelled>
    where
        Self: Sized,
    {
        Err(cause.into())
    }
}

/// Outputs by their numbers.
#[derive(Debug)]
struct Numbered<T> {
    outputs: Vec<Option<T>>,
}

impl<T> Numbered<T> {
    const fn new() -> Self {
        Self {
            outputs: Vec::new(),
        }
    }

    fn put(&mut self, index: usize, output: T) {
        if index == self.outputs.len() {
            self.outputs.push(Some(output));
            return;
        }
        if index > self.outputs.len() {
            self.outputs.resize_with(index + 1, || None);
        }
        self.outputs[index] = Some(output);
    }

    fn into_values(self) -> Vec<T> {
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

/// Every value and every error: nobody's failure stops the others. Cut short it gives what there
/// is.
///
/// ```
/// # pleach::block_on(async {
/// use pleach::group::{Collect, group};
///
/// let words = ["1", "x", "3"];
/// let collected = group(words.map(|s| async { s.parse::<u8>() })).join(Collect::new()).await;
/// assert_eq!(collected.values, [(0, 1), (2, 3)]);
/// assert_eq!(collected.errors[0].0, 1);
/// assert!(collected.into_result().is_err());
/// # });
/// ```
#[derive(Debug)]
pub struct Collect<T, E> {
    // As they come: of one kind there may be few, however many children there are.
    values: Vec<(usize, T)>,
    errors: Vec<(usize, E)>,
}

/// What [`Collect`] makes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Collected<T, E> {
    /// The values of those that succeeded, with their numbers, in the order in which the children
    /// were started.
    pub values: Vec<(usize, T)>,
    /// The errors of those that failed, likewise.
    pub errors: Vec<(usize, E)>,
    /// Why the group was cut short, if it was: then there were children without an output.
    pub cause: Option<Cause>,
}

impl<T, E> Collected<T, E> {
    /// The values alone, if there was no error and the group was not cut short.
    ///
    /// # Errors
    ///
    /// All of it.
    pub fn into_result(self) -> Result<Vec<T>, Self> {
        if self.errors.is_empty() && self.cause.is_none() {
            Ok(self.values.into_iter().map(|(_, value)| value).collect())
        } else {
            Err(self)
        }
    }
}

impl<T, E: fmt::Display> fmt::Display for Collected<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (done, failed) = (self.values.len(), self.errors.len());
        write!(f, "{failed} of {} failed", done + failed)?;
        for (index, error) in &self.errors {
            write!(f, "\n{index}: {error}")?;
        }
        match self.cause {
            Some(cause) => write!(f, "\nthe others were cancelled: {cause}"),
            None => Ok(()),
        }
    }
}

impl<T: fmt::Debug, E: fmt::Debug + fmt::Display> Error for Collected<T, E> {}

impl<T, E> Collect<T, E> {
    /// Nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            values: Vec::new(),
            errors: Vec::new(),
        }
    }

    fn collected(mut self, cause: Option<Cause>) -> Collected<T, E> {
        self.values.sort_unstable_by_key(|(index, _)| *index);
        self.errors.sort_unstable_by_key(|(index, _)| *index);
        Collected {
            values: self.values,
            errors: self.errors,
            cause,
        }
    }
}

impl<T, E> Default for Collect<T, E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, E> Joiner<Result<T, E>> for Collect<T, E> {
    type Output = Collected<T, E>;

    fn on_done(&mut self, index: usize, output: Result<T, E>) -> ControlFlow<()> {
        match output {
            Ok(value) => self.values.push((index, value)),
            Err(error) => self.errors.push((index, error)),
        }
        ControlFlow::Continue(())
    }

    fn finish(self) -> Self::Output {
        self.collected(None)
    }

    fn cut_short(self, cause: Cause) -> Result<Self::Output, Cancelled> {
        Ok(self.collected(Some(cause)))
    }
}

/// The first value, at which the others are dropped; or all errors, in the order in which the
/// children were started.
///
/// ```
/// # pleach::block_on(async {
/// use pleach::group::{AnyOk, group};
///
/// let words = ["x", "2", "3"];
/// let number = group(words.map(|s| async { s.parse::<u8>() })).join(AnyOk::new()).await;
/// assert_eq!(number, Ok(2));
/// # });
/// ```
#[derive(Debug)]
pub struct AnyOk<T, E> {
    value: Option<T>,
    errors: Numbered<E>,
}

impl<T, E> AnyOk<T, E> {
    /// Nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            value: None,
            errors: Numbered::new(),
        }
    }
}

impl<T, E> Default for AnyOk<T, E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, E> Joiner<Result<T, E>> for AnyOk<T, E> {
    type Output = Result<T, Vec<E>>;

    fn on_done(&mut self, index: usize, output: Result<T, E>) -> ControlFlow<()> {
        match output {
            Ok(value) => {
                self.value = Some(value);
                ControlFlow::Break(())
            }
            Err(error) => {
                self.errors.put(index, error);
                ControlFlow::Continue(())
            }
        }
    }

    fn finish(self) -> Self::Output {
        let Self { value, errors } = self;
        match value {
            Some(value) => {
                // As in `TryAll`.
                drop(errors);
                Ok(value)
            }
            None => Err(errors.into_values()),
        }
    }
}

/// The first output, whatever it is, at which the others are dropped; `None` without children.
///
/// ```
/// # pleach::block_on(async {
/// use pleach::group::{First, group};
///
/// assert_eq!(group([async { 1 }]).join(First::new()).await, Some(1));
/// # });
/// ```
#[derive(Debug)]
pub struct First<T> {
    output: Option<T>,
}

impl<T> First<T> {
    /// Nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { output: None }
    }
}

impl<T> Default for First<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Joiner<T> for First<T> {
    type Output = Option<T>;

    fn on_done(&mut self, _: usize, output: T) -> ControlFlow<()> {
        self.output = Some(output);
        ControlFlow::Break(())
    }

    fn finish(self) -> Option<T> {
        self.output
    }
}

/// So many values, in the order in which they came, at which the others are dropped; or what there
/// was as soon as there cannot be so many any more.
///
/// For the latter the source has to [know](Iterator::size_hint) how many children there are;
/// otherwise it turns out at the end.
///
/// ```
/// # pleach::block_on(async {
/// use pleach::group::{Quorum, group};
///
/// let votes = [Ok("yes"), Err("ill"), Ok("no")];
/// let quorum = group(votes.map(|vote| async move { vote })).join(Quorum::new(2)).await;
/// assert_eq!(quorum, Ok(vec!["yes", "no"]));
///
/// let failed = group(votes.map(|vote| async move { vote })).join(Quorum::new(3)).await.unwrap_err();
/// assert_eq!((failed.values, failed.errors), (vec!["yes"], vec!["ill"])); // no need for the third
/// # });
/// ```
#[derive(Debug)]
pub struct Quorum<T, E> {
    needed: usize,
    /// How many there can still be, if that is known.
    left: Option<usize>,
    values: Vec<T>,
    errors: Vec<E>,
}

/// There were not enough values for a [`Quorum`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoQuorum<T, E> {
    /// How many were needed.
    pub needed: usize,
    /// Those that there were, in the order in which they came.
    pub values: Vec<T>,
    /// The errors, likewise.
    pub errors: Vec<E>,
}

impl<T, E> fmt::Display for NoQuorum<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (values, errors) = (self.values.len(), self.errors.len());
        write!(
            f,
            "{} successes were needed: there were {values}, and {errors} failures",
            self.needed
        )
    }
}

impl<T: fmt::Debug, E: fmt::Debug> Error for NoQuorum<T, E> {}

impl<T, E> Quorum<T, E> {
    /// With so many values.
    #[must_use]
    pub const fn new(needed: usize) -> Self {
        Self {
            needed,
            left: None,
            values: Vec::new(),
            errors: Vec::new(),
        }
    }
}

impl<T, E> Joiner<Result<T, E>> for Quorum<T, E> {
    type Output = Result<Vec<T>, NoQuorum<T, E>>;

    fn expect(&mut self, children: (usize, Option<usize>)) {
        self.left = children.1;
    }

    fn on_done(&mut self, _: usize, output: Result<T, E>) -> ControlFlow<()> {
        match output {
            Ok(value) => self.values.push(value),
            Err(error) => self.errors.push(error),
        }
        self.left = self.left.map(|left| left.saturating_sub(1));
        let hopeless = self
            .left
            .is_some_and(|left| self.values.len().saturating_add(left) < self.needed);
        if self.values.len() >= self.needed || hopeless {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    fn finish(self) -> Self::Output {
        if self.values.len() >= self.needed {
            Ok(self.values)
        } else {
            Err(NoQuorum {
                needed: self.needed,
                values: self.values,
                errors: self.errors,
            })
        }
    }
}

/// All outputs until one of them is as the predicate wants it, that one included, in the order in
/// which they came, with their numbers. Cut short it gives what there is.
///
/// ```
/// # pleach::block_on(async {
/// use pleach::group::{Until, group};
///
/// let numbers = group([3, 8, 5].map(|n| async move { n }));
/// assert_eq!(numbers.join(Until::new(|n| *n > 7)).await, [(0, 3), (1, 8)]);
/// # });
/// ```
pub struct Until<T, P> {
    is_last: P,
    outputs: Vec<(usize, T)>,
}

impl<T, P: FnMut(&T) -> bool> Until<T, P> {
    /// Until the predicate says `true`.
    #[must_use]
    pub const fn new(is_last: P) -> Self {
        Self {
            is_last,
            outputs: Vec::new(),
        }
    }
}

impl<T, P: FnMut(&T) -> bool> Joiner<T> for Until<T, P> {
    type Output = Vec<(usize, T)>;

    fn on_done(&mut self, index: usize, output: T) -> ControlFlow<()> {
        let is_last = (self.is_last)(&output);
        self.outputs.push((index, output));
        if is_last {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    fn finish(self) -> Self::Output {
        let Self { is_last, outputs } = self;
        // As in `TryAll`.
        drop(is_last);
        outputs
    }

    fn cut_short(self, _: Cause) -> Result<Self::Output, Cancelled> {
        Ok(self.finish())
    }
}

impl<T, P> fmt::Debug for Until<T, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Until")
            .field("outputs", &self.outputs.len())
            .finish_non_exhaustive()
    }
}

/// Drops the outputs as they come, but for the first error, at which the others are dropped. Its
/// memory is constant.
///
/// [`Discard::new`] takes whatever comes; [`TryDiscard::new`] minds errors.
#[derive(Clone, Copy, Debug, Default)]
pub struct Discard {
    _made_here: (),
}

impl Discard {
    /// For outputs of any kind.
    #[must_use]
    pub const fn new() -> Self {
        Self { _made_here: () }
    }
}

impl<T> Joiner<T> for Discard {
    type Output = ();

    fn on_done(&mut self, _: usize, _output: T) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn finish(self) {}
}

/// Drops values as they come; ends at the first error, and drops the others then.
#[derive(Debug)]
pub struct TryDiscard<E = Infallible> {
    error: Option<E>,
}

impl<E> TryDiscard<E> {
    /// No error yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { error: None }
    }
}

impl<E> Default for TryDiscard<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, E> Joiner<Result<T, E>> for TryDiscard<E> {
    type Output = Result<(), E>;

    fn on_done(&mut self, _: usize, output: Result<T, E>) -> ControlFlow<()> {
        match output {
            Ok(_) => ControlFlow::Continue(()),
            Err(error) => {
                self.error = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    fn finish(self) -> Result<(), E> {
        self.error.map_or(Ok(()), Err)
    }
}
