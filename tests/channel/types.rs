//! What the types promise: who may go to another thread, who must stay where it is pinned, who
//! takes the place of whom. A wrong one does not compile.

use std::{cell::Cell, rc::Rc};

use pleach::channel::{
    Channel, Drain, IntoMessages, Messages, Multiplex, OwnedPermit, Permit, Permits, Ready,
    Receiver, ReceiverRef, Recv, RecvEnd, RecvMany, RecvOrCancel, RecvUntil, Reserve, ReserveMany,
    ReserveOwned, Send as Sending, SendAll, SendEnd, SendFrom, SendOrCancel, SendUntil, Sender,
    SenderRef, WaitClosed, WeakReceiver, WeakSender,
};

/// `$type: $trait` compiles, or does not.
macro_rules! is {
    ($($type:ty),* : $($trait:tt)*) => {
        const _: fn() = || {
            fn of<T: ?Sized + $($trait)*>() {}
            $(of::<$type>();)*
        };
    };
}

/// A type that has the trait implements `Ambiguous` twice, and then nobody knows which is meant.
macro_rules! is_not {
    ($($type:ty),* : $trait:path) => {
        const _: fn() = || {
            trait Ambiguous<A> {
                fn some() {}
            }
            impl<T: ?Sized> Ambiguous<()> for T {}
            struct HasIt;
            impl<T: ?Sized + $trait> Ambiguous<HasIt> for T {}
            $(let _ = <$type as Ambiguous<_>>::some;)*
        };
    };
}

type Message = Cell<u8>;
type NotSend = Rc<u8>;
type Timer = std::future::Ready<()>;

// A message is moved from thread to thread and never shared, so it need not be `Sync`.
is!(Channel<Message, 1>, Sender<Message>, Receiver<Message>, WeakSender<Message>: Send + Sync);
is!(WeakReceiver<Message>, SenderRef<'_, Message>, ReceiverRef<'_, Message>: Send + Sync);
is!(SendEnd<Message>, RecvEnd<Message>: Send + Sync);
is!(Sending<'_, Message>, SendFrom<'_, Message>, SendUntil<'_, Message, Timer>: Send);
is!(SendOrCancel<'_, Message>, SendAll<'_, Message, std::array::IntoIter<Message, 2>>: Send);
is!(Reserve<'_, Message>, ReserveMany<'_, Message>, ReserveOwned<Message>: Send);
is!(Permit<'_, Message>, Permits<'_, Message>, OwnedPermit<Message>: Send);
is!(Recv<'_, Message>, RecvMany<'_, Message, Vec<Message>>, RecvUntil<'_, Message, Timer>: Send);
is!(RecvOrCancel<'_, Message>, Messages<'_, Message>, IntoMessages<Message>: Send);
is!(Drain<'_, Message>, Ready<'_, Message>, WaitClosed<'_, Message>: Send);
is!(Multiplex<Message, Receiver<Message>, 2>: Send);

is_not!(Channel<NotSend, 1>, Sender<NotSend>, Receiver<NotSend>, WeakSender<NotSend>: Send);
is_not!(WeakReceiver<NotSend>, SenderRef<'_, NotSend>, ReceiverRef<'_, NotSend>: Send);
is_not!(Channel<NotSend, 1>, Sender<NotSend>, Receiver<NotSend>, SendEnd<NotSend>: Sync);
is_not!(Sending<'_, NotSend>, Reserve<'_, NotSend>, Recv<'_, NotSend>, Permit<'_, NotSend>: Send);
is_not!(OwnedPermit<NotSend>, Messages<'_, NotSend>, Drain<'_, NotSend>: Send);

// Their nodes are linked where they lie.
is_not!(Sending<'_, u8>, SendFrom<'_, u8>, SendUntil<'_, u8, Timer>, SendOrCancel<'_, u8>: Unpin);
is_not!(Reserve<'_, u8>, ReserveMany<'_, u8>, ReserveOwned<u8>, Ready<'_, u8>: Unpin);
is_not!(Recv<'_, u8>, RecvMany<'_, u8, Vec<u8>>, RecvUntil<'_, u8, Timer>, WaitClosed<'_, u8>: Unpin);
is_not!(RecvOrCancel<'_, u8>, Messages<'_, u8>, IntoMessages<u8>: Unpin);
// Handles are pointers, whatever the message is.
is!(Sender<std::marker::PhantomPinned>, Receiver<std::marker::PhantomPinned>: Unpin);

/// Ring and lists, without the messages.
#[test]
fn a_header_is_small() {
    assert!(size_of::<Channel<(), 0>>() <= 128);
    assert_eq!(size_of::<Sender<u64>>(), 2 * size_of::<usize>());
}
