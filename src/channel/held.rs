//! What is done to a channel under its lock. The picture and the invariants are in `ring.rs`.

use core::{mem, pin::Pin, task::Waker};

use super::{
    place::Place,
    ring::{Closing, End, PLACES, Raw, Receiving, Request, Sending, Slot, State, Watching},
};
use crate::wait::{Outcome, Waiter, WakeBatch};

/// A channel whose lock is held.
pub(super) struct Held<'a, T> {
    state: &'a mut State<T>,
    raw: &'a Raw<T>,
    /// The value of the first who waits to send was taken from it.
    took_from_sender: bool,
    /// It was looked for a message or for room, and there was none: nothing has changed.
    found_nothing: bool,
}

/// What a sender finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    Admitted,
    Full,
    Closed,
}

impl<'a, T> Held<'a, T> {
    #[inline]
    pub(super) fn new(state: &'a mut State<T>, raw: &'a Raw<T>) -> Self {
        Self {
            state,
            raw,
            took_from_sender: false,
            found_nothing: false,
        }
    }

    /// Closes the channel. Returns whether that was news.
    pub(super) fn close(&mut self) -> bool {
        !mem::replace(&mut self.state.is_closed, true)
    }

    /// Closes it, and notes that nobody listens.
    pub(super) fn abandon(&mut self) {
        self.state.is_closed = true;
        self.state.is_abandoned = true;
    }

    pub(super) fn handles(&self, end: End) -> usize {
        self.state.handles[end as usize]
    }

    pub(super) fn has_handles(&self, end: End) -> bool {
        self.handles(end) > 0
    }

    /// Counts a handle more, if it can be counted.
    pub(super) fn join(&mut self, end: End) -> bool {
        let more = self.handles(end).checked_add(1);
        if let Some(more) = more {
            self.state.handles[end as usize] = more;
        }
        more.is_some()
    }

    /// Counts a handle less. The last one closes the channel, in this hold: who comes to send or to
    /// receive afterwards knows. Returns whether it was the last.
    pub(super) fn leave(&mut self, end: End) -> bool {
        self.state.handles[end as usize] -= 1;
        let is_last = !self.has_handles(end);
        match end {
            _ if !is_last => {}
            End::Send => self.state.is_closed = true,
            End::Recv => self.abandon(),
        }
        is_last
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state.is_closed
    }

    /// Whether it is closed, and nothing will come any more.
    pub(super) fn is_finished(&self) -> bool {
        let state = &self.state;
        state.is_closed && state.len == 0 && (state.reserved == 0 || state.is_abandoned)
    }

    pub(super) fn len(&self) -> usize {
        self.state.len as usize
    }

    /// How many a drain may find.
    pub(super) fn len_with_waiting(&self) -> usize {
        self.len() + self.state.sending.len()
    }

    /// Whether so much may be added to the ring.
    #[inline]
    fn has_room(&self, need: usize) -> bool {
        self.used() + need <= self.raw.capacity() || need <= self.room()
    }

    /// Messages, and places that are held for some.
    #[inline]
    fn used(&self) -> usize {
        self.state.len as usize + self.state.reserved as usize
    }

    /// How much may be added to the ring.
    pub(super) fn room(&self) -> usize {
        let state = &self.state;
        let awaited = state.granted as usize + state.receiving.len();
        let places = awaited.min(usize::from(state.places));
        (self.raw.capacity() + places).saturating_sub(self.used())
    }

    /// Whether a newcomer would receive something.
    pub(super) fn has_message(&self) -> bool {
        self.has_buffered() || self.next_sender_value().is_some()
    }

    /// The `n`th slot of the ring from its front.
    #[inline]
    fn at(&self, n: u32) -> &'a Slot<T> {
        let slots = (self.raw.capacity() + PLACES) as u32;
        let at = self.state.head + n;
        self.raw.slot(if at < slots { at } else { at - slots })
    }

    /// Whether `need` messages may be added by somebody who has not waited.
    #[inline]
    pub(super) fn admission(&mut self, need: usize) -> Admission {
        let admission = if self.state.is_closed {
            Admission::Closed
        } else if self.state.sending.is_empty() && self.has_room(need) {
            Admission::Admitted
        } else {
            Admission::Full
        };
        self.found_nothing = admission != Admission::Admitted;
        admission
    }

    /// Adds a message for which there is room, or a permit.
    #[inline]
    pub(super) fn push(&mut self, value: T) {
        // SAFETY: free, since fewer than all slots hold messages (invariants 4 and 5).
        unsafe { self.at(self.state.len).write(value) };
        self.state.len += 1;
    }

    /// Adds a message that is in another slot.
    ///
    /// # Safety
    ///
    /// The value is there, and nobody else looks.
    #[inline]
    pub(super) unsafe fn push_from(&mut self, value: &Slot<T>) {
        // SAFETY: as in `push`, and the caller's word.
        unsafe { self.at(self.state.len).move_from(value) };
        self.state.len += 1;
    }

    /// Takes the first message out of the ring; there must be one. It is in the slot still, for whom
    /// holds the lock.
    #[inline]
    fn pop_front(&mut self) -> &'a Slot<T> {
        let slot = self.raw.slot(self.state.head);
        self.state.len -= 1;
        self.state.head += 1;
        if self.state.head as usize == self.raw.capacity() + PLACES {
            self.state.head = 0;
        }
        slot
    }

    /// Takes the first message; there must be one.
    #[inline]
    fn pop(&mut self) -> T {
        // SAFETY: it was one of the messages (invariant 5), and is not any more.
        unsafe { self.pop_front().read() }
    }

    /// The same, and moves it to where it is to be.
    #[inline]
    fn pop_into(&mut self, place: &mut Place<T>) {
        // SAFETY: as in `pop`.
        unsafe { place.fill_from(self.pop_front()) };
    }

    /// Receives as somebody who has not waited. Returns whether there was something.
    #[inline]
    pub(super) fn take(&mut self, place: &mut Place<T>) -> bool {
        if self.has_buffered() {
            self.pop_into(place);
            return true;
        }
        let Some(value) = self.next_sender_value() else {
            self.found_nothing = true;
            return false;
        };
        self.took_from_sender = true;
        // SAFETY: the value is there (invariant 6), and its owner learns at the end of the step that
        // it is not any more.
        unsafe { place.fill_from(value) };
        true
    }

    /// The same, and leaves alone who waits to send: several times in a hold.
    #[inline]
    pub(super) fn take_buffered(&mut self) -> Option<T> {
        self.has_buffered().then(|| self.pop())
    }

    /// Whether there is something in the ring that nobody is promised.
    #[inline]
    fn has_buffered(&self) -> bool {
        self.state.receiving.is_empty() && self.state.len > self.state.granted
    }

    /// The value that the first in the queue waits to send, if it is a value, and a newcomer may
    /// receive it: not as long as others wait, or are promised what is in the ring.
    #[inline]
    fn next_sender_value(&self) -> Option<&'a Slot<T>> {
        let first = self.state.sending.front()?;
        if self.state.is_closed || self.state.len > 0 || !self.state.receiving.is_empty() {
            return None;
        }
        let value = first.value();
        // SAFETY: who waits is alive, and so is its value (invariant 6).
        unsafe { value.as_ref() }
    }

    /// Receives what was promised to somebody who has waited.
    #[inline]
    pub(super) fn redeem(&mut self, place: &mut Place<T>) {
        self.state.granted -= 1;
        // Nothing is there if the channel was abandoned.
        if self.state.len > 0 {
            self.pop_into(place);
        }
    }

    /// Gives a ticket back.
    pub(super) fn return_ticket(&mut self) {
        self.state.granted -= 1;
    }

    /// Takes any message: nobody listens any more.
    pub(super) fn discard(&mut self) -> Option<T> {
        (self.state.len > 0).then(|| self.pop())
    }

    /// Adds a message in any case: if there is no room, the oldest makes room for it, or else it is
    /// given back itself.
    pub(super) fn force(&mut self, value: T) -> Result<Option<T>, T> {
        if self.state.is_closed {
            return Err(value);
        }
        let pushed_out = if self.has_room(1) {
            None
        } else if self.state.len > 0 {
            Some(self.pop())
        } else {
            return Ok(Some(value));
        };
        self.push(value);
        Ok(pushed_out)
    }

    /// Reserves places that are free.
    pub(super) fn reserve(&mut self, places: u32) {
        self.state.reserved += places;
    }

    /// Gives places back.
    pub(super) fn unreserve(&mut self, places: u32) {
        self.state.reserved -= places;
    }

    /// Sends what a place was reserved for, unless nobody listens any more. Returns whether it did.
    ///
    /// # Safety
    ///
    /// If it did, the value is not the caller's any more.
    #[inline]
    pub(super) unsafe fn fulfil(&mut self, value: &T) -> bool {
        self.state.reserved -= 1;
        if self.state.is_abandoned {
            return false;
        }
        // SAFETY: as in `push`, and the caller's word.
        unsafe { self.at(self.state.len).write_from(value) };
        self.state.len += 1;
        true
    }

    /// Links a node where those who ask for this queue.
    ///
    /// # Safety
    ///
    /// As for [`List::push_back`].
    pub(super) unsafe fn enqueue<R: Request<T>>(&mut self, waiter: Pin<&Waiter<R>>, waker: Waker) {
        self.found_nothing &= !R::is_news(self.state);
        self.state.waiting += 1;
        // SAFETY: the caller's word.
        unsafe { R::list(self.state).push_back(waiter, waker) };
    }

    /// Unlinks a node whose owner gives up, as [`List::remove`].
    ///
    /// # Safety
    ///
    /// As there.
    pub(super) unsafe fn dequeue<R: Request<T>>(
        &mut self,
        waiter: &Waiter<R>,
    ) -> Result<Option<Waker>, Outcome> {
        // SAFETY: the caller's word.
        let removed = unsafe { R::list(self.state).remove(waiter) };
        self.state.waiting -= u32::from(matches!(removed, Ok(Some(_))));
        removed
    }

    /// Ends the first of these waits.
    fn end_first<R: Request<T>>(&mut self, outcome: Outcome) -> Option<Waker> {
        let waker = R::list(self.state).pop_front(outcome);
        self.state.waiting -= u32::from(waker.is_some());
        waker
    }

    /// Stores another waker, unless the wait has ended. Returns whether it goes on.
    ///
    /// # Safety
    ///
    /// As for [`List::with_waker`].
    pub(super) unsafe fn swap_waker<R: Request<T>>(
        &mut self,
        waiter: &Waiter<R>,
        waker: &mut Option<Waker>,
    ) -> bool {
        let list = R::list(self.state);
        // SAFETY: the caller's word.
        unsafe { list.with_waker(waiter, |stored| mem::swap(stored, waker)) }.is_ok()
    }

    /// Lets the first in, if there is room.
    #[inline]
    fn admit(&mut self) -> Option<Waker> {
        let first = self.state.sending.front()?;
        let (need, value) = (first.need, first.value());
        if self.state.is_closed || !self.has_room(need) {
            return None;
        }
        // SAFETY: as in `next_sender_value`.
        match unsafe { value.as_ref() } {
            // SAFETY: the value is there, and its owner learns below that it is not any more.
            Some(value) => unsafe { self.push_from(value) },
            None => self.state.reserved += need as u32,
        }
        self.end_first::<Sending<T>>(Outcome::Granted)
    }

    /// Promises a message to the first receiver, if one is left.
    #[inline]
    fn ticket(&mut self) -> Option<Waker> {
        if self.state.len <= self.state.granted {
            return None;
        }
        let waker = self.end_first::<Receiving>(Outcome::Granted)?;
        self.state.granted += 1;
        Some(waker)
    }

    /// Lets go somebody who would wait in vain, or for what has come.
    #[cold]
    fn let_go(&mut self) -> Option<Waker> {
        let (is_closed, is_finished) = (self.is_closed(), self.is_finished());
        let mut waker = None;
        if is_closed {
            waker = self.end_first::<Sending<T>>(Outcome::Closed);
        }
        if is_finished {
            waker = waker.or_else(|| self.end_first::<Receiving>(Outcome::Closed));
        }
        if is_finished || self.has_message() {
            waker = waker.or_else(|| self.end_first::<Watching>(Outcome::Granted));
        }
        if is_closed {
            waker = waker.or_else(|| self.end_first::<Closing>(Outcome::Granted));
        }
        waker
    }

    /// Ends a step: see [`settle_one`](Self::settle_one).
    #[inline]
    pub(super) fn end_step(self) -> Option<Waker> {
        if self.found_nothing || self.state.waiting == 0 {
            return None;
        }
        // By its parts, so that a step that concerns nobody stays in registers.
        Self::settle_one(self.state, self.raw, self.took_from_sender)
    }

    /// Restores the invariants after one small step: ends the wait of whom it concerned, which is one
    /// at most in most cases. Notes in `is_behind` whether there are more.
    #[inline(never)]
    fn settle_one(
        state: &'a mut State<T>,
        raw: &'a Raw<T>,
        took_from_sender: bool,
    ) -> Option<Waker> {
        let mut held = Self::new(state, raw);
        let waker = if took_from_sender {
            held.end_first::<Sending<T>>(Outcome::Granted)
        } else {
            held.settle_next()
        };
        if waker.is_some() {
            held.state.is_behind = held.state.waiting > 0 && !held.is_settled();
        }
        waker
    }

    /// Ends one of the waits that are to end.
    #[inline]
    fn settle_next(&mut self) -> Option<Waker> {
        let waker = self.admit().or_else(|| self.ticket());
        if waker.is_some() || !(self.state.is_closed || self.has_others()) {
            return waker;
        }
        self.let_go()
    }

    /// Whether nobody's wait is to end.
    #[inline]
    fn is_settled(&self) -> bool {
        let state = &self.state;
        let is_next_admitted = match state.sending.front() {
            Some(next) => state.is_closed || self.has_room(next.need),
            None => false,
        };
        let is_next_told =
            !state.receiving.is_empty() && (state.len > state.granted || self.is_finished());
        !is_next_admitted && !is_next_told && (!self.has_others() || self.are_others_settled())
    }

    /// Whether somebody waits who takes nothing.
    #[inline]
    fn has_others(&self) -> bool {
        !self.state.watching.is_empty() || !self.state.closing.is_empty()
    }

    /// Whether those who take nothing are rightly waiting.
    #[cold]
    fn are_others_settled(&self) -> bool {
        let state = &self.state;
        let is_told = self.is_finished() || self.has_message();
        (state.watching.is_empty() || !is_told) && (state.closing.is_empty() || !state.is_closed)
    }

    /// Restores the invariants as far as the batch has room. Returns whether there may be more.
    pub(super) fn settle(&mut self, batch: &mut WakeBatch) -> bool {
        while !batch.is_full() {
            match self.settle_next() {
                None => return false,
                waker => batch.push(waker),
            }
        }
        true
    }
}
