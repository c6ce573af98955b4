//! An executor without a heap: a few pinned futures, a wake flag for each, and sleep.
#![no_std]

use core::{
    future::Future,
    pin::{Pin, pin},
    sync::atomic::{AtomicBool, Ordering},
    task::{Context, Poll, RawWaker, RawWakerVTable, Waker},
};

/// The most tasks that [`join`] takes.
pub const TASKS: usize = 4;

static AWAKE: [Flag; TASKS] = [const { Flag::new() }; TASKS];

/// Whether a task was woken and not polled since.
///
/// Nothing but loads and stores: there is no compare-and-swap on a Cortex-M0.
pub struct Flag(AtomicBool);

impl Flag {
    /// A flag that is not raised.
    #[expect(clippy::new_without_default, reason = "flags are statics")]
    pub const fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    /// A waker that raises the flag. It may be used in an interrupt and outlive its task.
    pub fn waker(&'static self) -> Waker {
        // SAFETY: the data is a flag that lives for ever, as all functions of the table expect.
        unsafe { Waker::new(core::ptr::from_ref(self).cast(), &VTABLE) }
    }

    /// Whether there was a wake.
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn raise(&self) {
        // Release: pairs with the load in `take`; a task sees what was done before its wake.
        self.0.store(true, Ordering::Release);
    }

    /// Lowers the flag if it is raised, and tells whether it was. A wake between the two steps is
    /// not lost: the poll comes after them. One after a look that saw no wake is left for the
    /// next look, so nothing is stored then.
    fn take(&self) -> bool {
        // Acquire: pairs with the store in `raise`.
        let raised = self.0.load(Ordering::Acquire);
        if raised {
            self.0.store(false, Ordering::Relaxed);
        }
        raised
    }
}

static VTABLE: RawWakerVTable =
    RawWakerVTable::new(|data| RawWaker::new(data, &VTABLE), wake, wake, |_| {});

fn wake(data: *const ()) {
    // SAFETY: the data of this table is always a flag that lives for ever.
    let flag = unsafe { &*data.cast::<Flag>() };
    flag.raise();
}

/// Runs `tasks` by turns, each when it was woken, and sleeps when none is awake.
///
/// `wait_for_interrupt` is called with interrupts masked, so that none can be served between
/// the last look at the tasks and the sleep; one that is pending must end the sleep. There is
/// one set of wake flags: only one `join` runs at a time.
///
/// # Panics
///
/// If a task does.
pub fn join<const N: usize>(
    wait_for_interrupt: fn(),
    tasks: [Pin<&mut dyn Future<Output = ()>>; N],
) {
    const { assert!(N <= TASKS) };
    let wakers: [Waker; N] = core::array::from_fn(|i| {
        AWAKE[i].raise();
        AWAKE[i].waker()
    });
    let mut tasks = tasks.map(Some);
    while tasks.iter().any(Option::is_some) {
        for (i, slot) in tasks.iter_mut().enumerate() {
            let Some(task) = slot else { continue };
            if AWAKE[i].take() && poll(task.as_mut(), &wakers[i]).is_ready() {
                *slot = None;
            }
        }
        critical_section::with(|_| {
            let mut alive = tasks
                .iter()
                .zip(&AWAKE)
                .filter(|(task, _)| task.is_some())
                .peekable();
            if alive.peek().is_some() && !alive.any(|(_, awake)| awake.is_raised()) {
                wait_for_interrupt();
            }
        });
    }
}

/// Runs one future to its end, by [`join`].
pub fn block_on<F: Future>(wait_for_interrupt: fn(), future: F) -> F::Output {
    let mut output = None;
    join(
        wait_for_interrupt,
        [pin!(async { output = Some(future.await) })],
    );
    output.expect("`join` returns when its tasks have ended")
}

/// Polls once.
pub fn poll<F: Future + ?Sized>(future: Pin<&mut F>, waker: &Waker) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(waker))
}

/// Lets the other tasks have a turn.
pub async fn yield_now() {
    let mut yielded = false;
    core::future::poll_fn(|cx| {
        if core::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
