//! Without the feature `inspect`: nothing is noted of tokens. See `meta.rs`.

#[derive(Clone, Copy, Debug)]
pub(super) struct Meta;

#[derive(Clone, Copy, Debug)]
pub(super) struct Now;

impl Now {
    #[inline(always)]
    pub(super) fn read() -> Self {
        Self
    }
}

impl Meta {
    pub(super) const NEW: Self = Self;

    #[inline(always)]
    pub(super) fn set_name(&mut self, _: &'static str) {}

    #[inline(always)]
    pub(super) fn note_birth(&mut self, _: Now) {}

    #[inline(always)]
    pub(super) fn note_place(&mut self, _: usize, _is_cancelled: bool) {}

    #[inline(always)]
    pub(super) fn note_cancelled(&mut self, _: Now) {}

    #[inline(always)]
    pub(super) fn note_leaving(&mut self) {}
}

#[derive(Debug)]
pub(super) struct Census;

impl Census {
    pub(super) const NEW: Self = Self;

    #[inline(always)]
    pub(super) fn next(&mut self) -> usize {
        0
    }
}

#[derive(Debug)]
pub(super) struct Serial;

impl Serial {
    pub(super) const NEW: Self = Self;
}
