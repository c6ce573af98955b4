//! Permits that hold a count of their semaphore. There is no `Arc` where there is no
//! compare-and-swap.

extern crate alloc;

use alloc::sync::Arc;

use pleach::{OwnedPermit, Semaphore};

use crate::{Platform, heap, tests};

tests![an_owned_permit_keeps_its_semaphore_alive];

fn an_owned_permit_keeps_its_semaphore_alive(platform: &Platform) {
    let before = heap::used();
    let permit: OwnedPermit = {
        let semaphore = Arc::new(Semaphore::new(1));
        platform.block_on(semaphore.acquire_owned()).unwrap()
    };
    assert!(heap::used() > before);
    assert_eq!(permit.semaphore().available_permits(), 0);
    drop(permit);
    assert_eq!(heap::used(), before);
}
