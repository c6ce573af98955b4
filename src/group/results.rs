//! The results of a group as a stream.

use core::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::stream::Stream;

use super::hub::HubRef;
use crate::{
    inspect::{self, Resource, Site, WaitKind},
    sys::unwind::FirstPanic,
};

/// The results of a group whose children are of the type `F`, as a stream.
///
/// Taken in the body of the group, beside which the children go on, whatever it awaits; it may be
/// given to another task as well. It gives `None` when no child is left; if there are
/// [spawners](super::Spawner), those that are spawned later give results again. When the group is
/// gone it gives those that were left; in order of submission the numbers of children that were
/// dropped are passed over.
///
/// # Cancel safety
///
/// A result is taken by the poll that returns it, and stays otherwise. Dropping the stream drops the
/// results that are there; later ones are dropped as they come.
#[must_use = "streams do nothing unless polled"]
pub struct Results<F: Future> {
    pub(super) hub: HubRef<F>,
    site: Site,
}

impl<F: Future> Results<F> {
    #[cfg_attr(feature = "inspect", track_caller)]
    pub(super) fn new(hub: HubRef<F>, in_order: bool) -> Self {
        hub.begin_reading(in_order.then_some(0));
        Self {
            hub,
            site: Site::here(),
        }
    }

    /// The next result: what the stream gives, without the trait.
    pub async fn next(&mut self) -> Option<F::Output> {
        core::future::poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&self, cx: &Context<'_>) -> Poll<Option<F::Output>> {
        let next = self.hub.poll_take(cx);
        if next.is_pending() {
            inspect::note(
                cx,
                WaitKind::Result,
                &self.site,
                Resource::at(&**self.hub.shared()),
            );
        } else {
            self.site.renew();
        }
        next
    }
}

impl<F: Future> Stream for Results<F> {
    type Item = F::Output;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
        self.poll(cx)
    }
}

impl<F: Future> Drop for Results<F> {
    fn drop(&mut self) {
        let mut panics = FirstPanic::default();
        let (results, was_full) = self.hub.stop_reading();
        for result in results {
            panics.run(|| drop(result));
        }
        if was_full {
            panics.run(|| self.hub.shared().call_driver());
        }
        panics.resume_in_drop();
    }
}

impl<F: Future> fmt::Debug for Results<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Results").finish_non_exhaustive()
    }
}
