//! A barrier: holds up tasks until a number of them have arrived.
//!
//! # State
//!
//! Behind the lock: the list of those who wait, how many of them have arrived in the present
//! generation, and the number of that generation. There is no fast path: whoever arrives
//! takes the lock.
//!
//! # Invariants
//!
//! 1. The last `arrived` nodes of the list are those of the present generation. Those before
//!    them belong to complete generations and are about to be let go by whoever completed
//!    them: its *leader*.
//! 2. `arrived` is less than `size` outside the lock. The arrival that would make it `size`
//!    begins the next generation in the same hold, and links its own node behind the others,
//!    as the mark up to which it lets go: those who arrive later stand behind it.
//! 3. A [`Wait`] that has arrived knows its generation, so a drop can tell whether it still
//!    counts.
//!
//! Whoever passes has seen what the others did before they arrived: each arrival takes the
//! lock after those before it, and the leader, who comes last, stores the outcomes.
//!
//! # When a [`Wait`] is dropped
//!
//! | its node | what happens |
//! |---|---|
//! | never queued, or finished | nothing |
//! | queued, its generation not complete | unlinked, and counted off |
//! | queued or ended, its generation complete | unlinked; it was counted |

use core::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use futures_core::{future::FusedFuture, ready};
use pin_project_lite::pin_project;

use crate::{
    inspect::WaitKind,
    sys::{const_new, unwind::FirstPanic},
    wait::{Held, Queue, Stage, Waiter, wake_in_batches},
};

/// Holds up tasks until a number of them have arrived, and then lets them go together.
///
/// As the barrier of `std`, for tasks: [`wait`](Self::wait) resolves when the number of waits
/// that the barrier was made for have begun, and exactly one of them, the one that came last,
/// is told that it is the leader. Then the next generation begins.
///
/// A wait can be cancelled, which sets this barrier apart from those of tokio and
/// async-lock: a future that is dropped before its generation is complete is counted off
/// again, and the others wait for another one in its place.
///
/// Nothing here allocates, and the constructor is `const`: a barrier can be a `static`. (Where `std`
/// keeps its mutex in a box, as on Apple's systems, that box is made when somebody first waits.)
/// Whoever passes sees what the others did before they arrived.
///
/// # Examples
///
/// ```
/// use pleach::{Barrier, scope};
///
/// # pleach::block_on(async {
/// let barrier = Barrier::new(3);
/// let leaders = scope!(|s| {
///     let mut tasks = Vec::new();
///     for _ in 0..3 {
///         tasks.push(s.spawn(async {
///             // ... the first phase, and then:
///             barrier.wait().await.is_leader()
///         }));
///     }
///     let mut leaders = 0;
///     for task in tasks {
///         leaders += usize::from(task.await.unwrap());
///     }
///     leaders
/// })
/// .await;
/// assert_eq!(leaders, 1);
/// # });
/// ```
pub struct Barrier {
    size: usize,
    queue: Queue<(), Arrivals>,
}

struct Arrivals {
    generation: u64,
    arrived: usize,
}

impl Barrier {
    const_new! {
        /// A barrier that lets go `size` tasks at a time. With zero or one it holds up
        /// nobody, and everybody leads.
        #[cfg_attr(feature = "inspect", track_caller)]
        pub const fn new(size: usize) -> Self {
            Self {
                size,
                queue: Queue::new(Arrivals { generation: 0, arrived: 0 }),
            }
        }
    }

    /// Arrives, when it is first polled, and waits for the others.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future before its generation is complete takes the arrival back: it no
    /// longer counts, as if it had never been. Once the last one has arrived it has counted,
    /// whether it is polled again or dropped. The future of the last one is ready in the poll
    /// in which it arrives.
    ///
    /// # Panics
    ///
    /// The future panics if it is polled again after it has completed. Should the waker of
    /// another one panic when the last one arrives, that panic comes out of its poll when all
    /// have been woken; polled once more, it is ready.
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::{Barrier, block_on};
    ///
    /// static READY: Barrier = Barrier::new(2);
    ///
    /// let other = std::thread::spawn(|| block_on(READY.wait()).is_leader());
    /// let leads = block_on(READY.wait()).is_leader();
    /// assert_ne!(leads, other.join().unwrap());
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn wait(&self) -> Wait<'_> {
        Wait {
            barrier: self,
            waiter: Waiter::new(()),
            arrival: Arrival {
                generation: 0,
                leads: false,
            },
        }
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier")
            .field("size", &self.size)
            .field("arrived", &self.queue.with(|held| held.state.arrived))
            .finish_non_exhaustive()
    }
}

/// How one has passed a [`Barrier`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BarrierResult {
    is_leader: bool,
}

impl BarrierResult {
    /// Whether this was the last to arrive: true for exactly one in each generation.
    #[must_use]
    pub fn is_leader(&self) -> bool {
        self.is_leader
    }
}

pin_project! {
    /// The future of [`Barrier::wait`].
    ///
    /// It arrives when it is first polled, not when it is made. It is `Send`, not `Unpin`, and
    /// fused in the sense of [`FusedFuture`]; polling it after it has completed panics. It
    /// never allocates.
    #[must_use = "futures do nothing unless awaited or polled"]
    #[derive(Debug)]
    pub struct Wait<'a> {
        barrier: &'a Barrier,
        #[pin]
        waiter: Waiter<()>,
        arrival: Arrival,
    }

    impl PinnedDrop for Wait<'_> {
        fn drop(this: Pin<&mut Self>) {
            let generation = this.arrival.generation;
            let left = |held: &mut Held<(), Arrivals>| {
                if held.state.generation == generation {
                    held.state.arrived -= 1;
                }
            };
            // SAFETY: the node is this future's own, used with this queue alone.
            unsafe { this.barrier.queue.leave(&this.waiter, left) };
        }
    }
}

/// What a [`Wait`] knows of its own arrival; without a meaning before it.
#[derive(Debug)]
struct Arrival {
    generation: u64,
    leads: bool,
}

impl Barrier {
    /// First poll of a wait. The last to arrive lets go the others.
    fn arrive(
        &self,
        waiter: Pin<&Waiter<()>>,
        arrival: &mut Arrival,
        cx: &Context<'_>,
    ) -> Poll<()> {
        let count = |held: &mut Held<(), Arrivals>| {
            arrival.generation = held.state.generation;
            if held.state.arrived + 1 < self.size {
                held.state.arrived += 1;
                return None;
            }
            held.state.arrived = 0;
            held.state.generation += 1;
            // SAFETY: the node is idle and used with this list alone. The leader does not
            // leave this function before `end_through` has taken it out.
            unsafe { held.waiters.push_back(waiter, Waker::noop().clone()) };
            arrival.leads = true;
            Some(())
        };
        // SAFETY: the node is idle (only the first poll comes here), is used with this queue
        // alone, and the drop of its future leaves it.
        let ((), unneeded) = ready!(unsafe { self.queue.enter(waiter, cx, count) });
        // Others' wakes and the drop may panic. By then the node has its outcome: the result
        // is there for another poll.
        let mut panics = FirstPanic::default();
        panics.run(|| {
            wake_in_batches(|batch| self.queue.with(|held| held.end_through(&waiter, batch)));
        });
        panics.run(|| drop(unneeded));
        panics.resume_in_drop();
        Poll::Ready(())
    }
}

impl Future for Wait<'_> {
    type Output = BarrierResult;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<BarrierResult> {
        let this = self.project();
        let (barrier, waiter, arrival) = (*this.barrier, this.waiter.into_ref(), this.arrival);
        // SAFETY: the node is this future's own, used with this queue alone.
        let passed = unsafe {
            barrier.queue.poll(&waiter, cx, WaitKind::Event, || {
                barrier.arrive(waiter, arrival, cx)
            })
        };
        passed.map(|()| BarrierResult {
            is_leader: arrival.leads,
        })
    }
}

impl FusedFuture for Wait<'_> {
    fn is_terminated(&self) -> bool {
        self.waiter.stage() == Stage::Done
    }
}
