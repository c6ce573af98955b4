//! Every channel behind one interface, which costs nothing: the futures are the crates' own, and
//! everything is known at compile time.

use std::future::Future;

/// What goes through the channels.
pub trait Message: Send + Sync + Unpin + Copy + Default + 'static {
    fn of(n: u64) -> Self;
    fn number(&self) -> u64;
}

impl Message for u64 {
    fn of(n: u64) -> Self {
        n
    }

    fn number(&self) -> u64 {
        *self
    }
}

/// 256 bytes.
#[derive(Clone, Copy, Default)]
pub struct Large([u64; 32]);

impl Message for Large {
    fn of(n: u64) -> Self {
        Self([n; 32])
    }

    fn number(&self) -> u64 {
        self.0[31]
    }
}

/// The sending end of a channel; a clone for each task.
pub trait Sends<M>: Clone + Send + 'static {
    fn send_one(&self, message: M) -> impl Future + Send;
}

/// The receiving end; a clone for each task, if there are several.
pub trait Receives<M>: Send + 'static {
    fn recv_one(&mut self) -> impl Future<Output: Answer<M>> + Send;
}

/// A message or none, however the crate says so.
pub trait Answer<M> {
    fn answer(self) -> Option<M>;
}

impl<M> Answer<M> for Option<M> {
    fn answer(self) -> Self {
        self
    }
}

impl<M, E> Answer<M> for Result<M, E> {
    fn answer(self) -> Option<M> {
        self.ok()
    }
}

/// A kind of channel.
pub trait Channel<M: Message> {
    type Sender: Sends<M>;
    type Receiver: Receives<M>;

    fn new(capacity: usize) -> (Self::Sender, Self::Receiver);
}

/// A kind of channel with several receivers.
pub trait Shared<M: Message>: Channel<M> {
    fn another(receiver: &Self::Receiver) -> Self::Receiver;
}

macro_rules! ends {
    ($sender:ty, $receiver:ty: $send:ident, $recv:ident) => {
        impl<M: Message> Sends<M> for $sender {
            fn send_one(&self, message: M) -> impl Future + Send {
                self.$send(message)
            }
        }

        impl<M: Message> Receives<M> for $receiver {
            fn recv_one(&mut self) -> impl Future<Output: Answer<M>> + Send {
                self.$recv()
            }
        }
    };
}

macro_rules! channel {
    ($name:ident = $new:path => $sender:ty, $receiver:ty) => {
        pub struct $name;

        impl<M: Message> Channel<M> for $name {
            type Sender = $sender;
            type Receiver = $receiver;

            fn new(capacity: usize) -> (Self::Sender, Self::Receiver) {
                $new(capacity)
            }
        }
    };
}

macro_rules! shared {
    ($name:ident = $new:path => $sender:ty, $receiver:ty) => {
        channel!($name = $new => $sender, $receiver);

        impl<M: Message> Shared<M> for $name {
            fn another(receiver: &Self::Receiver) -> Self::Receiver {
                receiver.clone()
            }
        }
    };
}

use crossfire::{MAsyncRx, MAsyncTx, mpmc};
use tokio::sync::mpsc;

ends!(pleach::channel::Sender<M>, pleach::channel::Receiver<M>: send, recv);
shared!(Pleach = pleach::channel::bounded => pleach::channel::Sender<M>, pleach::channel::Receiver<M>);
shared!(Strict = pleach::channel::strict => pleach::channel::Sender<M>, pleach::channel::Receiver<M>);

/// Room first, then the message: it is written to where it lies, and is not in a future before.
#[derive(Clone)]
pub struct Reserving<M>(pleach::channel::Sender<M>);

impl<M: Message> Sends<M> for Reserving<M> {
    fn send_one(&self, message: M) -> impl Future + Send {
        async move {
            if let Ok(permit) = self.0.reserve().await {
                let _ = permit.send(message);
            }
        }
    }
}

pub struct ByReserve;

impl<M: Message> Channel<M> for ByReserve {
    type Sender = Reserving<M>;
    type Receiver = pleach::channel::Receiver<M>;

    fn new(capacity: usize) -> (Self::Sender, Self::Receiver) {
        let (sender, receiver) = pleach::channel::bounded(capacity);
        (Reserving(sender), receiver)
    }
}

ends!(async_channel::Sender<M>, async_channel::Receiver<M>: send, recv);
shared!(AsyncChannel = async_channel::bounded => async_channel::Sender<M>, async_channel::Receiver<M>);

ends!(MAsyncTx<mpmc::Array<M>>, MAsyncRx<mpmc::Array<M>>: send, recv);
shared!(Crossfire = mpmc::bounded_async => MAsyncTx<mpmc::Array<M>>, MAsyncRx<mpmc::Array<M>>);

ends!(flume::Sender<M>, flume::Receiver<M>: send_async, recv_async);
shared!(Flume = flume::bounded => flume::Sender<M>, flume::Receiver<M>);

ends!(kanal::AsyncSender<M>, kanal::AsyncReceiver<M>: send, recv);
shared!(Kanal = kanal::bounded_async => kanal::AsyncSender<M>, kanal::AsyncReceiver<M>);

ends!(mpsc::Sender<M>, mpsc::Receiver<M>: send, recv);
channel!(Tokio = mpsc::channel => mpsc::Sender<M>, mpsc::Receiver<M>);

ends!(tachyonix::Sender<M>, tachyonix::Receiver<M>: send, recv);
channel!(Tachyonix = tachyonix::channel => tachyonix::Sender<M>, tachyonix::Receiver<M>);

ends!(thingbuf::mpsc::Sender<M>, thingbuf::mpsc::Receiver<M>: send, recv);
channel!(Thingbuf = thingbuf::mpsc::channel => thingbuf::mpsc::Sender<M>, thingbuf::mpsc::Receiver<M>);

use futures_intrusive::channel::shared as intrusive;

ends!(intrusive::Sender<M>, intrusive::Receiver<M>: send, receive);
shared!(Intrusive = intrusive::channel => intrusive::Sender<M>, intrusive::Receiver<M>);

use embassy_sync::{blocking_mutex::raw::CriticalSectionRawMutex, channel as embassy};

/// Its capacity is part of its type, and it lives in a `static`: here, in a leak.
pub struct Embassy<const N: usize>;

type EmbassySender<M, const N: usize> = embassy::Sender<'static, CriticalSectionRawMutex, M, N>;
type EmbassyReceiver<M, const N: usize> = embassy::Receiver<'static, CriticalSectionRawMutex, M, N>;

impl<M: Message, const N: usize> Sends<M> for EmbassySender<M, N> {
    fn send_one(&self, message: M) -> impl Future + Send {
        self.send(message)
    }
}

impl<M: Message, const N: usize> Receives<M> for EmbassyReceiver<M, N> {
    fn recv_one(&mut self) -> impl Future<Output: Answer<M>> + Send {
        async { Some(self.receive().await) }
    }
}

impl<M: Message, const N: usize> Channel<M> for Embassy<N> {
    type Sender = EmbassySender<M, N>;
    type Receiver = EmbassyReceiver<M, N>;

    fn new(capacity: usize) -> (Self::Sender, Self::Receiver) {
        assert_eq!(capacity, N);
        let channel: &_ = Box::leak(Box::new(embassy::Channel::new()));
        (channel.sender(), channel.receiver())
    }
}

pub type Embassy1 = Embassy<1>;
pub type Embassy64 = Embassy<64>;
pub type Embassy1024 = Embassy<1024>;
