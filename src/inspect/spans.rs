//! Spans and events of the crate `tracing`: feature `tracing`.
//!
//! The id of a node's span is kept in the node's card, so there is no map and no lock. The span is entered by those who
//! poll, on whatever thread, and closed when the node has ended and nobody is in it any more.

use core::num::NonZeroU64;

use tracing::{
    Dispatch, Level, Span, dispatcher,
    field::{Empty, display},
    span::Id,
};

use super::{End, Event, NodeKind, Observer, Subject, span_slot::SpanSlot};

/// Where the span of a node is kept, and that of its scope.
pub(crate) type Spans<'a> = Option<(&'a SpanSlot, Option<&'a SpanSlot>)>;

/// Nowhere.
pub(crate) const NO_SPANS: Spans<'static> = None;

pub(crate) fn spans_of<'a>(own: &'a SpanSlot, scope: Option<&'a SpanSlot>) -> Spans<'a> {
    Some((own, scope))
}

/// Makes a span of each node, and an event of its end.
///
/// A span is entered while its node is polled, on whatever thread, so that all that is said meanwhile is said in it. That
/// of a child is below that of its scope, and follows from the one in which it was spawned; that of a
/// scope is below the one in which the scope is polled first. They are called `child`, `scope` and so on, of the level
/// `INFO` and with the target `pleach`, and have the fields `id`, `site` and, once it is known, `name`. At the end of a node
/// there is an event in its span with the field `end`: at `DEBUG` if it has completed, at `WARN` if it panicked or
/// was lost, and else at `INFO`.
///
/// It tells the subscriber that is the current one where it is made, and no other.
///
/// # Examples
///
/// ```
/// # pleach::block_on(async {
/// use pleach::inspect::Tracing;
///
/// pleach::scope!(observe = Tracing::new(), |s| {
///     s.spawn(async { /* what is logged here is in the span of this child */ }).named("worker");
/// })
/// .await;
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct Tracing {
    dispatch: Dispatch,
}

impl Default for Tracing {
    fn default() -> Self {
        Self::new()
    }
}

impl Tracing {
    /// One that tells the current subscriber of this thread.
    #[must_use]
    pub fn new() -> Self {
        Self {
            dispatch: dispatcher::get_default(Dispatch::clone),
        }
    }

    /// Runs `f` where that subscriber is the current one.
    #[cfg(feature = "std")]
    fn with<R>(&self, f: impl FnOnce() -> R) -> R {
        dispatcher::with_default(&self.dispatch, f)
    }

    /// Without `std` there is but one.
    #[cfg(not(feature = "std"))]
    fn with<R>(&self, f: impl FnOnce() -> R) -> R {
        f()
    }

    fn begin(&self, subject: &Subject<'_>, slot: &SpanSlot, above: Option<&SpanSlot>) {
        let scope = above.and_then(SpanSlot::begin_use).map(id_of);
        let here = self.dispatch.current_span().id().cloned();
        let span = self.with(|| new_span(subject, scope.as_ref()));
        if let Some(id) = span.id() {
            // One more for the slot: the other one goes with `span`.
            slot.begin(self.dispatch.clone_span(&id).into_non_zero_u64());
            if let (Some(here), Some(scope)) = (here, &scope) {
                if here != *scope {
                    self.dispatch.record_follows_from(&id, &here);
                }
            }
        }
        if let (Some(above), Some(scope)) = (above, scope) {
            self.end_use(above, scope);
        }
    }

    fn end_use(&self, slot: &SpanSlot, id: Id) {
        if slot.end_use() {
            self.dispatch.try_close(id);
        }
    }

    /// The span as a value, which knows its fields, is to be had where it is the current one.
    fn name(&self, slot: &SpanSlot, name: Option<&'static str>) {
        let Some(id) = slot.begin_use().map(id_of) else {
            return;
        };
        self.dispatch.enter(&id);
        self.with(|| {
            Span::current().record("name", name);
        });
        self.dispatch.exit(&id);
        self.end_use(slot, id);
    }

    fn end(&self, slot: &SpanSlot, end: End) {
        let Some(id) = slot.begin_use().map(id_of) else {
            return;
        };
        self.with(|| tell_end(id.clone(), end));
        // Not the last: this one uses it still.
        slot.end();
        self.end_use(slot, id);
    }
}

impl Observer for Tracing {
    fn event(&self, subject: &Subject<'_>, event: Event) {
        let Some((slot, above)) = subject.spans else {
            return;
        };
        match event {
            Event::Spawned => self.begin(subject, slot, above),
            Event::Named => self.name(slot, subject.name),
            Event::PollBegun => {
                if let Some(id) = slot.enter().map(id_of) {
                    self.dispatch.enter(&id);
                }
            }
            Event::PollEnded => {
                if let Some(id) = slot.exit().map(id_of) {
                    self.dispatch.exit(&id);
                    self.end_use(slot, id);
                }
            }
            Event::Ended(end) => self.end(slot, end),
            Event::Woken | Event::Waiting(_) | Event::Cancelled(_) => {}
        }
    }
}

fn id_of(id: NonZeroU64) -> Id {
    Id::from_non_zero_u64(id)
}

/// The span of a node: below that of its scope, or else below the current one.
fn new_span(subject: &Subject<'_>, scope: Option<&Id>) -> Span {
    let (id, site) = (display(subject.id), subject.site.map(display));
    macro_rules! span {
        ($kind:literal) => {{
            let span = match scope {
                Some(scope) => tracing::span!(
                    target: "pleach", parent: scope.clone(), Level::INFO, $kind, id, site, name = Empty
                ),
                None => {
                    tracing::span!(target: "pleach", Level::INFO, $kind, id, site, name = Empty)
                }
            };
            if let Some(name) = subject.name {
                span.record("name", name);
            }
            span
        }};
    }
    match subject.kind {
        NodeKind::Scope => span!("scope"),
        NodeKind::Group => span!("group"),
        NodeKind::Daemon => span!("daemon"),
        NodeKind::Shielded => span!("shielded"),
        NodeKind::Child | NodeKind::Parallel | NodeKind::Token => span!("child"),
    }
}

fn tell_end(span: Id, end: End) {
    let how = end.name();
    match end {
        End::Completed => tracing::debug!(target: "pleach", parent: span, end = how),
        End::Panicked | End::Lost => tracing::warn!(target: "pleach", parent: span, end = how),
        _ => tracing::info!(target: "pleach", parent: span, end = how),
    }
}
