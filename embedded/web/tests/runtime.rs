//! Sleeps and tasks on JavaScript's event loop.
#![cfg(target_arch = "wasm32")]

use std::{
    cell::{Cell, RefCell},
    future::{Future, pending},
    pin::pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Waker},
    time::Duration,
};

use pleach::{
    CancelToken, Latch, WaitGroup, local_scope,
    runtime::{Spawn, SpawnLocal, Wasm, WasmTimer},
    scope, select,
    time::{Clock, Instant, Timer, interval, sleep, timeout},
};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

const MOMENT: Duration = Duration::from_millis(10);
/// More milliseconds than a timeout of JavaScript's can have: it would ring at once.
const MONTHS: Duration = Duration::from_secs(90 * 24 * 3600);

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = process, js_name = getActiveResourcesInfo)]
    fn active_resources() -> js_sys::Array;

    #[wasm_bindgen(thread_local_v2, js_name = timeoutsSet)]
    static TIMEOUTS_SET: f64;
}

/// How many timeouts are set.
fn timeouts() -> usize {
    active_resources()
        .iter()
        .filter(|resource| resource == "Timeout")
        .count()
}

#[wasm_bindgen_test]
async fn children_sleep_in_the_order_of_their_deadlines_and_not_too_short() {
    let begin = WasmTimer.now();
    let order = RefCell::new(Vec::new());
    local_scope!(|s| {
        for n in [3, 1, 2] {
            let order = &order;
            s.spawn(async move {
                sleep(WasmTimer, MOMENT * n).await;
                assert!(WasmTimer.now() - begin >= MOMENT * n);
                order.borrow_mut().push(n);
            });
        }
    })
    .await;
    assert_eq!(order.into_inner(), [1, 2, 3]);
}

#[wasm_bindgen_test]
async fn sleeps_may_be_in_children_that_are_send() {
    let done = scope!(|s| {
        let children = [1, 2, 3].map(|n| {
            s.spawn(async move {
                sleep(WasmTimer, MOMENT).await;
                n
            })
        });
        let mut sum = 0;
        for child in children {
            sum += child.await.unwrap();
        }
        sum
    })
    .await;
    assert_eq!(done, 6);
}

#[wasm_bindgen_test]
async fn a_timeout_drops_what_takes_too_long() {
    let group = WaitGroup::new();
    let slow = async {
        let _member = group.add();
        pending::<()>().await;
    };
    assert!(timeout(WasmTimer, MOMENT, slow).await.is_err());
    assert!(group.is_empty());
    assert_eq!(timeout(WasmTimer, MONTHS, async { 1 }).await, Ok(1));
}

#[wasm_bindgen_test]
async fn a_sleep_does_not_wait_for_a_longer_one_that_began_later() {
    let short = sleep(WasmTimer, MOMENT);
    let long = sleep(WasmTimer, MONTHS);
    assert_eq!(select!(biased; () = short => 1, () = long => 2), 1);
}

#[wasm_bindgen_test]
async fn the_timeout_of_a_sleep_of_months_does_not_ring_at_once() {
    // Waits by other means than sleeping, which would set an earlier timeout.
    let wait = js_sys::Function::new_no_args(
        "const set = globalThis.setTimeout;
        globalThis.timeoutsSet = 0;
        globalThis.setTimeout = (...of) => { globalThis.timeoutsSet++; return set(...of); };
        return new Promise(done => set(done, 20));",
    );
    let waited = wait.call0(&js_sys::global()).expect("it does not throw");
    let mut months = pin!(sleep(WasmTimer, MONTHS));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(months.as_mut().poll(&mut cx).is_pending());
    let mut never = pin!(WasmTimer.sleep_until(Instant::MAX));
    assert!(never.as_mut().poll(&mut cx).is_pending());
    JsFuture::from(js_sys::Promise::from(waited))
        .await
        .expect("it resolves");
    assert_eq!(TIMEOUTS_SET.with(f64::clone), 1.0);
    assert!(months.as_mut().poll(&mut cx).is_pending());
}

#[wasm_bindgen_test]
async fn an_interval_ticks() {
    let begin = WasmTimer.now();
    let mut ticks = pin!(interval(WasmTimer, MOMENT));
    for n in 0..4 {
        ticks.as_mut().tick().await;
        assert!(WasmTimer.now() - begin >= MOMENT * n);
    }
}

#[wasm_bindgen_test]
async fn a_deadline_cancels_a_token_and_a_scope() {
    let token = CancelToken::with_deadline(WasmTimer.now() + MOMENT);
    let cut_short = token.run_until_deadline(&WasmTimer, pending::<()>()).await;
    assert!(cut_short.is_err());
    assert!(token.is_cancelled());

    let at = WasmTimer.now() + MOMENT;
    let cut_short = scope!(deadline = (WasmTimer, at), |s| {
        let token = s.token();
        s.spawn(async move { token.run(pending::<()>()).await })
            .await
    })
    .await;
    assert!(cut_short.unwrap().is_err());
    assert!(WasmTimer.now() >= at);
}

#[wasm_bindgen_test]
async fn what_is_spawned_runs_later_and_is_dropped_when_it_is_done() {
    let state = Rc::new(Cell::new(0));
    Wasm.spawn_local({
        let state = Rc::clone(&state);
        async move {
            state.set(1);
            sleep(WasmTimer, MOMENT).await;
            state.set(2);
        }
    });
    assert_eq!(state.get(), 0, "it is not polled by whoever spawns it");
    sleep(WasmTimer, MOMENT * 5).await;
    assert_eq!(state.get(), 2);
    assert_eq!(Rc::strong_count(&state), 1);

    let done = Arc::new(Latch::new(3));
    for _ in 0..3 {
        let done = Arc::clone(&done);
        Wasm.spawn(async move { done.count_down() });
    }
    assert!(!done.is_open());
    done.wait().await;
}

#[wasm_bindgen_test]
async fn one_timeout_serves_all_who_sleep_and_none_is_left_when_nobody_does() {
    let before = timeouts();
    let sleepers = scope!(|s| {
        for n in 1..=20 {
            s.spawn(sleep(WasmTimer, MONTHS * n));
        }
        sleep(WasmTimer, MOMENT).await;
        assert_eq!(timeouts(), before + 1);
        pending::<()>().await;
    });
    assert!(timeout(WasmTimer, MOMENT * 3, sleepers).await.is_err());
    assert_eq!(timeouts(), before);
}
