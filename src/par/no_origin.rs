//! Without the feature `testing` nobody asks where a task comes from: see `testing/origin.rs`.

#[derive(Clone, Copy, Debug)]
pub(super) struct Origin;

impl Origin {
    #[inline(always)]
    pub(super) const fn here() -> Self {
        Self
    }

    #[inline(always)]
    pub(super) fn spawns(self, spawn: impl FnOnce()) {
        spawn();
    }

    #[inline(always)]
    pub(super) const fn hide() -> Self {
        Self
    }
}
