//! The children of a join as a list of types, `Cons<first, Cons<second, Nil>>`, or as an array.

use core::{
    array,
    convert::Infallible,
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::sys::unwind::FirstPanic;

/// Children that are polled together.
pub trait Children {
    /// What they give when all are done.
    type Values;
    /// What one of them may give that ends it for all.
    type Break;

    /// Polls those that are not done, in order; returns whether all are done now.
    ///
    /// # Errors
    ///
    /// What one of them gave that ends it.
    fn poll_all(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Result<bool, Self::Break>;

    /// Takes the values out; all must be done.
    fn values(self: Pin<&mut Self>) -> Self::Values;

    /// Drops all there is, from the last one to the first.
    fn clear(self: Pin<&mut Self>, panic: &mut FirstPanic);
}

/// What an output means: a value, or the end of all.
pub trait Settle<O> {
    type Value;
    type Break;

    fn settle(output: O) -> Result<Self::Value, Self::Break>;
}

/// Every output is a value.
#[derive(Debug)]
pub enum Plain {}

impl<O> Settle<O> for Plain {
    type Value = O;
    type Break = Infallible;

    fn settle(output: O) -> Result<O, Infallible> {
        Ok(output)
    }
}

/// An error ends it.
#[derive(Debug)]
pub enum Try {}

impl<T, E> Settle<Result<T, E>> for Try {
    type Value = T;
    type Break = E;

    fn settle(output: Result<T, E>) -> Result<T, E> {
        output
    }
}

pin_project! {
    /// A child, then its value, then nothing.
    #[project = ProjectedSlot]
    enum Slot<F, V> {
        Running { #[pin] future: F },
        Done { value: Option<V> },
    }
}

impl<F: Future, V> Slot<F, V> {
    /// Polls it if it is not done; returns whether it is done now.
    fn poll<S>(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Result<bool, S::Break>
    where
        S: Settle<F::Output, Value = V>,
    {
        let ProjectedSlot::Running { future } = self.as_mut().project() else {
            return Ok(true);
        };
        let Poll::Ready(output) = future.poll(cx) else {
            return Ok(false);
        };
        let value = Some(S::settle(output)?);
        self.set(Slot::Done { value });
        Ok(true)
    }

    fn take(self: Pin<&mut Self>) -> V {
        let value = match self.project() {
            ProjectedSlot::Done { value } => value.take(),
            ProjectedSlot::Running { .. } => None,
        };
        value.expect("all are done, and their values are taken once")
    }

    fn clear(mut self: Pin<&mut Self>, panic: &mut FirstPanic) {
        panic.run(|| self.set(Slot::Done { value: None }));
    }
}

/// No child.
#[derive(Debug)]
pub struct Nil<B> {
    _break: PhantomData<fn() -> B>,
}

impl<B> Nil<B> {
    pub(super) fn new() -> Self {
        Self {
            _break: PhantomData,
        }
    }
}

impl<B> Children for Nil<B> {
    type Values = ();
    type Break = B;

    fn poll_all(self: Pin<&mut Self>, _: &mut Context<'_>) -> Result<bool, B> {
        Ok(true)
    }

    fn values(self: Pin<&mut Self>) {}

    fn clear(self: Pin<&mut Self>, _: &mut FirstPanic) {}
}

pin_project! {
    /// A child, and those behind it.
    pub struct Cons<F: Future, S: Settle<F::Output>, R> {
        #[pin]
        slot: Slot<F, S::Value>,
        #[pin]
        rest: R,
    }
}

impl<F: Future, S: Settle<F::Output>, R> Cons<F, S, R> {
    pub(super) fn new(future: F, rest: R) -> Self {
        Self {
            slot: Slot::Running { future },
            rest,
        }
    }
}

impl<F, S, R> Children for Cons<F, S, R>
where
    F: Future,
    S: Settle<F::Output>,
    R: Children<Break = S::Break>,
{
    type Values = (S::Value, R::Values);
    type Break = S::Break;

    fn poll_all(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Result<bool, S::Break> {
        let this = self.project();
        let is_done = this.slot.poll::<S>(cx)?;
        Ok(this.rest.poll_all(cx)? && is_done)
    }

    fn values(self: Pin<&mut Self>) -> Self::Values {
        let this = self.project();
        (this.slot.take(), this.rest.values())
    }

    fn clear(self: Pin<&mut Self>, panic: &mut FirstPanic) {
        let this = self.project();
        this.rest.clear(panic);
        this.slot.clear(panic);
    }
}

/// Children of one type.
#[allow(missing_debug_implementations, reason = "nobody ever sees it")]
pub struct Array<F: Future, S: Settle<F::Output>, const N: usize> {
    slots: [Slot<F, S::Value>; N],
}

impl<F: Future, S: Settle<F::Output>, const N: usize> Array<F, S, N> {
    pub(super) fn new(futures: [F; N]) -> Self {
        Self {
            slots: futures.map(|future| Slot::Running { future }),
        }
    }

    fn slot(self: Pin<&mut Self>, n: usize) -> Pin<&mut Slot<F, S::Value>> {
        // SAFETY: structurally pinned: no method moves a slot, there is no `Drop`, and it is `Unpin`
        // only if the slots are.
        unsafe { self.map_unchecked_mut(|this| &mut this.slots[n]) }
    }
}

impl<F: Future, S: Settle<F::Output>, const N: usize> Children for Array<F, S, N> {
    type Values = [S::Value; N];
    type Break = S::Break;

    fn poll_all(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Result<bool, S::Break> {
        let mut is_done = true;
        for n in 0..N {
            is_done &= self.as_mut().slot(n).poll::<S>(cx)?;
        }
        Ok(is_done)
    }

    fn values(mut self: Pin<&mut Self>) -> Self::Values {
        array::from_fn(|n| self.as_mut().slot(n).take())
    }

    fn clear(mut self: Pin<&mut Self>, panic: &mut FirstPanic) {
        for n in (0..N).rev() {
            self.as_mut().slot(n).clear(panic);
        }
    }
}
