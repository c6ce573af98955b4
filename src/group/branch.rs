//! Groups as branches of the tree of scopes: feature `inspect`.

use core::{
    future::Future,
    mem::{ManuallyDrop, offset_of},
    ptr::{self, NonNull},
    task::Waker,
};

use super::{
    Results, Spawner,
    counted::{Counted, Woken},
    shared::{Shared, SharedRef},
    slot,
};
use crate::{
    cancel::{Cause, CauseKind, Phase},
    inspect::{End, Inspect, Node, NodeKind, State},
    scope::{
        registry::{Branch, BranchRef, Family, Grown, Now, Own},
        whose::Whose,
    },
};

impl Grown for Shared {
    const FAMILY: Family = Family {
        kind: NodeKind::Group,
        acquire: |branch| {
            // SAFETY: the block is alive, by the caller's word.
            let _kept: ManuallyDrop<SharedRef> = unsafe { borrowed(branch) }.clone();
        },
        // SAFETY: the caller gives a count up.
        release: |branch| drop(unsafe { SharedRef::from_data(data_of(branch)) }),
        // SAFETY: the block is alive, by the caller's word.
        now: |branch| unsafe { borrowed(branch) }.now(),
        // SAFETY: the card is that of a place, to all of which the pointer leads.
        child: |card| unsafe { slot::now(card) },
        unfinished: |_| End::Dropped,
    };
}

fn data_of(branch: NonNull<Branch>) -> *const () {
    // SAFETY: in bounds: it is that field of a group's block.
    let shared = unsafe { branch.byte_sub(offset_of!(Shared, branch)) };
    Counted::data_of(shared.cast::<Shared>())
}

/// # Safety
///
/// The block is alive while the result is used.
unsafe fn borrowed(branch: NonNull<Branch>) -> ManuallyDrop<SharedRef> {
    // SAFETY: the count stays with whoever has it, since the result is not dropped.
    ManuallyDrop::new(unsafe { SharedRef::from_data(data_of(branch)) })
}

impl SharedRef {
    fn now(&self) -> Now {
        let is_over = self.ready.is_closed();
        Now {
            own: Own {
                kind: NodeKind::Group,
                state: match self.branch.body().notes().polls().0 {
                    // It may be one without a body.
                    0 if !self.branch_ref().has_children() => State::Unstarted,
                    _ if self.body_is_queued() => State::Ready,
                    _ => State::Waiting,
                },
                address: self.as_ptr().as_ptr().addr(),
                limited_by: 0,
            },
            phase: if is_over {
                Phase::Cancelled
            } else {
                Phase::Running
            },
            cause: is_over.then(|| Cause::new(CauseKind::ScopeEnded)),
            tasks: 0,
            token: None,
        }
    }

    fn branch_ref(&self) -> BranchRef {
        // SAFETY: this holds a count; the pointer is that of the block.
        unsafe { BranchRef::of(self.branch_ptr()) }
    }
}

/// The child or body of a group whose waker this is.
pub(crate) fn whose(waker: &Waker) -> Option<Whose<'_>> {
    if !ptr::eq(waker.vtable(), Shared::table()) {
        return slot::whose(waker);
    }
    // SAFETY: the data of this table is always a group's block; the count stays with the waker.
    let shared = ManuallyDrop::new(unsafe { SharedRef::from_data(waker.data()) });
    let body = NonNull::from(shared.branch.body());
    // SAFETY: the waker has a count of the block.
    Some(unsafe { Whose::new(shared.branch_ptr(), body) })
}

/// The group, its children that were started, and what is run in these and in the body. See
/// [`Scope`](crate::Scope) for how that is found.
impl<F: Future> Inspect for Spawner<F> {
    fn visit(&self, each: &mut dyn FnMut(&Node)) {
        self.hub.shared().branch_ref().visit(each);
    }

    fn live(&self) -> usize {
        self.hub.shared().branch_ref().live()
    }
}

/// As for [`Spawner`].
impl<F: Future> Inspect for Results<F> {
    fn visit(&self, each: &mut dyn FnMut(&Node)) {
        self.hub.shared().branch_ref().visit(each);
    }

    fn live(&self) -> usize {
        self.hub.shared().branch_ref().live()
    }
}
