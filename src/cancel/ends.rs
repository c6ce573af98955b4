//! How tokens end: what a drop takes out of the tree is emptied and freed here, outside the lock.
//!
//! A token that is out of the tree may have callbacks left that nobody can stop any more. If it
//! was cancelled while a walk was on its way to them they run now; else they are dropped. Then
//! its memory goes, and its domain's when the last count is given up.
//!
//! The end of a domain may be the end of the one that it is an island of, and so on: a list,
//! not a recursion.

use core::{pin::pin, ptr::NonNull};

use super::{
    domain::{Domain, Kind, Node, Removed, Shape},
    memory,
    token::{STOPPING, Token, WAITERS, phase_of},
    walk::{Step, Walker},
};
use crate::{
    sys::{
        atomic::Ordering,
        unwind::{FirstPanic, run_both_in_drop, run_in_drop},
    },
    wait::{Outcome, wake_in_batches},
};

/// Drops a handle that looked like the last one.
///
/// # Safety
///
/// The caller gives up a handle of `token`, which is counted or a root.
pub(super) unsafe fn drop_last(token: NonNull<Token>) {
    // SAFETY: the handle keeps the token until it is given up below.
    let this = unsafe { token.as_ref() };
    // Acquire: pairs with the releases of the handles that were dropped before; what their
    // owners did comes before the end.
    let is_last = this.handles.load(Ordering::Acquire) == 1;
    if is_last && this.is_root() && this.domain().is_lonely() {
        let domain = NonNull::from(this.domain());
        // SAFETY: a domain of nobody but the root, whose only handle this is.
        run_both_in_drop(|| empty(this), || unsafe { memory::free_domain(domain) });
        return;
    }
    // SAFETY: the caller's word.
    if is_last && unsafe { is_taken_out_plain(this) } {
        // SAFETY: it was taken out, and nobody knows it.
        unsafe { memory::free(token) };
        return;
    }
    // SAFETY: the caller's word.
    unsafe { give_up(this) };
}

/// Drops a handle, whatever else there is to do then.
///
/// # Safety
///
/// As for [`drop_last`].
#[inline(never)]
unsafe fn give_up(this: &Token) {
    let domain = NonNull::from(this.domain());
    let mut stays = false;
    let leave_tree = |shape: &mut Shape, removed: &mut Removed| {
        // SAFETY: linked, by the handle.
        let node = unsafe { Node::of(this) };
        // Acquire: as above. If it is the last one nobody can make another while the lock is held,
        // and it needs no RMW. Otherwise a weak handle has been upgraded, and what it gave may be
        // dropped just now. If this is not the last one then the last one comes under the lock
        // behind it, so that it needs to release nothing.
        let is_last = if node.handles.load(Ordering::Acquire) == 1 {
            node.handles.store(0, Ordering::Relaxed);
            true
        } else {
            node.handles.fetch_sub(1, Ordering::Acquire) == 1
        };
        if is_last {
            shape.reap(node, removed);
        }
        // A token that is not this call's to free may go, and the domain with it, as soon as the
        // lock is released, and that takes a while (`domain.rs`, invariant 5).
        stays = !removed.dead && removed.tokens[0].is_none();
        if stays {
            this.domain().join(shape);
        }
    };
    // SAFETY: the token is in the domain until it is freed, or this call is.
    unsafe { take_out(domain, leave_tree) };
    if stays {
        // SAFETY: joined above.
        run_in_drop(|| unsafe { memory::leave(domain) });
    }
}

/// Takes a token out of the tree if that is all there is to do, as it is for most.
///
/// # Safety
///
/// As for [`drop_last`].
#[inline]
unsafe fn is_taken_out_plain(token: &Token) -> bool {
    token.domain().with(|shape| {
        // SAFETY: linked, by the handle.
        let node = unsafe { Node::of(token) };
        // Acquire: as above. If it is the last one nobody can make another while the lock is held.
        node.handles.load(Ordering::Acquire) == 1 && shape.remove_plain(node)
    })
}

/// Runs `f` under the lock of `domain`, and sees to what it takes out.
///
/// # Safety
///
/// Somebody stays in the domain until the lock is released.
pub(super) unsafe fn take_out(domain: NonNull<Domain>, f: impl FnOnce(&mut Shape, &mut Removed)) {
    let mut ends = Ends {
        panics: FirstPanic::default(),
        dead: None,
    };
    // SAFETY: the caller's word.
    unsafe { ends.take_out(domain, f) };
    while let Some(dead) = ends.dead {
        // SAFETY: the root is in the domain until `bury` is over.
        ends.dead = unsafe { dead.as_ref() }.upstream.next_dead();
        // SAFETY: as above; it was taken off the list.
        unsafe { ends.bury(dead) };
    }
    ends.panics.resume_in_drop();
}

/// What is left to do, and the first panic of user code on the way.
struct Ends {
    panics: FirstPanic,
    /// Domains that are dead, linked by their `Upstream`.
    dead: Option<NonNull<Domain>>,
}

impl Ends {
    /// # Safety
    ///
    /// As for [`take_out`].
    unsafe fn take_out(
        &mut self,
        domain: NonNull<Domain>,
        f: impl FnOnce(&mut Shape, &mut Removed),
    ) {
        let mut drain = pin!(None);
        let mut removed = Removed::default();
        {
            // SAFETY: the caller's word.
            let domain = unsafe { domain.as_ref() };
            domain.with(|shape| {
                f(shape, &mut removed);
                if removed.dead {
                    domain.seal(shape);
                }
                if let Some(node) = removed.emptied {
                    drain.set(Some(Walker::new(Step::Sweep(node))));
                    if let Some(walker) = drain.as_ref().as_pin_ref() {
                        walker.start_sweep(node);
                        shape.walkers.insert(walker, Step::Sweep(node));
                    }
                }
            });
            if let Some(walker) = drain.as_ref().as_pin_ref() {
                self.panics.run(|| walker.drain(domain));
            }
        }
        if removed.dead {
            // SAFETY: the root is in the domain until `bury` is over.
            unsafe { domain.as_ref() }.upstream.set_next_dead(self.dead);
            self.dead = Some(domain);
        }
        for (token, is_known) in removed.tokens.into_iter().flatten() {
            // SAFETY: it was taken out of the tree just now, and its memory is kept.
            let state = unsafe { token.as_ref() }.state.load(Ordering::Relaxed);
            if !is_known && state & (WAITERS | STOPPING) == 0 {
                // The common case: no code of the user's to run.
                // SAFETY: nobody knows the token any more.
                unsafe { memory::free(token) };
                continue;
            }
            // SAFETY: as above.
            self.panics.run(|| empty(unsafe { token.as_ref() }));
            self.panics.run(|| {
                if is_known {
                    // SAFETY: the weak handle that `Shape::note_gone` has made.
                    unsafe { drop_weak(token) };
                } else {
                    // SAFETY: nobody knows the token any more.
                    unsafe { memory::free(token) };
                }
            });
        }
    }

    /// The end of a dead domain: callbacks of the root, and its leaves in other domains.
    ///
    /// # Safety
    ///
    /// The domain is dead, and this is done once.
    unsafe fn bury(&mut self, domain: NonNull<Domain>) {
        // SAFETY: the caller's word.
        let dead = unsafe { domain.as_ref() };
        self.panics.run(|| empty(&dead.root));
        for leaf in dead.upstream.leaves() {
            let outer = NonNull::from(leaf.domain());
            let remove = |shape: &mut Shape, removed: &mut Removed| {
                // SAFETY: a leaf is linked until here.
                shape.remove_leaf(unsafe { Node::of(leaf) }, removed);
            };
            // SAFETY: the leaf is in the outer domain until below.
            unsafe { self.take_out(outer, remove) };
            // SAFETY: the leaf's.
            self.panics.run(|| unsafe { memory::leave(outer) });
            // SAFETY: the leaf's, of its island.
            self.panics.run(|| unsafe { memory::leave(domain) });
        }
        // SAFETY: the root's.
        self.panics.run(|| unsafe { memory::leave(domain) });
    }
}

/// Drops a weak handle.
///
/// # Safety
///
/// The caller gives up a weak handle of `token`, which so leaves the domain.
pub(super) unsafe fn drop_weak(token: NonNull<Token>) {
    // SAFETY: the handle keeps the token, and is in the domain itself.
    let domain = NonNull::from(unsafe { token.as_ref() }.domain());
    let release = || {
        // SAFETY: the handle's.
        unsafe { release_weak(token) };
    };
    // SAFETY: the handle's.
    run_both_in_drop(release, || unsafe { memory::leave(domain) });
}

/// Gives a weak count up, and frees a token that is out of the tree with the last one.
///
/// # Safety
///
/// The caller has the count, and the domain is kept until this returns.
unsafe fn release_weak(token: NonNull<Token>) {
    // SAFETY: the count keeps the token.
    let node = unsafe { token.as_ref() };
    let is_last = node.domain().with(|shape| {
        // SAFETY: used only for the links, which are guarded by this lock all the same.
        let node = unsafe { Node::of(node) };
        shape.remove_weak(node) && shape.kind(node) == Kind::Gone
    });
    if is_last {
        // SAFETY: nobody knows the token any more.
        unsafe { memory::free(token) };
    }
}

/// Ends the waits of a token that is out of the tree: callbacks that were forgotten, and futures
/// that were leaked.
pub(super) fn empty(token: &Token) {
    // Relaxed: whoever had a handle has dropped it, and that comes before.
    let state = token.state.load(Ordering::Relaxed);
    if state & WAITERS == 0 {
        return;
    }
    let phase = phase_of(state);
    wake_in_batches(|batch| {
        token.queue.with(|held| {
            while let Some(want) = held.waiters.front() {
                if batch.is_full() {
                    return true;
                }
                // A callback finds out by the outcome what to do when it is woken.
                let outcome = if want.ends_in(phase) {
                    Outcome::Granted
                } else {
                    Outcome::Refused
                };
                batch.push(held.waiters.pop_front(outcome));
            }
            false
        })
    });
}
