//! Which children a scope takes: those that are `Send`, or all.

use core::{future::Future, marker::PhantomData};

/// Kind of a scope whose children are `Send`: the scope's future may be, too.
#[derive(Clone, Copy, Debug)]
pub enum Threaded {}

/// Kind of a scope whose children need not be `Send`; see [`local`](super::local).
#[derive(Clone, Copy, Debug)]
pub struct Local {
    _not_send: PhantomData<*mut ()>,
}

mod sealed {
    /// Names the future too: nobody else can admit one of their own.
    pub trait Sealed<F> {}
    impl<F> Sealed<F> for super::Threaded where F: Future<Output: Send> + Send {}
    impl<F: Future> Sealed<F> for super::Local {}
}

/// Which futures a kind of scope admits: [`Threaded`] those that are `Send` with an output
/// that is, [`Local`] all. Sealed.
#[diagnostic::on_unimplemented(
    message = "this future cannot be spawned into a scope that may move between threads",
    note = "children and their outputs must be `Send`; for those that are not see `pleach::local_scope!`"
)]
pub trait Admits<F: Future>: sealed::Sealed<F> {}

impl<F> Admits<F> for Threaded
where
    // Not `Send`, and need not be? `pleach::local_scope!` takes it.
    F: Future + Send,
    F::Output: Send,
{
}

impl<F: Future> Admits<F> for Local {}
