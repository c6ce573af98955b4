//! Waiting for the first of several futures.
//!
//! | | for | gives |
//! |---|---|---|
//! | [`select!`](crate::select!) | any futures, with code for each; sends; `biased`, `default`, `else` | what the handler does |
//! | [`race`] | two to eight futures of one output | the output |
//! | [`select_all`] | an array or slice of futures of one type | which one, and its output |
//! | [`Multiplex`](crate::channel::Multiplex) | the receivers of many channels, again and again | a stream |
//!
//! In all of them each future that is ready has at least its share, and nothing is allocated. Losers
//! are dropped before the result is there, without a trace if they are cancel-safe, as all of this
//! crate are.
//!
//! # From Go
//!
//! | Go | here |
//! |---|---|
//! | `select { case v := <-a: .. case v := <-b: .. }` | `select! { Ok(v) = a.recv() => .., Ok(v) = b.recv() => .. }` |
//! | `case c <- v:` | `send(c, v) => ..` |
//! | `default:` | `default => ..` |
//! | `case <-ctx.Done():` | `_ = token.cancelled() => ..` |
//! | `case <-time.After(d):` | `_ = sleep(timer, d) => ..` |
//! | a channel that is closed is ready for ever | its arm is switched off by the pattern `Ok(..)`; `else` runs when all are |
//! | a channel that is `nil` is never ready | a guard, or [`optional`] |
//! | one of those that are ready, by lot | the same, or the first with `biased` |
//! | `select {}` | [`core::future::pending`] |
//!
//! # `default` is about one moment
//!
//! Go's `select` with a `default` locks all channels at once. Here there are two passes over the
//! arms: the first registers with all, and what comes to any of them after that is seen by the
//! second, for what a future of this crate was promised it keeps until it is dropped. So `default`
//! runs only if there was a moment at which nothing was ready. (What an arm is promised and does
//! not take goes back, as always.)

mod all;
mod arms;
mod macros;
mod optional;
mod race;
mod run;
mod turn;

pub use all::{SelectAll, select_all};
pub use optional::{Optional, optional};
pub use race::{Race, Racers, race};

/// What the macro expands to.
pub(crate) mod expansion {
    pub use super::{
        arms::{Cons, Guarded, Nil},
        run::{has_room, none, none_left, select, select_now, send, some},
        turn::Rotation,
    };
    pub use core::{
        option::Option::{None, Some},
        unreachable,
    };
}
