//! Bounded channels: messages from many senders to many receivers, each to one of them.
//!
//! [`bounded`] makes a channel on the heap, [`Channel`] is one in a `static`, on the stack or in a
//! struct, without any allocation. What there is to do at either end is in [`SendEnd`] and
//! [`RecvEnd`], which all handles deref to.
//!
//! ```
//! use pleach::{channel, scope};
//!
//! # pleach::block_on(async {
//! let (sender, receiver) = channel::bounded(2);
//! let sum = scope!(|s| {
//!     for n in 0..3 {
//!         let sender = sender.clone();
//!         s.spawn(async move { sender.send(n).await });
//!     }
//!     // The receiver learns that there is nothing more when the last sender is dropped.
//!     drop(sender);
//!     let mut sum = 0;
//!     while let Ok(n) = receiver.recv().await {
//!         sum += n;
//!     }
//!     sum
//! })
//! .await;
//! assert_eq!(sum, 3);
//! # });
//! ```
//!
//! # Promises
//!
//! * **Nothing is lost.** A receiver that is woken and dropped leaves its message in the channel, and
//!   another is told. A send that is dropped or [cancelled](Send::cancel) either has sent its message
//!   or has it still: never both, never neither. So each of these futures can be an arm of a
//!   `select!`. (If a waker panics while a message is handed out, the message is dropped with that
//!   panic.)
//! * **First come, first served**, on both sides. A newcomer takes neither the message that a woken
//!   receiver was promised, nor before it the one of a sender that waits, nor the room that somebody
//!   waits for. [`force_send`](SendEnd::force_send) alone goes ahead. Messages of one sender arrive in
//!   the order in which they were sent.
//! * **The bound is the bound**: `capacity` messages, and beside them one for each receiver that waits
//!   or was woken, up to four. (What is sent to a receiver that waits does not stay, and so Go has
//!   it.) [`strict`] channels go without those.
//! * **A capacity of zero** is a rendezvous: a message is sent when a receiver waits for it. Should
//!   that one be dropped, the message stays for the next. What [`bounded`] says of it is worth
//!   reading if you `reserve` there, or have a `send` arm in a `select!`.
//! * Nothing is allocated after the channel was made, however many wait. Every operation is one short
//!   hold of one lock, in which no code of yours runs. With the feature `critical-section` and
//!   without `std`, an interrupt handler may use all that does not wait.
//!
//! # When a channel is closed
//!
//! It is closed by [`close`](SendEnd::close) at either end, or when the last handle of one end is
//! dropped. It is *finished* when it is closed, nothing is left in it, and nobody holds a [`Permit`].
//!
//! | | by `close`, or no sender is left | no receiver is left |
//! |---|---|---|
//! | messages in it | are received | are dropped at once |
//! | `try_send`, `send`, `send_from`, `force_send`, also those that wait | fail, and give the message back | the same |
//! | `reserve` and its kin, also those that wait | fail | the same |
//! | a [`Permit`] | is still good | fails, and gives the message back |
//! | `recv`, `try_recv`, `recv_many`, `stream`, `drain`, also those that wait | go on until it is finished; then fail, or end | – |
//! | `closed` | is ready | is ready |
//! | `ready` | is ready when there is a message, or it is finished | – |
//!
//! # From Go
//!
//! | Go | here |
//! |---|---|
//! | `make(chan T, n)` | [`bounded(n)`](bounded), or a `static` [`Channel<T, n>`](Channel) |
//! | `make(chan T)` | `bounded(0)` |
//! | `c <- v` | [`send(v).await`](SendEnd::send), [`send_blocking(v)`](SendEnd#method.send_blocking) |
//! | `v, ok := <-c` | [`recv().await`](RecvEnd::recv), an error when it is closed and empty |
//! | `for v := range c` | `while let Ok(v) = c.recv().await`, [`stream`](RecvEnd::stream), [`iter_blocking`](RecvEnd#method.iter_blocking) |
//! | `close(c)`; a second one, and a send afterwards, panics | [`close`](SendEnd::close), or dropping the last sender; a second one returns `false`, a send an error with the message |
//! | `len(c)`, `cap(c)` | [`len`](SendEnd::len), [`capacity`](SendEnd::capacity) |
//! | `select { case c <- v: default: }` | [`try_send`](SendEnd::try_send) |
//! | `select { case v := <-c: default: }` | [`try_recv`](RecvEnd::try_recv); at a capacity of zero it meets a `send`, but not the `send` arm of a `select!` |
//! | `select` over channels | [`select!`](crate::select!), [`Multiplex`]; at a capacity of zero a `send` arm meets only a receiver that waits |
//! | `select` with `<-ctx.Done()` | [`send_or_cancel`](SendEnd::send_or_cancel), [`recv_or_cancel`](RecvEnd::recv_or_cancel) |
//! | `select` with `<-time.After(d)` | [`Send::or_until`], [`Recv::or_until`] |
//! | a receiver that has gone away, which blocks its senders for ever | an error for each of them |

mod batch;
#[cfg(feature = "std")]
mod blocking;
mod end;
mod error;
mod fixed;
#[cfg(feature = "alloc")]
mod heap;
mod held;
mod multiplex;
#[cfg(feature = "alloc")]
mod owned;
mod place;
mod recv;
mod reserve;
mod ring;
mod send;
mod send_all;
#[cfg(feature = "sink")]
mod sink;
mod told;
mod until;

pub use end::{Drain, RecvEnd, SendEnd};
pub use error::{
    RecvError, RecvUntilError, ReserveError, SendError, SendUntilError, TryRecvError,
    TryReserveError, TrySendError,
};
pub use fixed::{Channel, ReceiverRef, SenderRef};
#[cfg(feature = "alloc")]
pub use heap::{Receiver, Sender, WeakReceiver, WeakSender, bounded, strict};
pub use multiplex::Multiplex;
#[cfg(feature = "alloc")]
pub use owned::{OwnedPermit, ReserveOwned};
#[cfg(feature = "alloc")]
pub use recv::IntoMessages;
pub use recv::{Messages, Recv, RecvMany};
pub use reserve::{Permit, Permits, Reserve, ReserveMany, SendFrom};
pub use send::Send;
pub use send_all::SendAll;
#[cfg(all(feature = "sink", feature = "alloc"))]
pub use sink::IntoSink;
#[cfg(feature = "sink")]
pub use sink::SendSink;
pub use told::{Ready, WaitClosed};
pub use until::{RecvOrCancel, RecvUntil, SendOrCancel, SendUntil};
