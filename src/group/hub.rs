//! What a group has in common with its spawners and with whoever takes its results.
//!
//! Both lines are short: a child is put into the queue of newcomers and taken out by the driver,
//! an output is put into the queue of results by the driver and taken out by their stream. One
//! lock, held for one of these steps; wakers are called when it is free.
//!
//! | | tells | when |
//! |---|---|---|
//! | spawner → driver | the signal of the group's block | always |
//! | driver → stream | the stream's waker | the next result is there and was not before, or no child is left |
//! | stream → driver | the signal | a result was taken, or the stream dropped, and the driver had no room |

use alloc::collections::VecDeque;
use core::{
    fmt,
    future::Future,
    mem,
    task::{Context, Poll},
};

use super::{counted::Counted, shared::SharedRef};
use crate::{sys::lock::Lock, wait::WakerCell};

pub struct Hub<F: Future> {
    shared: SharedRef,
    state: Lock<State<F, F::Output>>,
    /// Whoever waits for a result.
    reader: WakerCell,
}

pub(super) type HubRef<F> = Counted<Hub<F>>;

struct State<F, T> {
    newcomers: VecDeque<F>,
    /// Nothing is taken in any more.
    is_closed: bool,
    /// Results by the order in which they are to be given out; in one of submission there are gaps.
    results: VecDeque<Option<T>>,
    /// Which child the front of the results is of, if they are in order of submission.
    front: Option<usize>,
    /// Results that are there.
    untaken: usize,
    /// Somebody wants results.
    is_read: bool,
    /// No child is running and none is to come, unless one is spawned.
    is_idle: bool,
    /// The driver waits for room.
    is_full: bool,
}

impl<F, T> State<F, T> {
    /// The next result as far as it is there, and whether the driver waited for room. `None` for a
    /// gap: it is taken out, since no child is left to fill it.
    fn take(&mut self) -> Option<(Poll<Option<T>>, bool)> {
        match self.results.front() {
            Some(next) if next.is_some() || self.is_idle => {
                self.front = self.front.map(|front| front.wrapping_add(1));
                let next = self.results.pop_front().flatten()?;
                self.untaken -= 1;
                Some((Poll::Ready(Some(next)), mem::take(&mut self.is_full)))
            }
            None if self.is_idle => Some((Poll::Ready(None), false)),
            _ => Some((Poll::Pending, false)),
        }
    }
}

impl<F: Future> Hub<F> {
    pub(super) fn new(shared: SharedRef) -> HubRef<F> {
        Counted::new(Self {
            shared,
            state: Lock::new(State {
                newcomers: VecDeque::new(),
                is_closed: false,
                results: VecDeque::new(),
                front: None,
                untaken: 0,
                is_read: false,
                is_idle: false,
                is_full: false,
            }),
            reader: WakerCell::new(),
        })
    }

    pub(super) fn shared(&self) -> &SharedRef {
        &self.shared
    }

    pub(super) fn spawn(&self, future: F) -> Result<(), F> {
        let refused = self.state.with(|state| {
            if state.is_closed {
                return Some(future);
            }
            state.newcomers.push_back(future);
            state.is_idle = false;
            None
        });
        match refused {
            Some(future) => Err(future),
            None => {
                self.shared.call_driver();
                Ok(())
            }
        }
    }

    pub(super) fn next(&self) -> Option<F> {
        self.state.with(|state| state.newcomers.pop_front())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.state.with(|state| state.newcomers.is_empty())
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state.with(|state| state.is_closed)
    }

    /// Closes it unless there are newcomers; whether it is closed.
    pub(super) fn close_if_empty(&self) -> bool {
        self.state.with(|state| {
            state.is_closed |= state.newcomers.is_empty();
            state.is_closed
        })
    }

    /// Closes it, and gives the newcomers out.
    pub(super) fn close(&self) -> VecDeque<F> {
        self.state.with(|state| {
            state.is_closed = true;
            mem::take(&mut state.newcomers)
        })
    }

    /// Somebody will take results: in order of submission from a first one on, or as they come.
    pub(super) fn begin_reading(&self, front: Option<usize>) {
        self.state.with(|state| {
            state.is_read = true;
            state.front = front;
        });
    }

    /// Nobody will take results any more; gives out those that there are, and whether the driver
    /// is to be called, since it waited for room.
    pub(super) fn stop_reading(&self) -> (VecDeque<Option<F::Output>>, bool) {
        self.state.with(|state| {
            state.is_read = false;
            let was_full = mem::take(&mut state.is_full);
            (mem::take(&mut state.results), was_full)
        })
    }

    /// How many results have not been taken; `None` if nobody is going to. Notes that the driver
    /// waits for room if there are as many as `bound`.
    pub(super) fn untaken(&self, bound: usize) -> Option<usize> {
        self.state.with(|state| {
            state.is_full = state.is_read && state.untaken >= bound;
            state.is_read.then_some(state.untaken)
        })
    }

    /// Puts a result in; gives it back if nobody is going to take it.
    pub(super) fn put(&self, index: usize, output: F::Output) -> Option<F::Output> {
        let mut output = Some(output);
        let is_news = self.state.with(|state| {
            if !state.is_read {
                return false;
            }
            state.untaken += 1;
            let at = match state.front {
                // Numbers come round.
                Some(front) => index.wrapping_sub(front),
                None => state.results.len(),
            };
            if at >= state.results.len() {
                state.results.resize_with(at + 1, || None);
            }
            state.results[at] = output.take();
            at == 0
        });
        if is_news {
            self.reader.wake();
        }
        output
    }

    /// No child is running and none is to come.
    pub(super) fn be_idle(&self) {
        let is_news = self.state.with(|state| {
            let is_idle = state.newcomers.is_empty();
            !mem::replace(&mut state.is_idle, is_idle) && is_idle
        });
        if is_news {
            self.reader.wake();
        }
    }

    /// The next result; `None` when no child is left.
    pub(super) fn poll_take(&self, cx: &Context<'_>) -> Poll<Option<F::Output>> {
        if let Poll::Ready(next) = self.try_take() {
            return Poll::Ready(next);
        }
        self.reader.register(cx);
        self.try_take()
    }

    fn try_take(&self) -> Poll<Option<F::Output>> {
        let (next, was_full) = loop {
            if let Some(taken) = self.state.with(State::take) {
                break taken;
            }
        };
        if was_full {
            self.shared.call_driver();
        }
        next
    }

    /// The driver is gone: whoever waits for a result waits for nothing.
    pub(super) fn end(&self) {
        self.state.with(|state| state.is_idle = true);
        self.reader.wake();
    }
}

impl<F: Future> fmt::Debug for Hub<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").finish_non_exhaustive()
    }
}
