//! Programs of random operations on a channel, run side by side on the crate's own and on a naive
//! reference (`reference.rs`), and compared after each operation in all that can be observed.
//!
//! Used by `tests/channel/random.rs` and by the fuzz target, which include this folder by its path.

mod reference;

use std::{
    cell::Cell,
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, Wake, Waker},
};

use pleach::channel::{
    Permit, Receiver, Recv, Reserve, Send, Sender, TryRecvError, TrySendError, bounded, strict,
};

use reference::Reference;

/// How many futures and permits there may be at a time.
const SLOTS: usize = 8;

/// What an operation returned.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Answer {
    Done,
    Pending,
    /// A place is held.
    Reserved,
    /// This message came back, or was received.
    Message(u32),
    Full(u32),
    Closed(Option<u32>),
    Empty,
    WasOpen(bool),
}

/// What there may be in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Send,
    Recv,
    Reserve,
    Permit,
}

/// An operation; the first number is the message or the slot.
#[derive(Clone, Copy, Debug)]
enum Op {
    TrySend(u32),
    TryRecv,
    ForceSend(u32),
    /// Makes a future of that kind in a free slot, and polls it.
    Start(usize, Kind, u32),
    Poll(usize),
    Drop(usize),
    /// Gives up a send, or sends by a permit.
    Use(usize, u32),
    Close,
}

/// A message that knows how many there are.
#[derive(Debug)]
struct Message<'a> {
    number: u32,
    live: &'a Cell<usize>,
}

impl<'a> Message<'a> {
    fn new(number: u32, live: &'a Cell<usize>) -> Self {
        live.set(live.get() + 1);
        Self { number, live }
    }
}

impl Drop for Message<'_> {
    fn drop(&mut self) {
        self.live.set(self.live.get() - 1);
    }
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

enum Slot<'a, 'm> {
    Free,
    Send(Pin<Box<Send<'a, Message<'m>>>>),
    Recv(Pin<Box<Recv<'a, Message<'m>>>>),
    Reserve(Pin<Box<Reserve<'a, Message<'m>>>>),
    Permit(Permit<'a, Message<'m>>),
}

/// The crate's channel.
struct Subject<'a, 'm> {
    sender: &'a Sender<Message<'m>>,
    receiver: &'a Receiver<Message<'m>>,
    live: &'m Cell<usize>,
    slots: [Slot<'a, 'm>; SLOTS],
    wakes: [Arc<Wakes>; SLOTS],
}

impl<'m> Subject<'_, 'm> {
    fn message(&self, number: u32) -> Message<'m> {
        Message::new(number, self.live)
    }

    fn run(&mut self, op: Op) -> Answer {
        match op {
            Op::TrySend(n) => match self.sender.try_send(self.message(n)) {
                Ok(()) => Answer::Done,
                Err(TrySendError::Full(message)) => Answer::Full(message.number),
                Err(TrySendError::Closed(message)) => Answer::Closed(Some(message.number)),
            },
            Op::TryRecv => match self.receiver.try_recv() {
                Ok(message) => Answer::Message(message.number),
                Err(TryRecvError::Empty) => Answer::Empty,
                Err(TryRecvError::Closed) => Answer::Closed(None),
            },
            Op::ForceSend(n) => match self.sender.force_send(self.message(n)) {
                Ok(None) => Answer::Done,
                Ok(Some(message)) => Answer::Message(message.number),
                Err(error) => Answer::Closed(Some(error.into_inner().number)),
            },
            Op::Start(at, kind, n) => {
                self.slots[at] = match kind {
                    Kind::Send => Slot::Send(Box::pin(self.sender.send(self.message(n)))),
                    Kind::Recv => Slot::Recv(Box::pin(self.receiver.recv())),
                    Kind::Reserve | Kind::Permit => Slot::Reserve(Box::pin(self.sender.reserve())),
                };
                self.poll(at)
            }
            Op::Poll(at) => self.poll(at),
            Op::Drop(at) => {
                self.slots[at] = Slot::Free;
                Answer::Done
            }
            Op::Use(at, n) => match std::mem::replace(&mut self.slots[at], Slot::Free) {
                Slot::Send(mut send) => match send.as_mut().cancel() {
                    Some(message) => Answer::Message(message.number),
                    None => Answer::Done,
                },
                Slot::Permit(permit) => match permit.send(self.message(n)) {
                    Ok(()) => Answer::Done,
                    Err(error) => Answer::Closed(Some(error.into_inner().number)),
                },
                _ => unreachable!("only these are used"),
            },
            Op::Close => Answer::WasOpen(self.sender.close()),
        }
    }

    fn poll(&mut self, at: usize) -> Answer {
        let waker = Waker::from(Arc::clone(&self.wakes[at]));
        let cx = &mut Context::from_waker(&waker);
        let (answer, left) = match &mut self.slots[at] {
            Slot::Send(send) => match send.as_mut().poll(cx) {
                Poll::Pending => return Answer::Pending,
                Poll::Ready(Ok(())) => (Answer::Done, Slot::Free),
                Poll::Ready(Err(error)) => (Answer::Closed(Some(error.0.number)), Slot::Free),
            },
            Slot::Recv(recv) => match recv.as_mut().poll(cx) {
                Poll::Pending => return Answer::Pending,
                Poll::Ready(Ok(message)) => (Answer::Message(message.number), Slot::Free),
                Poll::Ready(Err(_)) => (Answer::Closed(None), Slot::Free),
            },
            Slot::Reserve(reserve) => match reserve.as_mut().poll(cx) {
                Poll::Pending => return Answer::Pending,
                Poll::Ready(Ok(permit)) => (Answer::Reserved, Slot::Permit(permit)),
                Poll::Ready(Err(_)) => (Answer::Closed(None), Slot::Free),
            },
            Slot::Free | Slot::Permit(_) => unreachable!("only futures are polled"),
        };
        self.slots[at] = left;
        answer
    }

    fn wakes(&self) -> [usize; SLOTS] {
        self.wakes.each_ref().map(|wakes| wakes.0.load(Relaxed))
    }
}

/// What programs got to, and how often.
#[derive(Debug, Default)]
pub(crate) struct Reached {
    pub(crate) operations: usize,
    pub(crate) paths: BTreeMap<&'static str, usize>,
}

impl Reached {
    fn note(&mut self, path: &'static str) {
        *self.paths.entry(path).or_default() += 1;
    }

    /// Reads `bytes` as a program, runs it, and drops everything.
    ///
    /// # Panics
    ///
    /// If the crate and the reference differ.
    pub(crate) fn run(&mut self, bytes: &[u8]) {
        let Some((&shape, bytes)) = bytes.split_first() else {
            return;
        };
        let (capacity, is_strict) = (usize::from(shape % 4), shape & 4 != 0 && shape % 4 > 0);
        let live = Cell::new(0);
        let (sender, receiver) = if is_strict {
            strict(capacity)
        } else {
            bounded(capacity)
        };
        let mut subject = Subject {
            sender: &sender,
            receiver: &receiver,
            live: &live,
            slots: [const { Slot::Free }; SLOTS],
            wakes: Default::default(),
        };
        let mut reference = Reference::new(capacity, if is_strict { 0 } else { 4 });
        let mut done = Vec::new();
        for (n, pair) in bytes.chunks_exact(2).enumerate() {
            let Some(op) = reference.read(pair[0], pair[1], n as u32) else {
                continue;
            };
            done.push(op);
            let expected = reference.run(op, self);
            let found = subject.run(op);
            let context = || format!("capacity {capacity}, strict {is_strict}\n{done:#?}");
            assert_eq!(found, expected, "{}", context());
            assert_eq!(subject.wakes(), reference.wakes, "wakes: {}", context());
            assert_eq!(sender.len(), reference.len(), "length: {}", context());
            assert_eq!(sender.is_full(), reference.is_full(), "full: {}", context());
            assert_eq!(sender.is_closed(), reference.is_closed, "{}", context());
            assert_eq!(live.get(), reference.live(), "messages: {}", context());
            self.operations += 1;
        }
        drop(subject);
        drop((sender, receiver));
        assert_eq!(live.get(), 0, "all messages are dropped");
    }
}
