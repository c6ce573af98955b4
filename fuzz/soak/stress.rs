//! Threads that fight over one semaphore in random ways, and what must hold whatever they do:
//! never are more permits in use than there are, whoever has them all is alone, nobody waits
//! for ever, and in the end all permits are there again.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    process,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
        mpsc,
    },
    task::{Context, Poll, Waker},
    thread,
    time::{Duration, Instant},
};

use pleach::{OwnedPermit, Permit, Semaphore, block_on};

use crate::rng::Rng;

/// Operations of one thread.
const STEPS: usize = 1_000;

/// No round takes nearly as long, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Round {
    semaphore: Arc<Semaphore>,
    /// There are never more permits.
    most: usize,
    /// Permits are taken off and added; the limit is known then.
    resized: bool,
    closed: bool,
    in_use: AtomicUsize,
    /// How often somebody had all permits: by an atomic count, and by one that only those
    /// write who are alone.
    alone: AtomicUsize,
    alone_written: AtomicUsize,
    /// On their way from one thread to another. Nobody blocks without having emptied it, so
    /// that nobody waits for what lies here.
    passed: Mutex<Vec<OwnedPermit>>,
}

impl Round {
    /// Runs the round of this seed and returns how many operations that was.
    pub(crate) fn run(seed: u64) -> Result<usize, String> {
        let (done, end) = mpsc::channel();
        thread::spawn(move || {
            let ended = catch_unwind(AssertUnwindSafe(|| Self::fight(seed)));
            // If nobody hears it, the patience is over and so is the process.
            let _ = done.send(ended.is_ok());
        });
        match end.recv_timeout(PATIENCE) {
            Ok(true) => Ok(Self::threads(seed) * STEPS),
            Ok(false) => Err(format!(
                "round {seed} failed: `soak --round {seed}` tries it again"
            )),
            Err(_) => {
                eprintln!("round {seed} hangs: `soak --round {seed}` tries it again");
                process::exit(1)
            }
        }
    }

    fn threads(seed: u64) -> usize {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        2 + seed as usize % (cores + 1)
    }

    fn new(rng: &mut Rng) -> Self {
        let most = 1 + rng.below(4) as usize;
        let resized = rng.one_in(2);
        let semaphore = match rng.below(3) {
            0 => Semaphore::new(most),
            1 => Semaphore::with_limit(most),
            _ => Semaphore::with_bypass(most),
        };
        if resized {
            semaphore.set_limit(most);
        }
        Self {
            semaphore: Arc::new(semaphore),
            most,
            resized,
            closed: rng.one_in(8),
            in_use: AtomicUsize::new(0),
            alone: AtomicUsize::new(0),
            alone_written: AtomicUsize::new(0),
            passed: Mutex::default(),
        }
    }

    fn fight(seed: u64) {
        let mut rng = Rng::new(seed);
        let round = Self::new(&mut rng);
        thread::scope(|threads| {
            for number in 0..Self::threads(seed) {
                let (round, rng) = (&round, Rng::new(rng.below(1 << 30)));
                threads.spawn(move || round.thread(number == 0, rng));
            }
        });
        let Self { semaphore, .. } = &round;
        assert_eq!(round.in_use.load(Relaxed), 0);
        assert_eq!(semaphore.waiters(), 0);
        assert_eq!(
            round.alone.load(Relaxed),
            round.alone_written.load(Relaxed),
            "two were alone"
        );
        let expected = if round.resized {
            semaphore.limit()
        } else {
            Some(round.most)
        };
        assert_eq!(
            Some(semaphore.available_permits()),
            expected,
            "permits were lost or made"
        );
    }

    fn thread(&self, manages: bool, mut rng: Rng) {
        for _ in 0..STEPS {
            match rng.below(16) {
                0..7 => self.step(&mut rng),
                7 if manages && self.resized => self.resize(&mut rng),
                8 if manages && self.closed && rng.one_in(20) => self.semaphore.close(),
                7 | 8 => thread::yield_now(),
                _ => self.wait(&mut rng),
            }
        }
        self.clear();
    }

    fn permits(&self, rng: &mut Rng) -> usize {
        1 + rng.below(self.most as u64) as usize
    }

    /// What blocks.
    fn wait(&self, rng: &mut Rng) {
        self.clear();
        let permits = self.permits(rng);
        let permit = match rng.below(4) {
            0 => {
                let deadline = Instant::now() + Duration::from_micros(rng.below(100));
                self.semaphore
                    .acquire_many_blocking_until(permits, deadline)
            }
            1 => block_on(self.semaphore.acquire_many(permits)),
            2 => {
                if let Ok(permit) = block_on(self.semaphore.acquire_many_owned(permits)) {
                    self.enter(permits);
                    self.passed.lock().unwrap().push(permit);
                }
                return;
            }
            _ => self.semaphore.acquire_many_blocking(permits),
        };
        if let Ok(permit) = permit {
            self.enter(permits);
            self.hold(rng, permit);
        }
    }

    /// What does not block.
    fn step(&self, rng: &mut Rng) {
        let permits = self.permits(rng);
        match rng.below(3) {
            0 => {
                let passed = self.passed.lock().unwrap().pop();
                passed.into_iter().for_each(|permit| self.leave(permit));
            }
            1 => {
                if let Ok(permit) = self.semaphore.try_acquire_many(permits) {
                    self.enter(permits);
                    self.hold(rng, permit);
                }
            }
            _ => {
                let mut acquire = pin!(self.semaphore.acquire_many(permits));
                let mut cx = Context::from_waker(Waker::noop());
                for _ in 0..rng.below(4) {
                    if let Poll::Ready(result) = acquire.as_mut().poll_acquire(&mut cx, permits) {
                        if let Ok(permit) = result {
                            self.enter(permits);
                            self.hold(rng, permit);
                        }
                        return;
                    }
                    thread::yield_now();
                }
            }
        }
    }

    /// One thread does this: that is why there are never more than `most`.
    fn resize(&self, rng: &mut Rng) {
        match rng.below(3) {
            0 => self.semaphore.add_permits(self.semaphore.forget_permits(1)),
            _ => self
                .semaphore
                .set_limit(rng.below(self.most as u64 + 1) as usize),
        }
    }

    fn enter(&self, permits: usize) {
        let before = self.in_use.fetch_add(permits, Relaxed);
        assert!(
            before + permits <= self.most,
            "{before} and {permits} permits in use of {}",
            self.most
        );
    }

    fn hold(&self, rng: &mut Rng, mut permit: Permit<'_>) {
        if permit.permits() == self.most {
            self.alone.fetch_add(1, Relaxed);
            let written = self.alone_written.load(Relaxed);
            self.alone_written.store(written + 1, Relaxed);
        }
        if rng.one_in(4) {
            thread::yield_now();
        }
        let part = rng.below(3) as usize;
        if let Some(part) = permit.split(part) {
            self.in_use.fetch_sub(part.permits(), Relaxed);
        }
        self.in_use.fetch_sub(permit.permits(), Relaxed);
        if self.resized && rng.one_in(50) {
            permit.forget();
        }
    }

    fn leave(&self, permit: OwnedPermit) {
        self.in_use.fetch_sub(permit.permits(), Relaxed);
        drop(permit);
    }

    fn clear(&self) {
        let passed = std::mem::take(&mut *self.passed.lock().unwrap());
        passed.into_iter().for_each(|permit| self.leave(permit));
    }
}
