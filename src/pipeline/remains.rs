//! What lies in the channels of a pipeline when it ends.

use alloc::boxed::Box;

use crate::channel::{Receiver, WeakReceiver};

/// A channel of whatever, to be closed.
pub(super) trait Closes: Send {
    fn close(&self);
}

impl<T: Send> Closes for WeakReceiver<T> {
    fn close(&self) {
        if let Some(receiver) = self.upgrade() {
            receiver.close();
        }
    }
}

/// Items of whatever, to be accounted for.
pub(super) trait Remains: Send {
    /// Hands them to whom they are for, or drops them; returns how many there were.
    fn clear(self: Box<Self>) -> usize;
}

/// Who wants the items that no stage took.
pub(super) type OnUnprocessed<'env, T> = Option<Box<dyn FnMut(T) + Send + 'env>>;

/// The items before a stage.
pub(super) struct Between<'env, T> {
    pub(super) receiver: Receiver<T>,
    pub(super) on_unprocessed: OnUnprocessed<'env, T>,
}

impl<T: Send> Remains for Between<'_, T> {
    fn clear(mut self: Box<Self>) -> usize {
        let mut count = 0;
        for item in self.receiver.drain() {
            count += 1;
            match &mut self.on_unprocessed {
                Some(wants) => wants(item),
                None => drop(item),
            }
        }
        count
    }
}

/// The items behind the last stage, if there is still somebody who could receive them.
pub(super) struct AtTheEnd<'env, T> {
    pub(super) receiver: WeakReceiver<T>,
    pub(super) on_unprocessed: OnUnprocessed<'env, T>,
}

impl<T: Send> Remains for AtTheEnd<'_, T> {
    fn clear(self: Box<Self>) -> usize {
        let Self {
            receiver,
            on_unprocessed,
        } = *self;
        receiver.upgrade().map_or(0, |receiver| {
            let between = Between {
                receiver: receiver.clone(),
                on_unprocessed,
            };
            // What is still in there then is promised to somebody who was woken and did not look.
            Box::new(between).clear() + receiver.len()
        })
    }
}
