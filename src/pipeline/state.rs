//! What the parts of one pipeline share, and the child that watches over its end.
//!
//! The watch is the only one that closes channels for the sake of the whole and that reports: a
//! worker that fails leaves its error here and cancels the token. Running, stopping (the sources'
//! channels are closed) and cancelled (all channels are) are the token's phases. No worker waits for
//! a channel that is closed; when the last has ended and something was cut short, the watch reports.
//! Otherwise it ends when no flow can come any more.

use alloc::{collections::VecDeque, sync::Arc, vec::Vec};
use core::mem;

use super::{
    Failed,
    work::{Staged, yield_now},
};
use crate::{
    CancelToken, Event, WaitGroup,
    cancel::{Cause, CauseKind, Phase},
    channel::WeakReceiver,
    inspect::{Site, WaitKind},
    select,
    sys::{
        atomic::{AtomicUsize, Ordering},
        lock::Lock,
    },
};

/// What the channels of a pipeline know of the whole.
pub(super) struct Ledger {
    pub(super) token: CancelToken,
    /// Items that no stage took because the pipeline was cut short.
    unprocessed: AtomicUsize,
    /// There may be something to report.
    news: Event,
}

impl Ledger {
    /// Counts an item that no stage took, if that is because the pipeline was cut short.
    pub(super) fn count_unprocessed(&self) {
        if self.token.is_cancelled() {
            // Relaxed: the news, or the end of a worker, bring it to the watch.
            self.unprocessed.fetch_add(1, Ordering::Relaxed);
            self.news.set();
        }
    }
}

/// A channel of whatever, known to the pipeline and kept by others.
trait Channel: Send + Sync {
    /// Whether nobody can receive from it.
    fn is_gone(&self) -> bool;

    fn close(&self);

    /// How many items are in it.
    fn len(&self) -> usize;
}

impl<T: Send> Channel for WeakReceiver<T> {
    fn is_gone(&self) -> bool {
        self.upgrade().is_none()
    }

    fn close(&self) {
        if let Some(receiver) = self.upgrade() {
            receiver.close();
        }
    }

    fn len(&self) -> usize {
        self.upgrade().map_or(0, |receiver| receiver.len())
    }
}

type Channels<'env> = VecDeque<Arc<dyn Channel + 'env>>;

pub(super) struct State<'env, E> {
    pub(super) ledger: Arc<Ledger>,
    pub(super) workers: Arc<WaitGroup>,
    held: Lock<Held<'env, E>>,
}

struct Held<'env, E> {
    /// Those that sources send into.
    sources: Channels<'env>,
    others: Channels<'env>,
    errors: Vec<E>,
}

impl<'env, E> Held<'env, E> {
    fn channels(&mut self, is_source: bool) -> &mut Channels<'env> {
        if is_source {
            &mut self.sources
        } else {
            &mut self.others
        }
    }
}

impl<'env, E> State<'env, E> {
    #[cfg_attr(feature = "inspect", track_caller)]
    pub(super) fn new(token: CancelToken) -> Self {
        Self {
            ledger: Arc::new(Ledger {
                token,
                unprocessed: AtomicUsize::new(0),
                news: Event::new(),
            }),
            workers: Arc::new(WaitGroup::new()),
            held: Lock::new(Held {
                sources: VecDeque::new(),
                others: VecDeque::new(),
                errors: Vec::new(),
            }),
        }
    }

    /// Makes a channel one that is closed when the pipeline is cut short; that of a source, also
    /// when it is to drain.
    pub(super) fn know<T: Send + 'env>(&self, channel: WeakReceiver<T>, is_source: bool) {
        // Two of those that are known already are looked at each time. So those that are gone are
        // never much more than those that live.
        let mut some: [Option<Arc<dyn Channel + 'env>>; 3] = self.held.with(|held| {
            let known = held.channels(is_source);
            [known.pop_front(), known.pop_front(), None]
        });
        for old in &mut some {
            drop(old.take_if(|old| old.is_gone()));
        }
        some[2] = Some(Arc::new(channel));
        self.held.with(|held| {
            held.channels(is_source)
                .extend(some.iter().flatten().cloned())
        });
        // Either the watch comes now and finds them, or it has been here.
        let closed_from = if is_source {
            Phase::Stopping
        } else {
            Phase::Cancelled
        };
        if self.ledger.token.phase() >= closed_from {
            some.iter().flatten().for_each(|channel| channel.close());
        }
    }

    pub(super) fn fail(&self, error: E) {
        self.held.with(|held| held.errors.push(error));
        self.ledger
            .token
            .cancel_with(Cause::from(CauseKind::SiblingFailed));
        self.ledger.news.set();
    }

    /// Sees the pipeline, which was made at `site`, to its end; `open` has members as long as flows can be added
    /// to it.
    pub(super) async fn watch(&self, site: Site, open: &WaitGroup) -> Result<(), Failed<E>> {
        let token = &self.ledger.token;
        let complete = || Staged::new(&site, WaitKind::Event, open.wait());
        select! {
            biased;
            _ = Staged::new(&site, WaitKind::Token, token.stopping()) => self.close(true),
            _ = complete() => return Ok(()),
        }
        select! {
            biased;
            _ = Staged::new(&site, WaitKind::Token, token.cancelled()) => {}
            _ = complete() => return Ok(()),
        }
        loop {
            self.close(true);
            self.close(false);
            Staged::new(&site, WaitKind::Event, self.workers.wait()).await;
            self.ledger.news.reset();
            // Who was woken for an item has it before it is counted.
            yield_now().await;
            self.report()?;
            // Nothing was lost by then. Somebody may still come and lose something.
            select! {
                biased;
                _ = Staged::new(&site, WaitKind::Event, self.ledger.news.wait()) => {}
                _ = complete() => return self.report(),
            }
        }
    }

    /// Closes all channels of that sort.
    fn close(&self, is_source: bool) {
        let known = self
            .held
            .with(|held| held.channels(is_source).iter().cloned().collect::<Vec<_>>());
        known.iter().for_each(|channel| channel.close());
    }

    /// An error, if there was one or items are left.
    fn report(&self) -> Result<(), Failed<E>> {
        let (known, errors) = self.held.with(|held| {
            let known = [true, false].map(|is_source| held.channels(is_source).clone());
            (known, mem::take(&mut held.errors))
        });
        let left: usize = known.iter().flatten().map(|channel| channel.len()).sum();
        let unprocessed = self.ledger.unprocessed.load(Ordering::Relaxed);
        if errors.is_empty() && unprocessed == 0 {
            Ok(())
        } else {
            Err(Failed::new(errors, unprocessed + left))
        }
    }
}
