//! The clock where there is no `performance`: that of the system, which may be set back.
#![cfg(target_arch = "wasm32")]

use std::time::Duration;

use pleach::{
    runtime::WasmTimer,
    time::{Clock, Instant, sleep},
};
use wasm_bindgen_test::wasm_bindgen_test;

fn run(script: &str) {
    js_sys::Function::new_no_args(script)
        .call0(&js_sys::global())
        .expect("it does not throw");
}

#[wasm_bindgen_test]
async fn the_time_of_the_system_is_told_and_never_goes_back() {
    run("delete globalThis.performance; globalThis.systemNow = Date.now;");
    run("Date.now = () => 5000;");
    let five = Instant::EPOCH + Duration::from_secs(5);
    assert_eq!(WasmTimer.now(), five);
    run("Date.now = () => 4000;");
    assert_eq!(WasmTimer.now(), five);
    run("Date.now = systemNow;");
    let begin = WasmTimer.now();
    assert!(begin > five);
    sleep(WasmTimer, Duration::from_millis(5)).await;
    assert!(WasmTimer.now() - begin >= Duration::from_millis(5));
}
