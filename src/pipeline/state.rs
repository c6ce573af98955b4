//! What the parts of one pipeline share, and the child that watches over its end.
//!
//! The watch is the only one that closes channels for the sake of the whole and that reports:
//! a worker that fails leaves its error here and cancels the token. Running, stopping (the
//! sources' channels are closed) and cancelled (all channels are) are the token's phases. The watch
//! ends when no flow can come any more, or, once the token is cancelled, when no worker is left; no
//! worker is left waiting by then, since every channel is closed.

use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::mem;

use super::{
    Failed,
    remains::{Closes, Remains},
    work::yield_now,
};
use crate::{
    CancelToken, WaitGroup,
    cancel::{Cause, CauseKind, Phase},
    channel::WeakReceiver,
    select,
    sys::lock::Lock,
};

pub(super) struct State<'env, E> {
    pub(super) token: CancelToken,
    pub(super) workers: Arc<WaitGroup>,
    held: Lock<Held<'env, E>>,
}

type List<'env, T> = Vec<Box<T>>;

struct Held<'env, E> {
    sources: List<'env, dyn Closes + 'env>,
    channels: List<'env, dyn Closes + 'env>,
    /// What lies before stages that have ended.
    between: List<'env, dyn Remains + 'env>,
    /// What was made for somebody outside of the pipeline.
    at_the_end: List<'env, dyn Remains + 'env>,
    errors: Vec<E>,
}

impl<'env, E> State<'env, E> {
    pub(super) fn new(token: CancelToken) -> Self {
        Self {
            token,
            workers: Arc::new(WaitGroup::new()),
            held: Lock::new(Held {
                sources: Vec::new(),
                channels: Vec::new(),
                between: Vec::new(),
                at_the_end: Vec::new(),
                errors: Vec::new(),
            }),
        }
    }

    /// Makes a channel one that is closed when the pipeline is cut short; that of a source, also
    /// when it is to drain.
    pub(super) fn will_close<T: Send + 'env>(&self, channel: WeakReceiver<T>, is_source: bool) {
        let known = Box::new(channel.clone());
        let last = if is_source {
            Phase::Running
        } else {
            Phase::Stopping
        };
        self.held.with(|held| match is_source {
            true => held.sources.push(known),
            false => held.channels.push(known),
        });
        // The watch may have been there before; if it comes now, it closes it again.
        if self.token.phase() > last {
            channel.close();
        }
    }

    /// What is left in here when a stage has ended is unprocessed.
    pub(super) fn keep_between(&self, remains: impl Remains + 'env) {
        let remains = Box::new(remains);
        self.held.with(|held| held.between.push(remains));
    }

    /// What is left in here when the pipeline was cut short is unprocessed.
    pub(super) fn keep_at_the_end(&self, remains: impl Remains + 'env) {
        let remains = Box::new(remains);
        self.held.with(|held| held.at_the_end.push(remains));
    }

    pub(super) fn fail(&self, error: E) {
        self.held.with(|held| held.errors.push(error));
        self.token
            .cancel_with(Cause::from(CauseKind::SiblingFailed));
    }

    /// Sees the pipeline to its end; `open` has members as long as flows can be added to it.
    pub(super) async fn watch(&self, open: &WaitGroup) -> Result<(), Failed<E>> {
        let is_over = select! {
            biased;
            _ = self.token.stopping() => false,
            _ = open.wait() => true,
        };
        if !is_over {
            close(self.held.with(|held| mem::take(&mut held.sources)));
            select! {
                biased;
                _ = self.token.cancelled() => {
                    close(self.held.with(|held| mem::take(&mut held.sources)));
                    close(self.held.with(|held| mem::take(&mut held.channels)));
                    self.workers.wait().await;
                }
                _ = open.wait() => {}
            }
        }
        self.report().await
    }

    async fn report(&self) -> Result<(), Failed<E>> {
        let (between, at_the_end, errors) = self.held.with(|held| {
            (
                mem::take(&mut held.between),
                mem::take(&mut held.at_the_end),
                mem::take(&mut held.errors),
            )
        });
        let between = clear(between);
        let is_cut = !errors.is_empty() || self.token.is_cancelled() && between > 0;
        if is_cut {
            // Who was woken for an item has it before the body is dropped.
            yield_now().await;
            Err(Failed::new(errors, between + clear(at_the_end)))
        } else {
            Ok(())
        }
    }
}

fn close(channels: List<'_, dyn Closes + '_>) {
    for channel in channels {
        channel.close();
    }
}

fn clear(remains: List<'_, dyn Remains + '_>) -> usize {
    remains.into_iter().map(|remains| remains.clear()).sum()
}
