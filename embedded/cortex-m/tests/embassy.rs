//! Tasks of embassy's executor, with its time by the board's timer.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::rc::Rc;
use core::{
    cell::{Cell, RefCell},
    future::pending,
    pin::pin,
    time::Duration,
};

use cortex_m::{peripheral::SCB, singleton};
use cortex_m_rt::exception;
use embassy_executor::{Executor, Spawner};
use pleach::{
    Event, Latch, WaitGroup,
    channel::Channel,
    local_scope,
    runtime::{Embassy, EmbassyTasks, EmbassyTimer, Spawn, SpawnLocal},
    scope,
    time::{Clock, interval_at, sleep, timeout},
};

/// Long enough that what is done in between does not matter.
const MOMENT: Duration = Duration::from_micros(20);

/// Places: one is the alarm's.
const PLACES: usize = 4;

static TASKS: EmbassyTasks<PLACES> = EmbassyTasks::new();

type Local = Embassy<Spawner, PLACES>;

#[cortex_m_rt::entry]
fn main() -> ! {
    suite::init_heap();
    board::init();
    let executor = singleton!(: Executor = Executor::new()).expect("`main` runs once");
    executor.run(|spawner| spawner.spawn(run(spawner).expect("there is one such task")))
}

#[embassy_executor::task]
async fn run(spawner: Spawner) {
    let local = TASKS.on(spawner);
    local.spawn_local(EmbassyTimer::alarm());

    macro_rules! run {
        ($($test:ident($($argument:expr),*)),* $(,)?) => {$(
            suite::begin(&board::PLATFORM, stringify!($test));
            $test($($argument),*).await;
            suite::pass(&board::PLATFORM);
        )*};
    }
    run![
        children_sleep_in_the_order_of_their_deadlines(),
        a_scope_ends_at_its_deadline(),
        a_timeout_drops_what_takes_too_long_and_frees_it(),
        an_interval_ticks(),
        tasks_talk_by_a_channel(spawner),
        futures_are_spawned_as_tasks(local),
        futures_are_sent_to_an_executor(spawner),
        a_future_without_a_place_is_dropped(local),
        an_interrupt_wakes_a_task_and_a_child(local),
    ];
    suite::end(&board::PLATFORM);
    semihosting::process::exit(0)
}

async fn children_sleep_in_the_order_of_their_deadlines() {
    let begin = EmbassyTimer.now();
    let order = RefCell::new(alloc::vec::Vec::new());
    local_scope!(|s| {
        for n in [3, 1, 2] {
            let order = &order;
            s.spawn(async move {
                sleep(EmbassyTimer, MOMENT * n).await;
                order.borrow_mut().push(n);
            });
        }
    })
    .await;
    assert_eq!(*order.borrow(), [1, 2, 3]);
    assert!(EmbassyTimer.now() - begin >= MOMENT * 3);
}

async fn a_scope_ends_at_its_deadline() {
    let at = EmbassyTimer.now() + MOMENT;
    let cut_short = scope!(deadline = (EmbassyTimer, at), |s| {
        let token = s.token();
        s.spawn(async move { token.run(pending::<()>()).await })
            .await
    })
    .await;
    assert!(cut_short.unwrap().is_err());
    let late = EmbassyTimer.now() - at;
    assert!(late < MOMENT, "{late:?}");
}

async fn a_timeout_drops_what_takes_too_long_and_frees_it() {
    let used = suite::heap_used();
    let group = WaitGroup::new();
    for _ in 0..20 {
        scope!(|s| {
            let group = &group;
            s.spawn(async move {
                let slow = async {
                    let _member = group.add();
                    sleep(EmbassyTimer, MOMENT * 1_000_000).await;
                };
                assert!(timeout(EmbassyTimer, MOMENT, slow).await.is_err());
                assert!(group.is_empty());
                // Nobody keeps this one until its time has come.
                let quick = timeout(EmbassyTimer, MOMENT * 1_000_000, async { 1 });
                assert_eq!(quick.await, Ok(1));
            });
        })
        .await;
    }
    assert_eq!(suite::heap_used(), used);
}

async fn an_interval_ticks() {
    let begin = EmbassyTimer.now();
    let mut ticks = pin!(interval_at(EmbassyTimer, begin, MOMENT));
    for n in 0..4 {
        assert_eq!(ticks.as_mut().tick().await, begin + MOMENT * n);
    }
}

static NUMBERS: Channel<u32, 2> = Channel::new();

#[embassy_executor::task]
async fn count() {
    for n in 0..20 {
        NUMBERS.send(n).await.unwrap();
    }
}

async fn tasks_talk_by_a_channel(spawner: Spawner) {
    spawner.spawn(count().unwrap());
    for n in 0..20 {
        assert_eq!(NUMBERS.recv().await, Ok(n));
    }
}

async fn futures_are_spawned_as_tasks(local: Local) {
    let sum = Rc::new(Cell::new(0));
    // More, one after the other, than there are places.
    for n in 0..2 * PLACES {
        let sum = Rc::clone(&sum);
        local.spawn_local(async move {
            sleep(EmbassyTimer, MOMENT).await;
            sum.set(sum.get() + n);
        });
        sleep(EmbassyTimer, MOMENT * 2).await;
    }
    assert_eq!(sum.get(), PLACES * (2 * PLACES - 1));
    assert_eq!(Rc::strong_count(&sum), 1, "they are dropped");
}

async fn futures_are_sent_to_an_executor(spawner: Spawner) {
    static DONE: Latch = Latch::new(2);
    let anywhere = TASKS.on(spawner.make_send());
    for _ in 0..2 {
        anywhere.spawn(async { DONE.count_down() });
    }
    assert!(
        !DONE.is_open(),
        "they are not polled by whoever spawns them"
    );
    DONE.wait().await;
}

async fn a_future_without_a_place_is_dropped(local: Local) {
    static GO: Event = Event::new();
    let alive = Rc::new(());
    for n in 1..=PLACES {
        let alive_too = Rc::clone(&alive);
        local.spawn_local(async move {
            GO.wait().await;
            drop(alive_too);
        });
        // The alarm has one of the places.
        assert_eq!(Rc::strong_count(&alive) - 1, n.min(PLACES - 1));
    }
    GO.set();
    sleep(EmbassyTimer, MOMENT).await;
    assert_eq!(Rc::strong_count(&alive), 1);
}

static PENDED: Event = Event::new();

#[exception]
fn PendSV() {
    PENDED.set();
}

async fn an_interrupt_wakes_a_task_and_a_child(local: Local) {
    let woken = Rc::new(Cell::new(false));
    local.spawn_local({
        let woken = Rc::clone(&woken);
        async move {
            PENDED.wait().await;
            woken.set(true);
        }
    });
    scope!(|s| {
        s.spawn(PENDED.wait());
        sleep(EmbassyTimer, MOMENT).await;
        SCB::set_pendsv();
    })
    .await;
    sleep(EmbassyTimer, MOMENT).await;
    assert!(woken.get());
}
