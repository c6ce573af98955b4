//! Scopes as branches.

use core::{
    mem::{ManuallyDrop, offset_of},
    ptr::NonNull,
};

use super::{Branch, Family, Grown, Now, Own};
use crate::{
    cancel::Phase,
    inspect::{End, NodeKind, State},
    scope::{
        child::{ABORTED, COUNTED, Child, Header, Kind, LOST, UNSTARTED},
        ready::QUEUED,
        shared::{Shared, SharedRef},
    },
    sys::atomic::Ordering,
};

impl Grown for Shared {
    const FAMILY: Family = Family {
        kind: NodeKind::Scope,
        // SAFETY: the block is alive, by the caller's word.
        acquire: |branch| unsafe { borrowed(branch) }.refs.acquire(),
        // SAFETY: the caller gives a count up.
        release: |branch| drop(unsafe { SharedRef::from_raw(block_of(branch)) }),
        // SAFETY: the block is alive, by the caller's word.
        now: |branch| unsafe { borrowed(branch) }.now(),
        child: |card| {
            // SAFETY: the card is that of a child, to all of which the pointer leads.
            let header = unsafe { card.byte_sub(offset_of!(Header, card)) };
            // SAFETY: a linked child is alive.
            unsafe { now_of(Child(header.cast())) }
        },
        unfinished: |card| {
            // SAFETY: the card is that of a child, to all of which the pointer leads.
            let header = unsafe { card.byte_sub(offset_of!(Header, card)) };
            // SAFETY: alive, by the caller's word.
            let header = unsafe { header.cast::<Header>().as_ref() };
            // Relaxed: asked by whoever has let go of the future.
            unfinished(header.link.state.load(Ordering::Relaxed))
        },
    };
}

fn block_of(branch: NonNull<Branch>) -> *const () {
    // In bounds: it is that field of a block.
    let block = branch
        .as_ptr()
        .wrapping_byte_sub(offset_of!(Shared, branch));
    block.cast_const().cast()
}

/// # Safety
///
/// The block is alive while the result is used, which is not dropped.
unsafe fn borrowed(branch: NonNull<Branch>) -> ManuallyDrop<SharedRef> {
    // SAFETY: the count stays with whoever has it, since the result is not dropped.
    ManuallyDrop::new(unsafe { SharedRef::from_raw(block_of(branch)) })
}

impl SharedRef {
    fn now(&self) -> Now {
        let token = self.stop.token();
        let phase = if self.starts_children() && !self.ready.is_closed() {
            let phase = token.as_ref().map(|token| token.phase());
            phase.unwrap_or(Phase::Running)
        } else {
            Phase::Cancelled
        };
        Now {
            own: Own {
                kind: NodeKind::Scope,
                state: match self.branch.body().notes().polls().0 {
                    0 => State::Unstarted,
                    _ if self.body_is_queued() => State::Ready,
                    _ => State::Waiting,
                },
                address: self.address(),
                limited_by: 0,
            },
            phase,
            cause: match phase {
                Phase::Running => None,
                _ => self.stop.known_cause(),
            },
            tasks: self.tasks(),
            token: token.map(|token| token.node_id()),
        }
    }
}

/// How a child in this state has ended, if not by itself.
fn unfinished(state: usize) -> End {
    match state {
        _ if state & LOST != 0 => End::Lost,
        _ if state & ABORTED != 0 => End::Aborted,
        _ if state & UNSTARTED != 0 => End::Unstarted,
        _ => End::Dropped,
    }
}

/// # Safety
///
/// The child is alive.
unsafe fn now_of(child: Child) -> Own {
    // SAFETY: alive, by the caller's word.
    let header = unsafe { child.header() };
    // Relaxed: it says what was so at some moment.
    let state = header.link.state.load(Ordering::Relaxed);
    Own {
        kind: match Kind::of(state) {
            Kind::Regular => NodeKind::Child,
            Kind::Shielded => NodeKind::Shielded,
            Kind::Daemon | Kind::Breaker => NodeKind::Daemon,
        },
        state: match state {
            _ if state & UNSTARTED != 0 => State::Unstarted,
            _ if state & QUEUED != 0 => State::Ready,
            _ => State::Waiting,
        },
        address: child.0.as_ptr().addr(),
        limited_by: match state & (UNSTARTED | COUNTED) == UNSTARTED | COUNTED {
            true => header.scope.address(),
            false => 0,
        },
    }
}
