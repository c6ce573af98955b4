//! Random numbers that a seed repeats.

use crate::time::SplitMix64;

/// Random numbers that a seed repeats: SplitMix64, which is no secret and fast.
///
/// # Examples
///
/// ```
/// use pleach::testing::Rng;
///
/// let mut deck = [1, 2, 3, 4, 5];
/// Rng::new(7).shuffle(&mut deck);
/// let mut again = [1, 2, 3, 4, 5];
/// Rng::new(7).shuffle(&mut again);
/// assert_eq!(deck, again);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rng(SplitMix64);

impl Rng {
    /// The numbers of that seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(SplitMix64(seed))
    }

    /// Any number.
    pub fn any(&mut self) -> u64 {
        self.0.draw()
    }

    /// A number below `n`, each as likely as another.
    ///
    /// # Panics
    ///
    /// If `n` is zero.
    #[track_caller]
    pub fn below(&mut self, n: usize) -> usize {
        assert!(n > 0, "there is no number below zero");
        self.0.up_to(n as u64 - 1) as usize
    }

    /// Whether it is the one of so many: always if `n` is one.
    ///
    /// # Panics
    ///
    /// If `n` is zero.
    #[track_caller]
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of them; `None` if there is none.
    pub fn pick<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        if all.is_empty() {
            return None;
        }
        all.get(self.below(all.len()))
    }

    /// Brings them into any order, each as likely as another.
    pub fn shuffle<T>(&mut self, all: &mut [T]) {
        for at in (1..all.len()).rev() {
            all.swap(at, self.below(at + 1));
        }
    }
}
