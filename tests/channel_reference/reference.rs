//! A channel as its documentation has it, for one thread, without any care for cost.

use std::collections::VecDeque;

use super::{Answer, Kind, Op, Reached, SLOTS};

/// How a wait stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Waits,
    Granted,
    Refused,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    kind: Kind,
    message: u32,
    standing: Standing,
}

pub(super) struct Reference {
    capacity: usize,
    places: usize,
    messages: VecDeque<u32>,
    /// Messages that are promised to receivers.
    promised: usize,
    /// Places that permits hold.
    reserved: usize,
    /// Slots, those who came first in front.
    receivers: VecDeque<usize>,
    senders: VecDeque<usize>,
    slots: [Option<Entry>; SLOTS],
    pub(super) is_closed: bool,
    pub(super) wakes: [usize; SLOTS],
}

impl Reference {
    pub(super) fn new(capacity: usize, places: usize) -> Self {
        Self {
            capacity,
            places,
            messages: VecDeque::new(),
            promised: 0,
            reserved: 0,
            receivers: VecDeque::new(),
            senders: VecDeque::new(),
            slots: [None; SLOTS],
            is_closed: false,
            wakes: [0; SLOTS],
        }
    }

    /// The operation that two bytes stand for, if it can be done now.
    pub(super) fn read(&self, what: u8, which: u8, n: u32) -> Option<Op> {
        let at = usize::from(which) % SLOTS;
        let entry = self.slots[at];
        Some(match (what % 16, entry) {
            (0, _) => Op::TrySend(n),
            (1, _) => Op::TryRecv,
            (2, _) => Op::ForceSend(n),
            // Rarely: little is left to do afterwards.
            (3, _) if which > 240 => Op::Close,
            (4..=6, None) => Op::Start(at, Kind::Send, n),
            (7..=9, None) => Op::Start(at, Kind::Recv, n),
            (10..=11, None) => Op::Start(at, Kind::Reserve, n),
            (4..=8, Some(entry)) if entry.kind != Kind::Permit => Op::Poll(at),
            (4..=10, Some(entry)) if matches!(entry.kind, Kind::Permit | Kind::Send) => {
                Op::Use(at, n)
            }
            (9..=13, Some(_)) => Op::Drop(at),
            _ => return None,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.room() == 0
    }

    /// Messages that there should be: in the channel, and with those who have not sent theirs.
    pub(super) fn live(&self) -> usize {
        let unsent =
            |entry: &&Entry| entry.kind == Kind::Send && entry.standing != Standing::Granted;
        self.len() + self.slots.iter().flatten().filter(unsent).count()
    }

    /// The bound: the capacity, and a place for each receiver that waits or was woken, up to some.
    fn room(&self) -> usize {
        let places = (self.receivers.len() + self.promised).min(self.places);
        (self.capacity + places).saturating_sub(self.len() + self.reserved)
    }

    fn is_finished(&self) -> bool {
        self.is_closed && self.messages.is_empty() && self.reserved == 0
    }

    pub(super) fn run(&mut self, op: Op, reached: &mut Reached) -> Answer {
        let answer = match op {
            Op::TrySend(n) => self.try_send(n, reached),
            Op::TryRecv => self.try_recv(reached),
            Op::ForceSend(n) => self.force_send(n, reached),
            Op::Start(at, kind, n) => self.start(at, kind, n, reached),
            Op::Poll(at) => self.poll(at, reached),
            Op::Drop(at) => {
                self.leave(at, reached);
                Answer::Done
            }
            Op::Use(at, n) => self.use_slot(at, n, reached),
            Op::Close => Answer::WasOpen(!std::mem::replace(&mut self.is_closed, true)),
        };
        self.settle(reached);
        answer
    }

    fn try_send(&mut self, n: u32, reached: &mut Reached) -> Answer {
        if self.is_closed {
            reached.note("a send to a closed channel");
            Answer::Closed(Some(n))
        } else if self.senders.is_empty() && self.room() > 0 {
            self.messages.push_back(n);
            Answer::Done
        } else {
            Answer::Full(n)
        }
    }

    fn try_recv(&mut self, reached: &mut Reached) -> Answer {
        if self.receivers.is_empty() {
            if self.len() > self.promised {
                return self.take();
            }
            // Those who were promised what there is go first.
            let from_sender = self.first_sender_message();
            if let Some(n) = from_sender.filter(|_| self.promised == 0) {
                reached.note("a message from the hands of a sender");
                self.end_first_sender();
                return Answer::Message(n);
            }
        }
        if self.is_finished() {
            Answer::Closed(None)
        } else {
            Answer::Empty
        }
    }

    fn take(&mut self) -> Answer {
        Answer::Message(self.messages.pop_front().unwrap())
    }

    fn first_sender_message(&self) -> Option<u32> {
        let first = self.slots[*self.senders.front()?].unwrap();
        (first.kind == Kind::Send && !self.is_closed).then_some(first.message)
    }

    fn end_first_sender(&mut self) {
        let at = self.senders.pop_front().unwrap();
        self.end(at, Standing::Granted);
    }

    fn end(&mut self, at: usize, standing: Standing) {
        self.slots[at].as_mut().unwrap().standing = standing;
        self.wakes[at] += 1;
    }

    fn force_send(&mut self, n: u32, reached: &mut Reached) -> Answer {
        if self.is_closed {
            return Answer::Closed(Some(n));
        }
        if self.room() > 0 {
            self.messages.push_back(n);
            return Answer::Done;
        }
        let Some(oldest) = self.messages.pop_front() else {
            reached.note("nothing to push out");
            return Answer::Message(n);
        };
        reached.note("the oldest is pushed out");
        self.messages.push_back(n);
        Answer::Message(oldest)
    }

    fn start(&mut self, at: usize, kind: Kind, n: u32, reached: &mut Reached) -> Answer {
        let answer = match kind {
            Kind::Recv => self.try_recv(reached),
            Kind::Send => self.try_send(n, reached),
            Kind::Reserve | Kind::Permit => match self.try_send(n, reached) {
                Answer::Done => {
                    // A place instead of the message.
                    self.messages.pop_back();
                    self.reserved += 1;
                    self.hold(at, Kind::Permit);
                    return Answer::Reserved;
                }
                Answer::Closed(_) => Answer::Closed(None),
                other => other,
            },
        };
        if !matches!(answer, Answer::Full(_) | Answer::Empty) {
            return answer;
        }
        let queue = match kind {
            Kind::Recv => &mut self.receivers,
            _ => &mut self.senders,
        };
        queue.push_back(at);
        self.hold(at, kind);
        self.slots[at].as_mut().unwrap().message = n;
        Answer::Pending
    }

    fn hold(&mut self, at: usize, kind: Kind) {
        self.slots[at] = Some(Entry {
            kind,
            message: 0,
            standing: Standing::Waits,
        });
    }

    fn poll(&mut self, at: usize, reached: &mut Reached) -> Answer {
        let entry = self.slots[at].unwrap();
        if entry.standing == Standing::Waits {
            return Answer::Pending;
        }
        self.slots[at] = None;
        match (entry.kind, entry.standing) {
            (Kind::Recv, Standing::Granted) => {
                reached.note("a promised message is received");
                self.promised -= 1;
                self.take()
            }
            (Kind::Send, Standing::Granted) => Answer::Done,
            (Kind::Send, _) => {
                reached.note("a send that waited is refused");
                Answer::Closed(Some(entry.message))
            }
            (Kind::Reserve, Standing::Granted) => {
                reached.note("a place that was waited for");
                self.hold(at, Kind::Permit);
                Answer::Reserved
            }
            _ => Answer::Closed(None),
        }
    }

    /// Frees a slot, wherever what is in it stands.
    fn leave(&mut self, at: usize, reached: &mut Reached) {
        let entry = self.slots[at].take().unwrap();
        self.receivers.retain(|it| *it != at);
        self.senders.retain(|it| *it != at);
        match (entry.kind, entry.standing) {
            (Kind::Recv, Standing::Granted) => {
                reached.note("a promised message goes back");
                self.promised -= 1;
            }
            (Kind::Reserve, Standing::Granted) | (Kind::Permit, _) => {
                reached.note("a place goes back");
                self.reserved -= 1;
            }
            _ => {}
        }
    }

    fn use_slot(&mut self, at: usize, n: u32, reached: &mut Reached) -> Answer {
        let entry = self.slots[at].unwrap();
        self.leave(at, reached);
        match (entry.kind, entry.standing) {
            (Kind::Send, Standing::Granted) => Answer::Done,
            (Kind::Send, _) => {
                reached.note("a send is given up, and has its message");
                Answer::Message(entry.message)
            }
            _ => {
                if self.is_closed {
                    reached.note("a permit is good although the channel is closed");
                }
                self.messages.push_back(n);
                Answer::Done
            }
        }
    }

    /// Whoever can go on does.
    fn settle(&mut self, reached: &mut Reached) {
        loop {
            if self.is_closed {
                while let Some(at) = self.senders.pop_front() {
                    self.end(at, Standing::Refused);
                }
            }
            if !self.senders.is_empty() && self.room() > 0 {
                match self.first_sender_message() {
                    Some(n) => self.messages.push_back(n),
                    None => self.reserved += 1,
                }
                self.end_first_sender();
            } else if self.len() > self.promised && !self.receivers.is_empty() {
                let at = self.receivers.pop_front().unwrap();
                self.promised += 1;
                self.end(at, Standing::Granted);
            } else if self.is_finished() && !self.receivers.is_empty() {
                reached.note("a receiver that waited hears of the end");
                let at = self.receivers.pop_front().unwrap();
                self.end(at, Standing::Refused);
            } else {
                return;
            }
        }
    }
}
