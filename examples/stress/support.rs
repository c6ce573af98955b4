//! What both modules need.

use std::{
    cell::UnsafeCell,
    collections::BTreeMap,
    fmt, hint, process,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Duration,
};

/// xorshift64*.
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// Another one, for another thread.
    pub(crate) fn fork(&mut self) -> Self {
        Self::new(self.next())
    }

    /// A number below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        // The remainder fits, because `n` does.
        (self.next() % n as u64) as usize
    }

    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }
}

/// Lets other threads come in between: by a short while mostly, sometimes by giving up the core.
pub(crate) fn linger(rng: &mut Rng) {
    if rng.one_in(64) {
        thread::yield_now();
    }
    for _ in 0..rng.below(64) {
        hint::spin_loop();
    }
}

/// Plain memory, shared without a lock or an atomic: only what is under test orders the
/// accesses to it. If that fails, ThreadSanitizer says so.
#[derive(Default)]
pub(crate) struct Plain(UnsafeCell<u64>);

// SAFETY: whoever calls the methods promises that accesses do not race.
unsafe impl Sync for Plain {}

impl Plain {
    /// # Safety
    ///
    /// No write may happen at the same time.
    pub(crate) unsafe fn read(&self) -> u64 {
        // SAFETY: the caller keeps writers away.
        unsafe { *self.0.get() }
    }

    /// # Safety
    ///
    /// No other access may happen at the same time.
    pub(crate) unsafe fn add_one(&self) {
        // SAFETY: the caller keeps everyone else away.
        let value = unsafe { &mut *self.0.get() };
        *value += 1;
    }
}

/// Everything counted so far, by all threads.
static PROGRESS: AtomicU64 = AtomicU64::new(0);

/// How often what happened.
#[derive(Default)]
pub(crate) struct Tally(BTreeMap<&'static str, u64>);

impl Tally {
    pub(crate) fn count(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
        // Relaxed, here and in every check: a stronger order could hide from the sanitizer
        // that one is missing in the crate.
        PROGRESS.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn add(&mut self, other: Self) {
        for (what, count) in other.0 {
            *self.0.entry(what).or_default() += count;
        }
    }

    pub(crate) fn total(&self) -> u64 {
        self.0.values().sum()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, count) in &self.0 {
            writeln!(f, "{count:>12}  {what}")?;
        }
        Ok(())
    }
}

/// Ends the program when nothing has been counted for a minute.
pub(crate) fn watch_for_standstill() {
    let mut seen = PROGRESS.load(Ordering::Relaxed);
    loop {
        thread::sleep(Duration::from_secs(60));
        let now = PROGRESS.load(Ordering::Relaxed);
        if now == seen {
            eprintln!("stress: nothing has moved for a minute: a wake-up or a permit was lost");
            process::exit(1);
        }
        seen = now;
    }
}
