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
