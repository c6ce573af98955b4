//! Where futures meet threads.

mod block_on;

pub use block_on::block_on;
