//! What tasks wait on besides permits, between tasks and an interrupt.

use pleach::{Barrier, Event, Latch, WaitGroup};

use crate::{Platform, interrupt::with_handler, tests};

tests![
    an_interrupt_sets_an_event_again_and_again,
    an_interrupt_counts_a_latch_down,
    tasks_meet_at_a_barrier_while_an_interrupt_looks_at_their_group,
];

fn an_interrupt_sets_an_event_again_and_again(platform: &Platform) {
    static TICK: Event = Event::new();
    with_handler(
        || TICK.set(),
        || {
            platform.block_on(async {
                for _ in 0..20 {
                    TICK.wait().await;
                    TICK.reset();
                }
            });
        },
    );
}

fn an_interrupt_counts_a_latch_down(platform: &Platform) {
    static LATCH: Latch = Latch::new(20);
    with_handler(
        || {
            if !LATCH.is_open() {
                LATCH.count_down();
            }
        },
        || platform.block_on(LATCH.wait()),
    );
    assert_eq!(LATCH.count(), 0);
}

fn tasks_meet_at_a_barrier_while_an_interrupt_looks_at_their_group(platform: &Platform) {
    static MEETING: Barrier = Barrier::new(2);
    static GROUP: WaitGroup = WaitGroup::new();
    with_handler(
        || drop(GROUP.add()),
        || {
            let task = async || {
                let member = GROUP.add();
                for _ in 0..20 {
                    MEETING.wait().await;
                }
                drop(member);
                GROUP.wait().await;
            };
            platform.join([core::pin::pin!(task()), core::pin::pin!(task())]);
        },
    );
    assert!(GROUP.is_empty());
}
