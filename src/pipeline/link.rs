//! A channel between two stages: what goes in, what comes out, and what nobody takes.
//!
//! An item is accounted for wherever it ends: one that is sent when nobody can receive it any more is
//! noted by the [`Outlet`]; what lies in the channel when the last worker behind it is gone, or the
//! [`Flow`](super::Flow) that nobody gave to a stage, is noted by the [`Input`], when it is
//! dropped. Noting means: counted if the pipeline was cut short, and handed to who wants it. What is
//! given to who wants items lives no longer than the two ends of the channel, so that it may hold
//! whatever it likes.

use super::{
    state::{Ledger, State},
    work::Output,
};
use crate::{
    channel::{Receiver, Sender},
    inspect::Site,
    sys::{Shared, lock::Lock, unwind},
};
use alloc::{boxed::Box, collections::VecDeque, sync::Arc};
use core::future::Future;

/// What both ends of a channel share.
pub(super) struct Link<'env, T> {
    ledger: Arc<Ledger>,
    desk: Lock<Desk<'env, T>>,
}

type Wants<'env, T> = Box<dyn FnMut(T) + Send + 'env>;

/// Where unprocessed items wait for who wants them. He is out of here while he is called, and
/// whoever comes meanwhile leaves his item.
struct Desk<'env, T> {
    wants: Option<Wants<'env, T>>,
    is_busy: bool,
    items: VecDeque<T>,
}

impl<'env, T> Link<'env, T> {
    pub(super) fn new(ledger: Arc<Ledger>) -> Shared<Self> {
        Shared::new(Self {
            ledger,
            desk: Lock::new(Desk {
                wants: None,
                is_busy: false,
                items: VecDeque::new(),
            }),
        })
    }

    pub(super) fn set_wants(&self, wants: Wants<'env, T>) {
        drop(self.desk.with(|desk| desk.wants.replace(wants)));
    }

    /// Accounts for an item that no stage has taken.
    fn note(&self, item: T) {
        self.ledger.count_unprocessed();
        let mut next = Some(item);
        let wants = self.desk.with(|desk| {
            if desk.is_busy || desk.wants.is_some() {
                desk.items.extend(next.take());
            }
            if desk.is_busy {
                return None;
            }
            desk.is_busy = desk.wants.is_some();
            desk.wants.take()
        });
        drop(next);
        if let Some(wants) = wants {
            self.hand_out(wants);
        }
    }

    /// Calls who wants the items until there are no more, and puts him back in that very moment.
    fn hand_out(&self, mut wants: Wants<'env, T>) {
        loop {
            let turn = self.desk.with(|desk| match desk.items.pop_front() {
                Some(item) => Ok((item, wants)),
                None => {
                    desk.is_busy = false;
                    desk.wants = Some(wants);
                    Err(())
                }
            });
            let Ok((item, back)) = turn else { break };
            wants = back;
            wants(item);
        }
    }
}

/// The end of a channel that a stage sends its results into.
pub(super) struct Outlet<'env, T, E> {
    sender: Sender<T>,
    link: Shared<Link<'env, T>>,
    state: Shared<State<'env, E>>,
    site: Site,
}

impl<'env, T, E> Outlet<'env, T, E> {
    /// Of a stage that is made here.
    #[cfg_attr(feature = "inspect", track_caller)]
    pub(super) fn new(
        sender: Sender<T>,
        link: Shared<Link<'env, T>>,
        state: Shared<State<'env, E>>,
    ) -> Self {
        Self {
            sender,
            link,
            state,
            site: Site::here(),
        }
    }

    pub(super) fn into_sender(self) -> Sender<T> {
        self.sender
    }
}

impl<T: Send, E: Send> Output<T, E> for Outlet<'_, T, E> {
    fn results(&self) -> &Sender<T> {
        &self.sender
    }

    fn site(&self) -> &Site {
        &self.site
    }

    fn end(&self) -> impl Future<Output = ()> + Send {
        self.sender.closed()
    }

    fn refused(&self, result: T) {
        self.link.note(result);
    }

    fn failed(&self, error: E) {
        self.state.fail(error);
    }
}

impl<T, E> Clone for Outlet<'_, T, E> {
    fn clone(&self) -> Self {
        Self {
            sender: self.sender.clone(),
            link: Shared::clone(&self.link),
            state: Shared::clone(&self.state),
            site: self.site.again(),
        }
    }
}

/// The end of a channel that a stage takes its items from: shared by the workers.
pub(super) struct Input<'env, T> {
    /// `None` if somebody outside of the pipeline has it, and what is left in it.
    receiver: Option<Receiver<T>>,
    pub(super) link: Shared<Link<'env, T>>,
}

impl<'env, T> Input<'env, T> {
    pub(super) fn new(receiver: Receiver<T>, link: Shared<Link<'env, T>>) -> Self {
        Self {
            receiver: Some(receiver),
            link,
        }
    }

    pub(super) fn receiver(&self) -> &Receiver<T> {
        self.receiver.as_ref().expect("it was not taken")
    }

    pub(super) fn into_receiver(mut self) -> Receiver<T> {
        self.receiver.take().expect("it was not taken")
    }
}

impl<T> Drop for Input<'_, T> {
    fn drop(&mut self) {
        if let Some(receiver) = self.receiver.take() {
            unwind::run_in_drop(|| {
                receiver.close();
                receiver.drain().for_each(|item| self.link.note(item));
            });
        }
    }
}
