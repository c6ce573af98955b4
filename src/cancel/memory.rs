//! What of a tree is on the heap, and how it goes.

use core::ptr::NonNull;

use super::{domain::Domain, token::Token};

#[cfg(feature = "alloc")]
use alloc::boxed::Box;

/// Frees a counted token, which so leaves its domain.
///
/// # Safety
///
/// It came from a box, is out of the tree, and nobody knows it any more.
#[cfg(feature = "alloc")]
pub(super) unsafe fn free(token: NonNull<Token>) {
    // SAFETY: the caller's word.
    let domain = NonNull::from(unsafe { token.as_ref() }.domain());
    // The pointer may have come by a reference, which must not be freed by.
    let token = core::ptr::with_exposed_provenance_mut::<Token>(token.as_ptr().addr());
    // Also if the payload of a cause panics.
    let _leave = Leave(domain);
    // SAFETY: the caller's word. `child_until` has exposed the address.
    drop(unsafe { Box::from_raw(token) });
}

/// Leaves a domain, and frees it if that was the last to be in it.
///
/// # Safety
///
/// The caller has joined the domain, or somebody for it.
pub(super) unsafe fn leave(domain: NonNull<Domain>) {
    // SAFETY: the caller's word.
    if unsafe { domain.as_ref() }.leave() {
        // SAFETY: nobody is in it any more.
        unsafe { free_domain(domain) };
    }
}

/// Frees a domain.
///
/// # Safety
///
/// Nobody is in it.
#[cfg(feature = "alloc")]
#[inline(never)]
pub(super) unsafe fn free_domain(domain: NonNull<Domain>) {
    let domain = core::ptr::with_exposed_provenance_mut::<Domain>(domain.as_ptr().addr());
    // SAFETY: a `static` is never dead, so this is from a box: `CancelToken::root` has exposed
    // its address.
    drop(unsafe { Box::from_raw(domain) });
}

/// Leaves a domain when it is dropped.
#[cfg(feature = "alloc")]
struct Leave(NonNull<Domain>);

#[cfg(feature = "alloc")]
impl Drop for Leave {
    fn drop(&mut self) {
        // SAFETY: whoever made this is in the domain until now.
        unsafe { leave(self.0) };
    }
}

/// There are no counted tokens.
#[cfg(not(feature = "alloc"))]
pub(super) unsafe fn free(_: NonNull<Token>) {
    unreachable!("nothing is on the heap")
}

/// All domains are `static`, and those are never dead.
#[cfg(not(feature = "alloc"))]
pub(super) unsafe fn free_domain(_: NonNull<Domain>) {
    unreachable!("nothing is on the heap")
}
