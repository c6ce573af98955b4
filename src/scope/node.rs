//! The typed part of a child: what is done with its future and its output where their types are
//! not known any more.

use alloc::boxed::Box;
use core::{
    future::Future,
    marker::PhantomData,
    mem::{self, ManuallyDrop, MaybeUninit},
    pin::Pin,
    ptr::NonNull,
    task::{Context, Poll},
};

use super::{
    child::{Child, EMPTY, Header},
    ready::Link,
};
use crate::sys::atomic::Ordering;

/// What a poll of a child came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    Pending,
    /// The output is in the slot.
    Done,
    /// The child ended the scope; the slot is empty.
    Broke,
}

/// How an output is taken: as a value, or as a `Result` whose error ends the scope.
pub(crate) trait Settle<Out> {
    type Value;
    type Break;

    fn settle(out: Out) -> Result<Self::Value, Self::Break>;
}

/// Any output is a value.
pub(crate) struct Plain<B>(PhantomData<B>);

impl<Out, B> Settle<Out> for Plain<B> {
    type Value = Out;
    type Break = B;

    fn settle(out: Out) -> Result<Out, B> {
        Ok(out)
    }
}

/// An error ends the scope.
pub(crate) struct Try;

impl<T, B> Settle<Result<T, B>> for Try {
    type Value = T;
    type Break = B;

    fn settle(out: Result<T, B>) -> Result<T, B> {
        out
    }
}

/// A child with its types. The header is first, so that a pointer to it is one to the node.
///
/// The slot is reached by pointers to the node alone, of which no reference is made, and under the
/// header's cell, which stands for it.
#[repr(C)]
pub(super) struct Node<F: Future, S: Settle<F::Output>> {
    header: Header,
    slot: Slot<F, S::Value>,
}

/// Both fields are at its start: a pointer to the slot is a pointer to either.
#[repr(C)]
union Slot<F, T> {
    future: ManuallyDrop<F>,
    output: ManuallyDrop<T>,
}

/// What the driver and the handle do with a node whose types they do not know.
pub(super) struct Table {
    /// Polls the future. When it ends it is dropped, and its output is written to the slot,
    /// or its error to the last argument, an `Option<S::Break>`.
    pub(super) poll: unsafe fn(Child, &mut Context<'_>, *mut ()) -> Progress,
    pub(super) drop_future: unsafe fn(Child),
    /// Where the slot is: so many bytes behind the start of the node.
    pub(super) slot: usize,
    pub(super) drop_output: unsafe fn(Child),
    pub(super) free: unsafe fn(Child),
}

impl<F: Future, S: Settle<F::Output>> Node<F, S> {
    pub(super) const TABLE: Table = Table {
        poll: Self::poll,
        drop_future: Self::drop_future,
        slot: mem::offset_of!(Self, slot),
        drop_output: Self::drop_output,
        free: Self::free,
    };

    /// Memory for one: asked for before its parts are made, so that these are made where they belong
    /// and not copied.
    pub(super) fn allocate() -> Box<MaybeUninit<Self>> {
        Box::new_uninit()
    }

    pub(super) fn fill(mut memory: Box<MaybeUninit<Self>>, header: Header, future: F) -> Child {
        memory.write(Self {
            header,
            slot: Slot {
                future: ManuallyDrop::new(future),
            },
        });
        let node = Box::into_raw(memory);
        // SAFETY: a box is not null.
        Child(unsafe { NonNull::new_unchecked(node.cast()) })
    }

    /// Undoes [`fill`](Self::fill).
    ///
    /// # Safety
    ///
    /// The child was made with these types, and nobody else knows of it.
    pub(super) unsafe fn into_future(child: Child) -> F {
        // SAFETY: of these types, by the caller's word; nobody else has a count.
        let node = unsafe { Box::from_raw(child.0.as_ptr().cast::<Self>()) };
        // SAFETY: an unstarted child's slot holds the future. It is moved out once: dropping the
        // node drops no slot.
        ManuallyDrop::into_inner(unsafe { node.slot.future })
    }

    /// Runs `f` with the slot.
    ///
    /// # Safety
    ///
    /// The child is alive and was made with these types, and the slot is the caller's.
    unsafe fn with_slot<R>(child: Child, f: impl FnOnce(*mut Slot<F, S::Value>) -> R) -> R {
        let node = child.0.as_ptr().cast::<Self>();
        // SAFETY: alive, by the caller's word.
        let slot = unsafe { &raw mut (*node).slot };
        // SAFETY: alive, by the caller's word.
        unsafe { child.header() }.slot.with_mut(|_| f(slot))
    }

    unsafe fn poll(child: Child, cx: &mut Context<'_>, broke: *mut ()) -> Progress {
        let poll = |slot: *mut Slot<F, S::Value>| {
            // SAFETY: the slot holds the future and is the driver's (invariant 1).
            let future = unsafe { &mut *slot.cast::<F>() };
            // SAFETY: the node does not move, and the future is dropped where it stands.
            let Poll::Ready(out) = unsafe { Pin::new_unchecked(future) }.poll(cx) else {
                return Progress::Pending;
            };
            // SAFETY: the driver has a count.
            let vacate = Vacate(&unsafe { child.header() }.link);
            // SAFETY: dropped once: after this the slot holds the output or nothing.
            unsafe { slot.cast::<F>().drop_in_place() };
            match S::settle(out) {
                Ok(value) => {
                    // SAFETY: the slot is the driver's.
                    unsafe { slot.cast::<S::Value>().write(value) };
                    mem::forget(vacate);
                    Progress::Done
                }
                Err(error) => {
                    // SAFETY: an `Option<S::Break>`, by the contract of the table.
                    unsafe { *broke.cast::<Option<S::Break>>() = Some(error) };
                    Progress::Broke
                }
            }
        };
        // SAFETY: the table is that of the child's own types, and the driver, whose slot it is, has
        // a count.
        unsafe { Self::with_slot(child, poll) }
    }

    unsafe fn drop_future(child: Child) {
        // SAFETY: the driver has a count.
        let _vacate = Vacate(&unsafe { child.header() }.link);
        let drop = |slot: *mut Slot<F, S::Value>| {
            // SAFETY: the slot holds the future and is the driver's (invariant 1).
            unsafe { slot.cast::<F>().drop_in_place() };
        };
        // SAFETY: as in `poll`.
        unsafe { Self::with_slot(child, drop) };
    }

    unsafe fn drop_output(child: Child) {
        let drop = |slot: *mut Slot<F, S::Value>| {
            // SAFETY: the slot holds the output and is the caller's (invariant 1).
            unsafe { slot.cast::<S::Value>().drop_in_place() };
        };
        // SAFETY: the table is that of the child's own types, and the owner of the output has a
        // count.
        unsafe { Self::with_slot(child, drop) };
    }

    unsafe fn free(child: Child) {
        // SAFETY: the last count is gone and the node came from a box of these types. The
        // slot is not dropped with it: what it held is gone or was forgotten by the handle.
        drop(unsafe { Box::from_raw(child.0.as_ptr().cast::<Self>()) });
    }
}

/// Notes that the slot is empty, also when the destructor that emptied it panics.
struct Vacate<'a>(&'a Link);

impl Drop for Vacate<'_> {
    fn drop(&mut self) {
        // Relaxed: the driver tells itself; others look after `COMPLETE`.
        self.0.state.fetch_or(EMPTY, Ordering::Relaxed);
    }
}
