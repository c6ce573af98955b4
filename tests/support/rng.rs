//! Random numbers that a seed repeats.

/// xorshift64*.
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = Self((seed + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        rng.below(2);
        rng
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % n
    }

    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// Fewer than `n` bytes.
    pub(crate) fn bytes(&mut self, n: u64) -> Vec<u8> {
        (0..self.below(n)).map(|_| self.below(256) as u8).collect()
    }
}
