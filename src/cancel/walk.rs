//! The walk: brings a token and all below it into a phase.
//!
//! It goes from parent to child, in bounded holds of the domain's lock, without recursion. Where
//! it finds those who wait it collects their wakers, a batch at a time, and calls them after the
//! hold. Between holds the walker stands in the domain's list of walkers, with its next step;
//! whoever takes that token out of the tree moves the walker on.
//!
//! Everybody who cancels walks, also where another walk is under way, and leaves out only what
//! is done (`domain.rs`, invariant 3). So whoever returns has seen to it that all are in the
//! phase, and nobody waits for anybody.
//!
//! # Why nothing is missed
//!
//! 1. A token is in the phase before its children are visited, so what is attached to it later
//!    is born in the phase, and what was attached before is visited.
//! 2. A token that takes the place of its parent (which nobody needed) stands where that stood:
//!    the steps that were to come for the one come for the other.
//! 3. A token is marked as done when all below it have been visited.

use core::{
    marker::PhantomPinned,
    pin::{Pin, pin},
    ptr,
};

use super::{
    cause::{Phase, Stored},
    domain::{Domain, Kind, Node, Shape},
    link::Islands,
    meta::Now,
    token::{Token, WAITERS, phase_of},
    wait::Want,
};
use crate::{
    sys::cell::UnsafeCell,
    wait::{Waiter, WakeBatch, wake_in_batches},
};

/// Steps that one hold of the lock may take.
#[cfg(not(loom))]
fn steps() -> usize {
    64
}

/// The same for the models: one, so that a walk is interrupted everywhere, unless the model is
/// about something else.
#[cfg(loom)]
pub static STEPS: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(1);

#[cfg(loom)]
fn steps() -> usize {
    STEPS.load(std::sync::atomic::Ordering::Relaxed)
}

/// What a walker does next.
#[derive(Clone, Copy)]
pub(super) enum Step {
    /// Bring this token into the phase.
    Visit(Node),
    /// Go on ending the waits of this one.
    Sweep(Node),
    /// All below this one have been visited.
    Leave(Node),
}

/// Somebody who goes through a tree.
pub(super) struct Walker {
    place: UnsafeCell<Place>,
    /// Divides the waiters of a token that is swept.
    mark: Waiter<Want>,
    _pinned: PhantomPinned,
}

/// What others need of a walker, under the domain's lock.
struct Place {
    step: Step,
    is_listed: bool,
    prev: *const Walker,
    next: *const Walker,
}

/// Those who do not hold the lock just now.
pub(super) struct Walkers {
    first: *const Walker,
}

// SAFETY: the pointers lead to walkers whose places are touched under the domain's lock only.
unsafe impl Send for Walkers {}

/// Brings `token` and all below into `phase`. Whether this call did it for the token itself, and
/// so the cause was recorded.
pub(super) fn raise(token: &Token, phase: Phase, cause: Stored) -> bool {
    let mut cause = Some(cause);
    let mut islands = Islands::new();
    islands.walk(token, phase, || match cause.take() {
        Some(cause) => cause,
        None => unreachable!("a token is raised once"),
    });
    islands.finish(token, phase);
    cause.is_none()
}

/// Brings `token` into `phase`, with this cause if it is not, and then all below. Islands that
/// are reached are noted, and left to the caller.
pub(super) fn walk(
    token: &Token,
    phase: Phase,
    islands: &mut Islands,
    mut cause: impl FnMut() -> Stored,
) {
    // SAFETY: the token is linked for as long as it is borrowed.
    let top = unsafe { Node::of(token) };
    let walker = pin!(Walker::new(Step::Visit(top)));
    let walker = walker.into_ref();
    islands.begin();
    let now = Now::read();
    let mut lacks_room = false;
    wake_in_batches(|batch| {
        if lacks_room {
            islands.make_room();
        }
        token.domain().with(|shape| {
            let mut step = shape.walkers.remove(walker);
            for _ in 0..steps() {
                let was_sweeping = matches!(step, Step::Sweep(_));
                step = match step {
                    Step::Visit(node) => {
                        lacks_room = islands.lack_room(shape.kind(node));
                        if lacks_room {
                            break;
                        }
                        let before = if node == top {
                            shape.raise(node, phase, &mut cause)
                        } else {
                            let parent = shape.parent(node);
                            shape.inherit(node, parent, phase)
                        };
                        if phase == Phase::Cancelled {
                            shape.links(node, |links| links.meta.note_cancelled(now));
                        }
                        walker.visit(shape, node, phase, before, islands)
                    }
                    Step::Sweep(node) => {
                        let ends = |want: &Want| want.ends_in(phase);
                        if walker.sweep(node, batch, ends) {
                            Step::Sweep(node)
                        } else {
                            shape.below(node)
                        }
                    }
                    Step::Leave(node) => {
                        if !islands.are_left() {
                            shape.finish(node, phase);
                        }
                        if node == top {
                            return false;
                        }
                        shape.after(node)
                    }
                };
                if was_sweeping && matches!(step, Step::Sweep(_)) {
                    break;
                }
            }
            shape.walkers.insert(walker, step);
            true
        })
    });
}

impl Walker {
    pub(super) fn new(step: Step) -> Self {
        Self {
            place: UnsafeCell::new(Place {
                step,
                is_listed: false,
                prev: ptr::null(),
                next: ptr::null(),
            }),
            mark: Waiter::new(Want::Mark),
            _pinned: PhantomPinned,
        }
    }

    fn mark(self: Pin<&Self>) -> Pin<&Waiter<Want>> {
        // SAFETY: structurally pinned: no method moves it, and it leaves its list before the
        // walker goes (`walk` and `drain` end only when it has).
        unsafe { self.map_unchecked(|this| &this.mark) }
    }

    /// What comes after `node` has been brought into the phase, from the state `before`.
    fn visit(
        self: Pin<&Self>,
        shape: &mut Shape,
        node: Node,
        phase: Phase,
        before: usize,
        islands: &mut Islands,
    ) -> Step {
        let (kind, done) = shape.links(node, |links| (links.kind, links.done));
        if done >= phase {
            return Step::Leave(node);
        }
        if kind == Kind::Leaf {
            islands.forward(node, phase_of(before), phase);
        }
        if phase_of(before) < phase && before & WAITERS != 0 {
            self.start_sweep(node);
            return Step::Sweep(node);
        }
        shape.below(node)
    }

    /// Links the mark of a sweep.
    pub(super) fn start_sweep(self: Pin<&Self>, node: Node) {
        self.mark.renew();
        // SAFETY: idle, and used with one list at a time. It leaves the list at the end of the
        // sweep, or when the token is taken out of the tree (`Walkers::move_on`).
        node.queue
            .with(|held| unsafe { held.waiters.push_mark(self.mark()) });
    }

    /// Ends a batch of the waits that `picks` chooses; whether there may be more.
    fn sweep(&self, node: Node, batch: &mut WakeBatch, picks: impl Fn(&Want) -> bool) -> bool {
        // SAFETY: linked by `start_sweep`; nobody else takes it out while the step is this.
        node.queue
            .with(|held| unsafe { held.sweep(&self.mark, batch, picks) })
    }

    /// Takes the mark out of a sweep that does not go on.
    fn stop_sweep(&self, node: Node) {
        // SAFETY: the walker's own. There is no waker to drop.
        let _ = node
            .queue
            .with(|held| unsafe { held.waiters.remove(&self.mark) });
    }

    /// Goes on with a sweep that was begun in the hold in which the token lost its last child:
    /// ends the waits for that, unless there is a child again.
    pub(super) fn drain(self: Pin<&Self>, domain: &Domain) {
        wake_in_batches(|batch| {
            domain.with(|shape| {
                // If it is another step, the token has gone, and with it whoever waited.
                let Step::Sweep(node) = shape.walkers.remove(self) else {
                    return false;
                };
                if shape.links(node, |links| links.first).is_some() {
                    self.stop_sweep(node);
                    return false;
                }
                let more = self.sweep(node, batch, |want| *want == Want::Drained);
                if more {
                    shape.walkers.insert(self, Step::Sweep(node));
                }
                more
            })
        });
    }
}

impl Walkers {
    pub(super) const fn new() -> Self {
        Self { first: ptr::null() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first.is_null()
    }

    fn place<R>(&mut self, walker: *const Walker, f: impl FnOnce(&mut Place) -> R) -> R {
        // SAFETY: a walker that is listed, or on its way in or out, is alive.
        let walker = unsafe { &*walker };
        // SAFETY: places are touched under the domain's lock, which whoever has the list holds.
        walker.place.with_mut(|place| f(unsafe { &mut *place }))
    }

    /// Notes what a walker does next, when its hold of the lock ends.
    pub(super) fn insert(&mut self, walker: Pin<&Walker>, step: Step) {
        let walker: *const Walker = walker.get_ref();
        let next = core::mem::replace(&mut self.first, walker);
        self.place(walker, |place| {
            *place = Place {
                step,
                is_listed: true,
                prev: ptr::null(),
                next,
            };
        });
        if !next.is_null() {
            self.place(next, |place| place.prev = walker);
        }
    }

    /// What a walker does next, now that it has the lock.
    pub(super) fn remove(&mut self, walker: Pin<&Walker>) -> Step {
        let (step, was_listed, prev, next) = self.place(walker.get_ref(), |place| {
            let was_listed = core::mem::replace(&mut place.is_listed, false);
            (place.step, was_listed, place.prev, place.next)
        });
        if !was_listed {
            return step;
        }
        if prev.is_null() {
            self.first = next;
        } else {
            self.place(prev, |place| place.next = next);
        }
        if !next.is_null() {
            self.place(next, |place| place.prev = prev);
        }
        step
    }

    /// Moves on whoever is at a token that is being taken out, or whose children are: to
    /// `entering` from what is to be done there before its children are, else to `leaving`.
    pub(super) fn move_on(&mut self, node: Node, entering: Step, leaving: Step) {
        let mut walker = self.first;
        while !walker.is_null() {
            let (step, next) = self.place(walker, |place| (place.step, place.next));
            let new = match step {
                Step::Visit(at) if at == node => entering,
                Step::Sweep(at) if at == node => {
                    // SAFETY: listed, hence alive.
                    unsafe { &*walker }.stop_sweep(node);
                    entering
                }
                Step::Leave(at) if at == node => leaving,
                other => other,
            };
            self.place(walker, |place| place.step = new);
            walker = next;
        }
    }
}
