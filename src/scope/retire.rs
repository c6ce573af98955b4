//! How a child ends: its future is dropped, whoever waits for it is told, and the driver lets go.

use core::mem;

use super::{
    child::{
        AWAITING, COMPLETE, COUNTED, Child, DAEMON, EMPTY, HANDED, HANDLE, JOINER, Kind, RETIRED,
    },
    ready::QUEUED,
    shared::SharedRef,
};
use crate::sys::{
    atomic::{AtomicUsize, Ordering},
    unwind::{self, FirstPanic, OnUnwind, Payload},
};

/// Lets go of a child whose slot holds its output or nothing: tells whoever waits for
/// it, and gives the driver's count up.
///
/// # Safety
///
/// The child is in no list, and is not used by the driver after this.
pub(super) unsafe fn retire(shared: &SharedRef, child: Child) -> Result<(), Payload> {
    // SAFETY: the driver's count is given up last.
    let header = unsafe { child.header() };
    let state = header.link.state.load(Ordering::Relaxed);
    if Kind::of(state) != Kind::Breaker {
        // SAFETY: alive, by the driver's count.
        let card = unsafe { child.card() };
        // SAFETY: linked since it was spawned.
        unsafe { shared.branch.unlink(card) };
    }
    // Before anybody is told: whoever knows that the child is done finds its place free, and one
    // child less.
    let is_waited_for = state & COUNTED != 0 && shared.limits.places.give_back();
    if state & DAEMON == 0 {
        shared.tally.end();
    }
    if !is_waited_for && hand_over(&header.link.state, state) {
        return Ok(());
    }
    let (before, is_retired) = complete(&header.link.state, state);
    // Done also if user code unwinds where nothing catches it.
    let let_go = OnUnwind(|| {
        if is_retired {
            // SAFETY: the driver's count, which was left to nobody.
            unsafe { child.release() };
        } else {
            // SAFETY: the caller's word.
            unsafe { let_go(shared, child) };
        }
    });
    let told = if is_waited_for || before & (HANDLE | EMPTY) == 0 || before & JOINER != 0 {
        unwind::catch(|| {
            if is_waited_for {
                shared.limits.serve();
            }
            // SAFETY: it completed with this state.
            unsafe { tell(child, before) };
        })
    } else {
        Ok(())
    };
    drop(let_go);
    told
}

/// Completes and retires a child of which the handle alone is left to know, and does not yet wait for
/// it: with the output it gets the driver's count. `false` if it is not such a child.
#[inline]
fn hand_over(state: &AtomicUsize, known: usize) -> bool {
    if known & (QUEUED | HANDLE | JOINER) != HANDLE || known >= AWAITING {
        return false;
    }
    let ended = known | COMPLETE | RETIRED | HANDED;
    // Release: pairs with the handle's acquiring look; the output is there.
    let swap = state.compare_exchange(known, ended, Ordering::Release, Ordering::Relaxed);
    swap.is_ok()
}

/// Marks a child as complete; the state before, and whether it was marked as retired with it, as it
/// is if nobody has queued it and it waits for nobody. Then the driver's count stays with the
/// driver.
#[inline]
fn complete(state: &AtomicUsize, known: usize) -> (usize, bool) {
    if known & QUEUED == 0 && known < AWAITING {
        let ended = known | COMPLETE | RETIRED;
        // Release: pairs with the handle's acquiring look; the output is there. Acquire: pairs with
        // the handle's setting of `JOINER`.
        let swap = state.compare_exchange(known, ended, Ordering::AcqRel, Ordering::Relaxed);
        if swap.is_ok() {
            return (known, true);
        }
    }
    // Release, acquire: as above.
    (state.fetch_or(COMPLETE, Ordering::AcqRel), false)
}

/// Deals with the output of a child and with whoever waits for it.
///
/// # Safety
///
/// The caller is the driver, which has a count of the child and has completed it in this state.
unsafe fn tell(child: Child, before: usize) {
    // SAFETY: the driver has a count.
    let header = unsafe { child.header() };
    if before & (HANDLE | EMPTY) == 0 {
        // SAFETY: complete without a handle: the output is the driver's.
        unsafe { child.drop_output() };
    }
    if before & JOINER != 0 {
        // SAFETY: complete with `JOINER` set: the slot is the driver's.
        let joiner = header
            .joiner
            .with_mut(|joiner| mem::take(unsafe { &mut *joiner }));
        drop(joiner.loan);
        if let Some(waker) = joiner.waker {
            waker.wake();
        }
    }
}

/// Gives the driver's count up, for a child that was completed and not retired yet.
///
/// # Safety
///
/// As for `retire`, of which this is the end.
unsafe fn let_go(shared: &SharedRef, child: Child) {
    // SAFETY: the driver's count is given up last.
    let state = unsafe { &child.header().link.state };
    // Release: a producer that clears `QUEUED` takes over the count, and with it the duty
    // to free what was written here; pairs with its `unqueue`.
    let before = state.fetch_or(RETIRED, Ordering::Release);
    if before >= AWAITING {
        shared.limits.unblock();
    }
    if before & QUEUED == 0 {
        // SAFETY: the driver's count (`child.rs`, invariant 3).
        unsafe { child.release() };
    }
}

/// Drops the future of a child and retires it.
///
/// # Safety
///
/// The child did not finish; otherwise as for `retire`.
pub(super) unsafe fn discard(shared: &SharedRef, child: Child) -> Result<(), Payload> {
    // SAFETY: the driver holds a count until `retire`.
    let state = unsafe { child.header() }.link.state.load(Ordering::Relaxed);
    // Done also if the destructor unwinds where nothing catches it.
    let rest = OnUnwind(|| {
        // SAFETY: the caller's word.
        let _ = unsafe { retire(shared, child) };
    });
    let mut panics = FirstPanic::default();
    panics.run(|| {
        if state & EMPTY == 0 {
            // SAFETY: not finished and not empty: the slot holds the future.
            unsafe { child.drop_future() };
        }
    });
    mem::forget(rest);
    // SAFETY: the caller's word.
    panics.note(unsafe { retire(shared, child) });
    panics.into_result()
}
