//! Producers and consumers of one channel, who often change their mind.
//!
//! Each message is a piece of plain memory of its own, written by who sends it and by who has it
//! at last: so a message that two have, or one whose memory nobody handed over, is seen by the
//! counts or by ThreadSanitizer. The numbers of one producer come to any consumer in order. A watch
//! of the latest number and a oneshot from each producer at its end go along.

use std::{
    iter,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread,
    time::{Duration, Instant},
};

use pleach::{
    block_on,
    channel::{self, Receiver, RecvError, Sender, TryRecvError, TrySendError},
    oneshot, select, watch,
};

use crate::support::{Plain, Rng, Tally, linger};

/// Of one producer in one round.
const MESSAGES: usize = 1_000;

struct Message {
    producer: usize,
    number: usize,
    memory: Box<Plain>,
}

impl Message {
    fn new(producer: usize, number: usize) -> Self {
        let memory = Box::<Plain>::default();
        // SAFETY: nobody else knows of it.
        unsafe { memory.add_one() };
        Self {
            producer,
            number,
            memory,
        }
    }

    fn touch(&self) {
        // SAFETY: whoever has the message is alone with it.
        unsafe { self.memory.add_one() };
    }
}

/// Where messages went; all of them together are what was made.
#[derive(Default)]
struct Counts {
    made: AtomicUsize,
    received: AtomicUsize,
    pushed_out: AtomicUsize,
    given_back: AtomicUsize,
}

struct Side<'a> {
    counts: &'a Counts,
    rng: Rng,
    tally: Tally,
}

/// One channel from its making to its end.
pub(crate) fn round(threads: usize, rng: &mut Rng, tally: &mut Tally) {
    let capacity = [0, 1, 2, 16][rng.below(4)];
    let (sender, receiver) = if capacity > 0 && rng.one_in(3) {
        channel::strict(capacity)
    } else {
        channel::bounded(capacity)
    };
    let closes = rng.one_in(4);
    let producers = (threads / 2).max(1);
    let counts = Counts::default();
    let (latest, news) = watch::channel(0);
    let latest = &latest;
    thread::scope(|scope| {
        let mut workers = Vec::new();
        for number in 0..producers {
            let (sender, mut side) = (sender.clone(), Side::new(&counts, rng));
            let (told, tells) = oneshot::channel();
            workers.push(scope.spawn(move || {
                side.produce(number, &sender, latest);
                told.send(number).expect("it is waited for");
                side.tally
            }));
            let mut side = Side::new(&counts, rng);
            workers.push(scope.spawn(move || {
                assert_eq!(block_on(tells), Ok(number));
                side.tally.count("oneshot: told");
                side.tally
            }));
        }
        drop(sender);
        for number in 0..threads - producers + 1 {
            let (receiver, mut news) = (receiver.clone(), news.clone());
            let mut side = Side::new(&counts, rng);
            workers.push(scope.spawn(move || {
                side.consume(producers, &receiver, &mut news, closes && number == 0);
                side.tally
            }));
        }
        drop(receiver);
        for worker in workers {
            tally.add(worker.join().expect("a promise was broken"));
        }
    });
    let [made, received, pushed_out, given_back] = [
        counts.made,
        counts.received,
        counts.pushed_out,
        counts.given_back,
    ]
    .map(AtomicUsize::into_inner);
    assert_eq!(
        made,
        received + pushed_out + given_back,
        "messages were lost or made"
    );
    tally.count("channel: round");
}

/// A waker that wakes nobody, and is no other's equal.
struct Deaf;

impl Wake for Deaf {
    fn wake(self: Arc<Self>) {}
}

impl<'a> Side<'a> {
    fn new(counts: &'a Counts, rng: &mut Rng) -> Self {
        Self {
            counts,
            rng: rng.fork(),
            tally: Tally::default(),
        }
    }

    /// Polls a few times, with a waker that wakes nobody.
    fn poll<F: Future>(&mut self, mut future: Pin<&mut F>) -> Poll<F::Output> {
        let waker = Waker::from(Arc::new(Deaf));
        for _ in 0..=self.rng.below(2) {
            let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
            if polled.is_ready() {
                return polled;
            }
            linger(&mut self.rng);
        }
        Poll::Pending
    }

    /// Sends its numbers in order, each once, until nobody wants more.
    fn produce(
        &mut self,
        producer: usize,
        sender: &Sender<Message>,
        latest: &watch::Sender<usize>,
    ) {
        for number in 0..MESSAGES {
            self.counts.made.fetch_add(1, Ordering::Relaxed);
            let mut message = Some(Message::new(producer, number));
            while let Some(unsent) = message.take() {
                match self.send(sender, unsent) {
                    Ok(unsent) => message = unsent,
                    Err(refused) => {
                        refused.touch();
                        self.counts.given_back.fetch_add(1, Ordering::Relaxed);
                        self.tally.count("channel: closed");
                        return;
                    }
                }
            }
            self.tally.count("channel: sent");
            if producer == 0 && self.rng.one_in(16) {
                latest.set(number);
            }
        }
    }

    /// Sends a message in some way, or has it still, or cannot send it any more.
    fn send(
        &mut self,
        sender: &Sender<Message>,
        message: Message,
    ) -> Result<Option<Message>, Message> {
        match self.rng.below(8) {
            0 => match sender.try_send(message) {
                Ok(()) => Ok(None),
                Err(TrySendError::Full(message)) => Ok(Some(message)),
                Err(TrySendError::Closed(message)) => Err(message),
            },
            1 => {
                let pushed_out = sender.force_send(message).map_err(|error| error.0)?;
                if let Some(oldest) = pushed_out {
                    oldest.touch();
                    self.counts.pushed_out.fetch_add(1, Ordering::Relaxed);
                    self.tally.count("channel: pushed out");
                }
                Ok(None)
            }
            2 => {
                let mut send = pin!(sender.send(message));
                match self.poll(send.as_mut()) {
                    Poll::Ready(sent) => sent.map(|()| None).map_err(|error| error.0),
                    Poll::Pending => Ok(send.as_mut().cancel()),
                }
            }
            3 => {
                let mut reserve = pin!(sender.reserve());
                match self.poll(reserve.as_mut()) {
                    Poll::Ready(Ok(permit)) => {
                        linger(&mut self.rng);
                        permit.send(message).map(|()| None).map_err(|error| error.0)
                    }
                    Poll::Ready(Err(_)) => Err(message),
                    // A place that it may have got is given back.
                    Poll::Pending => Ok(Some(message)),
                }
            }
            4 => {
                let until = Instant::now() + Duration::from_micros(self.rng.below(200) as u64);
                match sender.send_blocking_until(message, until) {
                    Ok(()) => Ok(None),
                    Err(channel::SendUntilError::Closed(message)) => Err(message),
                    Err(error) => Ok(Some(error.into_inner())),
                }
            }
            5 => block_on(sender.send_all(iter::once(message)))
                .map(|()| None)
                .map_err(|error| error.0),
            _ => block_on(sender.send(message))
                .map(|()| None)
                .map_err(|error| error.0),
        }
    }

    /// Receives until there is nothing more; perhaps closes the channel in between.
    fn consume(
        &mut self,
        producers: usize,
        receiver: &Receiver<Message>,
        news: &mut watch::Receiver<usize>,
        closes: bool,
    ) {
        let mut last = vec![None; producers];
        let mut batch = Vec::new();
        for step in 0.. {
            if closes && step == MESSAGES / 4 {
                receiver.close();
            }
            let is_over = self.receive(receiver, news, &mut batch).is_err();
            for message in batch.drain(..) {
                message.touch();
                let last = &mut last[message.producer];
                assert!(
                    *last < Some(message.number),
                    "a producer's messages changed places"
                );
                *last = Some(message.number);
                self.counts.received.fetch_add(1, Ordering::Relaxed);
                self.tally.count("channel: received");
            }
            if is_over {
                return;
            }
        }
    }

    /// Receives some messages, or none for now.
    fn receive(
        &mut self,
        receiver: &Receiver<Message>,
        news: &mut watch::Receiver<usize>,
        batch: &mut Vec<Message>,
    ) -> Result<(), RecvError> {
        match self.rng.below(8) {
            0 => match receiver.try_recv() {
                Ok(message) => batch.push(message),
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Closed) => return Err(RecvError),
            },
            1 => batch.extend(receiver.drain()),
            2 => {
                let limit = self.rng.below(4) + 1;
                block_on(receiver.recv_many(batch, limit))?;
            }
            3 => {
                let mut recv = pin!(receiver.recv());
                match self.poll(recv.as_mut()) {
                    Poll::Ready(received) => batch.push(received?),
                    Poll::Pending => self.tally.count("channel: gave up"),
                }
            }
            4 => {
                let over = block_on(async {
                    select! {
                        message = receiver.recv() => match message {
                            Ok(message) => { batch.push(message); None }
                            Err(error) => Some(error),
                        },
                        Ok(_) = news.changed() => {
                            self.tally.count("watch: changed");
                            None
                        }
                    }
                });
                if let Some(error) = over {
                    return Err(error);
                }
            }
            _ => batch.push(block_on(receiver.recv())?),
        }
        Ok(())
    }
}
