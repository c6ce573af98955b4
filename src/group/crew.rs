//! The children of a group: where they are, and who of them is ready.
//!
//! Places are allocated many at a time, in chunks that never move, and used again when they are
//! free. Everything here is its owner's alone; wakers come in by the queue of those ready, and
//! places that outlived their child by the stack of those returned (`slot.rs`).

use alloc::boxed::Box;
use core::{
    fmt,
    future::Future,
    mem,
    pin::Pin,
    ptr::NonNull,
    task::{Context, Poll},
};

use super::{
    shared::{SharedRef, Who},
    slot::{ChunkHead, Slot},
};
use crate::{
    cancel::CauseKind,
    scope::{
        Progress,
        ready::{Batch, Link},
        registry::Branch,
    },
    sys::unwind::{self, FirstPanic, OnUnwind, Payload},
};

/// Places in the first chunk, unless it is known how many are needed.
const FEWEST: usize = if cfg!(loom) { 1 } else { 8 };
/// Places in the largest chunk.
const MOST: usize = 1024;

/// Places of children in one piece of memory.
#[repr(C)]
struct Chunk<F> {
    // First, so that a pointer to the head is one to the chunk.
    head: ChunkHead,
    slots: NonNull<[Slot<F>]>,
    /// The chunk before this one.
    older: Option<NonNull<Self>>,
}

/// A child in its place: a pointer that the crew gave out and will take back.
pub(super) struct Member<F>(NonNull<Slot<F>>);

impl<F> Clone for Member<F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Member<F> {}

/// Who is to be polled next.
pub(super) enum Turn<F> {
    Body,
    Signal,
    Child(Member<F>),
}

/// What a poll of a child came to.
pub(super) enum Polled<T> {
    Pending { woke_itself: bool },
    Done { index: usize, output: T },
}

pub(super) struct Crew<F> {
    shared: SharedRef,
    /// Those ready when the pass began and not polled yet.
    batch: Batch,
    running: Running<F>,
    /// Free places, linked by `next`.
    free: *mut Link,
    newest: Option<NonNull<Chunk<F>>>,
    /// Places in all chunks.
    places: usize,
    /// All children were dropped, and no wakes are taken any more.
    is_cleared: bool,
}

/// Those running, oldest first.
struct Running<F> {
    first: Option<NonNull<Slot<F>>>,
    last: Option<NonNull<Slot<F>>>,
    len: usize,
}

// SAFETY: the pointers lead to memory that is this crew's alone, with futures in it; wakers in
// other threads touch only what `slot.rs` lets them.
unsafe impl<F: Send> Send for Crew<F> {}
// SAFETY: nothing of a future can be reached by `&Crew`.
unsafe impl<F> Sync for Crew<F> {}

impl<F> Crew<F> {
    pub(super) fn new(shared: SharedRef) -> Self {
        Self {
            shared,
            batch: Batch::new(),
            running: Running {
                first: None,
                last: None,
                len: 0,
            },
            free: core::ptr::null_mut(),
            newest: None,
            places: 0,
            is_cleared: false,
        }
    }

    /// Notes with which waker the group is polled.
    pub(super) fn attach(&self, cx: &Context<'_>) {
        // SAFETY: of the block that this holds, and it is the driver's.
        unsafe { Branch::attach(self.shared.branch_ptr(), cx.waker()) };
    }

    /// Notes how the group ends.
    pub(super) fn note_end(&self, how: CauseKind) {
        self.shared.branch.note_end(how);
    }

    pub(super) fn shared(&self) -> &SharedRef {
        &self.shared
    }

    /// How many are running.
    pub(super) fn len(&self) -> usize {
        self.running.len
    }

    /// Makes room for so many in one piece, if there is none yet.
    pub(super) fn reserve(&mut self, places: usize) {
        if self.newest.is_none() && places > 0 {
            self.grow(places.min(MOST));
        }
    }

    /// Puts a child in place. It is to be polled at once, or it would never be.
    pub(super) fn insert(&mut self, index: usize, future: F) -> Member<F> {
        if self.free.is_null() {
            self.make_room();
        }
        let slot: NonNull<Slot<F>> = match NonNull::new(self.free) {
            Some(link) => link.cast(),
            None => unreachable!("room was made"),
        };
        // SAFETY: a free place is in one of the chunks, and the crew's.
        self.free = unsafe { slot.as_ref() }.link().next();
        let branch = &self.shared.branch;
        // In a group without an end, where words are of 32 bits, numbers come round.
        let number = index.wrapping_add(1);
        // SAFETY: as above; it is free.
        unsafe { Slot::occupy(slot, branch, number) };
        // SAFETY: as above.
        let place = unsafe { slot.as_ref() };
        place.future.with_mut(|to| {
            // SAFETY: a free place has no future, and is the crew's.
            unsafe { &mut *to }.write(future);
        });
        // SAFETY: alive.
        let card = unsafe { Slot::card_ptr(slot) };
        // SAFETY: new, and unlinked in `end`.
        unsafe { self.shared.branch.link(card) };
        // SAFETY: in no list.
        unsafe { self.running.push_back(slot, index) };
        Member(slot)
    }

    fn make_room(&mut self) {
        self.free = self.shared.take_returned();
        let mut link = self.free;
        while let Some(slot) = NonNull::new(link.cast::<Slot<F>>()) {
            // SAFETY: what comes back is a place of one of the chunks, and the crew's now.
            let place = unsafe { slot.as_ref() };
            link = place.link().next();
            place.come_back();
        }
        if self.free.is_null() {
            self.grow(self.places.clamp(FEWEST, MOST));
        }
    }

    /// Adds a chunk of free places.
    fn grow(&mut self, places: usize) {
        let head = ChunkHead::new(self.shared.clone(), Chunk::<F>::free);
        let chunk = Box::into_raw(Box::new(Chunk {
            head,
            slots: NonNull::<[Slot<F>; 0]>::dangling(),
            older: self.newest,
        }));
        // SAFETY: a box is not null.
        let chunk = unsafe { NonNull::new_unchecked(chunk) };
        let slots: Box<[Slot<F>]> = (0..places).map(|_| Slot::new(chunk.cast())).collect();
        // SAFETY: a box is not null.
        let slots = unsafe { NonNull::new_unchecked(Box::into_raw(slots)) };
        // SAFETY: nobody else knows the chunk yet.
        unsafe { (*chunk.as_ptr()).slots = slots };
        self.newest = Some(chunk);
        self.places += places;
        for at in (0..places).rev() {
            // SAFETY: within the slice.
            let slot = unsafe { slots.cast::<Slot<F>>().add(at) };
            // SAFETY: made just now.
            unsafe { self.put_free(slot) };
        }
    }

    /// # Safety
    ///
    /// The place is free, and in the hands of the crew.
    unsafe fn put_free(&mut self, slot: NonNull<Slot<F>>) {
        // SAFETY: a place of one of the chunks.
        unsafe { slot.as_ref() }.link().set_next(self.free);
        self.free = slot.as_ptr().cast();
    }

    /// Begins a pass, or goes on with one that was broken off.
    pub(super) fn begin(&mut self) {
        if self.batch.is_empty() {
            self.batch = self.shared.ready.take();
        }
    }

    /// The next one that was ready when the pass began.
    pub(super) fn next(&mut self) -> Option<Turn<F>> {
        loop {
            let link = self.batch.pop_front()?;
            // SAFETY: a link that was queued is alive, and the crew's until it clears the bit.
            let known = unsafe { &*link };
            match self.shared.who(link) {
                Who::Body => {
                    known.unqueue(0);
                    return Some(Turn::Body);
                }
                Who::Signal => {
                    known.unqueue(0);
                    return Some(Turn::Signal);
                }
                Who::Child => {}
            }
            // SAFETY: of the links queued here the others are children's, and not null.
            let slot = unsafe { NonNull::new_unchecked(link.cast::<Slot<F>>()) };
            // SAFETY: a place of one of the chunks.
            match unsafe { slot.as_ref() }.come_off() {
                None => return Some(Turn::Child(Member(slot))),
                // SAFETY: free, by its word.
                Some(true) => unsafe { self.put_free(slot) },
                Some(false) => {}
            }
        }
    }

    /// Whether there are some left that were ready when the pass began.
    pub(super) fn is_passing(&self) -> bool {
        !self.batch.is_empty()
    }

    /// Whether [`clear`](Self::clear) has gone through.
    pub(super) fn is_cleared(&self) -> bool {
        self.is_cleared
    }

    /// Drops all children, the newest first, and takes no wakes any more; the first panic of a
    /// destructor. Goes on where it stopped if it is called again.
    pub(super) fn clear(&mut self) -> Result<(), Payload> {
        if self.is_cleared {
            return Ok(());
        }
        let closed = self.shared.ready.close();
        for mut batch in [mem::replace(&mut self.batch, Batch::new()), closed] {
            while let Some(link) = batch.pop_front() {
                if self.shared.who(link) != Who::Child {
                    // SAFETY: a link of the block, which this holds.
                    unsafe { &*link }.unqueue(0);
                    continue;
                }
                // SAFETY: as in `next`; what becomes free here is not needed any more.
                unsafe { &*link.cast::<Slot<F>>() }.come_off();
            }
        }
        let mut panics = FirstPanic::default();
        panics.run(|| self.shared.ready.forget_parent());
        while let Some(slot) = self.running.last {
            // SAFETY: it was found there, so it has a future.
            panics.run(|| unsafe { self.end(slot) });
        }
        self.is_cleared = true;
        if panics.is_some() {
            self.note_end(CauseKind::Panicked);
        }
        // SAFETY: of the block that this holds, and it is the driver's.
        unsafe { Branch::leave(self.shared.branch_ptr()) };
        panics.into_result()
    }

    /// Drops a child's future where it stands and gives its place up, also if that panics.
    ///
    /// # Safety
    ///
    /// The child is running.
    unsafe fn end(&mut self, slot: NonNull<Slot<F>>) {
        // SAFETY: running, so in the list.
        unsafe { self.running.remove(slot) };
        // SAFETY: a place of one of the chunks.
        let place = unsafe { slot.as_ref() };
        let mut retire = OnUnwind(|| {
            // SAFETY: alive.
            let card = unsafe { Slot::card_ptr(slot) };
            // SAFETY: linked since `insert`.
            unsafe { self.shared.branch.unlink(card) };
            if place.retire() {
                // SAFETY: free, by its word.
                unsafe { self.put_free(slot) };
            }
        });
        place.future.with_mut(|future| {
            // SAFETY: it was in the list until now: there is a future, dropped once.
            unsafe { future.cast::<F>().drop_in_place() };
        });
        (retire.0)();
        mem::forget(retire);
    }
}

impl<F: Future> Crew<F> {
    /// Polls a child that came by [`next`](Self::next), or was [inserted](Self::insert) just now.
    pub(super) fn poll(&mut self, member: Member<F>) -> Polled<F::Output> {
        let slot = member.0;
        // SAFETY: a place of one of the chunks.
        let place = unsafe { slot.as_ref() };
        // SAFETY: the place is this child's until it has ended.
        let waker = unsafe { Slot::waker(slot) };
        // SAFETY: alive.
        let card = unsafe { Slot::card_ptr(slot) };
        // SAFETY: linked since `insert`.
        let polling = unsafe { self.shared.branch.polling(card) };
        let polled = place.future.with_mut(|future| {
            // SAFETY: a running child has its future, which is the crew's.
            let future = unsafe { &mut *future.cast::<F>() };
            // SAFETY: the place does not move, and the future is dropped there.
            let future = unsafe { Pin::new_unchecked(future) };
            future.poll(&mut Context::from_waker(&waker))
        });
        polling.came_to(match polled {
            Poll::Pending => Progress::Pending,
            Poll::Ready(_) => Progress::Done,
        });
        let Poll::Ready(output) = polled else {
            let woke_itself = place.is_queued();
            return Polled::Pending { woke_itself };
        };
        // SAFETY: as above.
        let index = place.siblings.with(|siblings| unsafe { (*siblings).index });
        // SAFETY: it was polled just now.
        unsafe { self.end(slot) };
        Polled::Done { index, output }
    }
}

impl<F> Drop for Crew<F> {
    fn drop(&mut self) {
        let cleared = self.clear();
        // From now on no place comes back.
        let mut link = self.shared.close_returned();
        while let Some(slot) = NonNull::new(link.cast::<Slot<F>>()) {
            // SAFETY: as in `make_room`.
            let place = unsafe { slot.as_ref() };
            link = place.link().next();
            place.come_back();
        }
        let mut chunk = self.newest.take();
        while let Some(this) = chunk {
            // SAFETY: the crew has not left its chunks.
            chunk = unsafe { this.as_ref() }.older;
            // SAFETY: places come back no more, and this chunk is not used after this.
            unsafe { ChunkHead::leave(this.cast()) };
        }
        if let Err(payload) = cleared {
            unwind::resume_unless_panicking(payload);
        }
    }
}

impl<F> Chunk<F> {
    /// # Safety
    ///
    /// The head is that of a chunk of this type, and nobody uses it any more.
    unsafe fn free(head: NonNull<ChunkHead>) {
        // SAFETY: the caller's word; it came from a box.
        let chunk = unsafe { Box::from_raw(head.cast::<Self>().as_ptr()) };
        // SAFETY: so did its places. No future is left in them.
        drop(unsafe { Box::from_raw(chunk.slots.as_ptr()) });
    }
}

impl<F> Running<F> {
    /// # Safety
    ///
    /// The place is the crew's and in no list.
    unsafe fn push_back(&mut self, slot: NonNull<Slot<F>>, index: usize) {
        let prev = self.last.replace(slot);
        // SAFETY: the caller's word.
        let place = unsafe { slot.as_ref() };
        place.siblings.with_mut(|siblings| {
            // SAFETY: the siblings are the crew's alone.
            let siblings = unsafe { &mut *siblings };
            (siblings.prev, siblings.next, siblings.index) = (prev, None, index);
        });
        self.set_next(prev, Some(slot));
        self.len += 1;
    }

    /// # Safety
    ///
    /// The place is in this list.
    unsafe fn remove(&mut self, slot: NonNull<Slot<F>>) {
        // SAFETY: the caller's word.
        let place = unsafe { slot.as_ref() };
        let (prev, next) = place.siblings.with(|siblings| {
            // SAFETY: the siblings are the crew's alone.
            let siblings = unsafe { &*siblings };
            (siblings.prev, siblings.next)
        });
        self.set_next(prev, next);
        match next {
            Some(next) => {
                // SAFETY: a place in the list is alive.
                let next = unsafe { next.as_ref() };
                // SAFETY: the siblings are the crew's alone.
                next.siblings
                    .with_mut(|siblings| unsafe { (*siblings).prev = prev });
            }
            None => self.last = prev,
        }
        self.len -= 1;
    }

    /// Puts `next` behind `prev`, or first.
    fn set_next(&mut self, prev: Option<NonNull<Slot<F>>>, next: Option<NonNull<Slot<F>>>) {
        match prev {
            Some(prev) => {
                // SAFETY: a place in the list is alive.
                let prev = unsafe { prev.as_ref() };
                // SAFETY: the siblings are the crew's alone.
                prev.siblings
                    .with_mut(|siblings| unsafe { (*siblings).next = next });
            }
            None => self.first = next,
        }
    }
}

impl<F> fmt::Debug for Crew<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crew")
            .field("len", &self.running.len)
            .finish_non_exhaustive()
    }
}
