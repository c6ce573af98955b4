//! Scopes on a heap of a few kilobytes.

use core::num::NonZeroUsize;

use executor::yield_now;
use pleach::{Semaphore, scope, try_scope};

use crate::{Platform, heap, tests};

tests![
    children_borrow_and_hand_over_their_results,
    the_first_error_ends_a_scope,
    a_limit_holds_children_back,
    a_scope_frees_all_that_it_allocated,
    #[cfg(feature = "critical-section")]
    an_interrupt_wakes_children,
];

fn children_borrow_and_hand_over_their_results(platform: &Platform) {
    let data = [1, 2, 3];
    let sum = platform.block_on(scope!(|s| {
        let first = s.spawn(async { data[0] });
        let rest = s.spawn_with(|s| {
            let data = &data;
            async move { s.spawn(async move { data[1] + data[2] }).await }
        });
        (first.await, rest.await)
    }));
    assert_eq!(sum, (Ok(1), Ok(Ok(5))));
}

fn the_first_error_ends_a_scope(platform: &Platform) {
    let never = Semaphore::new(0);
    let result = platform.block_on(try_scope!(|s| -> u8 {
        s.spawn(never.acquire());
        s.spawn_try(async { Err::<(), _>(7) });
        never.acquire().await.map(drop).map_err(|_| 0)
    }));
    assert_eq!(result, Err(7));
}

fn a_limit_holds_children_back(platform: &Platform) {
    const TWO: NonZeroUsize = NonZeroUsize::new(2).unwrap();
    let free = Semaphore::new(2);
    let done = platform.block_on(scope!(limit = TWO, |s| {
        let children = [(); 5].map(|()| {
            s.spawn(async {
                let _permit = free
                    .try_acquire()
                    .expect("two children at most are running");
                yield_now().await;
            })
        });
        let mut done = 0;
        for child in children {
            done += usize::from(child.await.is_ok());
        }
        done
    }));
    assert_eq!(done, 5);
}

fn a_scope_frees_all_that_it_allocated(platform: &Platform) {
    let before = heap::used();
    for _ in 0..200 {
        platform.block_on(scope!(|s| {
            let kept = s.spawn(async { 1 });
            s.spawn(yield_now());
            assert!(heap::used() > before);
            assert_eq!(kept.await, Ok(1));
        }));
    }
    assert_eq!(heap::used(), before);
}

#[cfg(feature = "critical-section")]
fn an_interrupt_wakes_children(platform: &Platform) {
    static GATE: Semaphore = Semaphore::new(0);
    crate::interrupt::with_handler(
        || GATE.add_permits(1),
        || {
            platform.block_on(scope!(|s| {
                for permits in [1, 2, 3] {
                    s.spawn(async move { GATE.acquire_many(permits).await.unwrap().forget() });
                }
            }));
        },
    );
}
