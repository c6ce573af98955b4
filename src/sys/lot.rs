//! Lots that this thread draws from somewhere: a simulation, if it runs one.

#[cfg(feature = "testing")]
mod imp {
    extern crate std;

    use core::cell::Cell;

    /// Draws a number below another one.
    pub(crate) type Lots = fn(u32) -> u32;

    std::thread_local!(static LOTS: Cell<Option<Lots>> = const { Cell::new(None) });

    /// From where this thread draws its lots now; from where it did.
    pub(crate) fn replace(lots: Option<Lots>) -> Option<Lots> {
        LOTS.replace(lots)
    }

    /// A number below `of`, unless it is left to the caller.
    #[inline]
    pub(crate) fn draw(of: u32) -> Option<u32> {
        LOTS.get().map(|lots| lots(of))
    }
}

#[cfg(not(feature = "testing"))]
mod imp {
    /// It is left to the caller.
    #[inline]
    pub(crate) fn draw(_of: u32) -> Option<u32> {
        None
    }
}

pub(crate) use imp::draw;
#[cfg(feature = "testing")]
pub(crate) use imp::{Lots, replace};
