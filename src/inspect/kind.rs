//! What waits are for. Without the feature `inspect` it is what futures say to nobody.

/// What a wait is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum WaitKind {
    /// A semaphore's permits.
    Acquire,
    /// Room in a channel.
    Send,
    /// A message.
    Recv,
    /// A new value of a `watch`.
    Changed,
    /// A child's output.
    Join,
    /// The end of a nested scope or group.
    Scope,
    /// A place of a scope's limit.
    Slot,
    /// A token that is cancelled, stops, or has nothing below it.
    Token,
    /// An event, a latch, a wait group or a barrier; or that a channel is closed.
    Event,
    /// A moment.
    Sleep,
    /// Room in, or a result of, a group or a pipeline.
    Result,
    /// A lock of `locks`.
    Lock,
    /// What the program has [named](super::waiting): something that is not of this crate.
    Other,
}

impl WaitKind {
    /// All, in order.
    pub(crate) const ALL: [Self; 13] = [
        Self::Acquire,
        Self::Send,
        Self::Recv,
        Self::Changed,
        Self::Join,
        Self::Scope,
        Self::Slot,
        Self::Token,
        Self::Event,
        Self::Sleep,
        Self::Result,
        Self::Lock,
        Self::Other,
    ];
}
