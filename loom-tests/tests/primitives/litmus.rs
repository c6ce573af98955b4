//! Models of the checker itself: it shows what is possible, reports what is wrong, and adds no
//! ordering of its own.

use std::{
    env,
    future::poll_fn,
    mem,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    process::Command,
    sync::Arc,
    task::{Poll, Waker},
};

use crate::explore::{explore, outcomes};
use loom::{
    future::block_on,
    sync::{
        Mutex,
        atomic::{self, Ordering, fence},
    },
    thread,
};
use pleach_loom::internals::{
    UnsafeCell,
    complete::{AtomicPtr, AtomicU8, AtomicUsize},
};

/// Runs `other` on a second thread beside `main`, on the same data.
///
/// The data are shared through `std`'s `Arc`, which orders nothing in loom's eyes.
fn beside<S: 'static, A: 'static, B>(
    shared: S,
    main: impl FnOnce(&S) -> B,
    other: impl FnOnce(&S) -> A + 'static,
) -> (B, A) {
    let shared = Arc::new(shared);
    let other = thread::spawn({
        let shared = Arc::clone(&shared);
        move || other(&shared)
    });
    let main = main(&shared);
    (main, other.join().unwrap())
}

#[test]
fn a_load_before_another_threads_load_then_store_sees_both_values() {
    explore(&[0, 1], || {
        let main = |a: &AtomicUsize| a.load(Ordering::Acquire);
        let other = |a: &AtomicUsize| {
            a.load(Ordering::Acquire);
            a.store(1, Ordering::Release);
        };
        beside(AtomicUsize::new(0), main, other).0
    });
}

/// Runs its closure when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// The smallest case again: to `std`, all threads of the model unwind meanwhile.
#[test]
fn a_destructor_that_a_panic_runs_is_explored_like_any_other() {
    explore(&[0, 1], || {
        let main = |a: &AtomicUsize| a.load(Ordering::Acquire);
        let other = |a: &AtomicUsize| {
            let unwound = catch_unwind(AssertUnwindSafe(|| {
                let _last = OnDrop(|| {
                    a.load(Ordering::Acquire);
                    a.store(1, Ordering::Release);
                });
                resume_unwind(Box::new(()));
            }));
            assert!(unwound.is_err());
        };
        beside(AtomicUsize::new(0), main, other).0
    });
}

#[test]
fn bare_loom_still_loses_the_smallest_case() {
    let seen = outcomes(|| {
        let main = |a: &atomic::AtomicUsize| a.load(Ordering::Acquire);
        let other = |a: &atomic::AtomicUsize| {
            a.load(Ordering::Acquire);
            a.store(1, Ordering::Release);
        };
        beside(atomic::AtomicUsize::new(0), main, other).0
    });
    let lost = ([0].into(), 1);
    assert_eq!(
        seen, lost,
        "loom has learnt to see this: delete the shim, src/sys/complete.rs"
    );
}

#[test]
fn a_load_before_another_threads_load_then_compare_exchange_sees_both_values() {
    explore(&[0, 1], || {
        let main = |a: &AtomicU8| a.load(Ordering::Acquire);
        let other = |a: &AtomicU8| {
            let seen = a.load(Ordering::Acquire);
            let result = a.compare_exchange_weak(seen, 1, Ordering::AcqRel, Ordering::Acquire);
            assert_eq!(result, Ok(0));
        };
        beside(AtomicU8::new(0), main, other).0
    });
}

#[test]
fn a_pointer_loaded_before_another_threads_load_then_swap_has_both_values() {
    explore(&[false, true], || {
        let main = |a: &AtomicPtr<u8>| a.load(Ordering::Acquire).is_null();
        let other = |a: &AtomicPtr<u8>| {
            a.load(Ordering::Acquire);
            a.swap(std::ptr::dangling_mut(), Ordering::AcqRel);
        };
        beside(AtomicPtr::new(std::ptr::null_mut()), main, other).0
    });
}

#[test]
fn two_threads_that_load_then_store_can_lose_an_increment() {
    let increment = |a: &AtomicUsize| {
        let before = a.load(Ordering::Acquire);
        a.store(before + 1, Ordering::Release);
    };
    explore(&[1, 2], move || {
        let shared = Arc::new(AtomicUsize::new(0));
        beside(
            Arc::clone(&shared),
            move |a| increment(a),
            move |a| increment(a),
        );
        shared.load(Ordering::Acquire)
    });
}

/// The write is ordered after the last load, by another thread, without having loaded itself.
#[test]
fn a_load_beside_a_store_that_waited_for_another_load_sees_both_values() {
    explore(&[0, 1], || {
        let a = Arc::new(AtomicUsize::new(0));
        let load = |a: &Arc<AtomicUsize>| {
            let a = Arc::clone(a);
            thread::spawn(move || a.load(Ordering::Acquire))
        };
        let (watched, waited_for) = (load(&a), load(&a));
        waited_for.join().unwrap();
        a.store(1, Ordering::Release);
        watched.join().unwrap()
    });
}

#[test]
fn a_load_between_two_that_a_store_waited_for_sees_both_values() {
    explore(&[0, 1], || {
        let a = Arc::new(AtomicUsize::new(0));
        let loads = [0, 1, 2].map(|_| {
            let a = Arc::clone(&a);
            thread::spawn(move || a.load(Ordering::Acquire))
        });
        let [first, watched, last] = loads;
        first.join().unwrap();
        last.join().unwrap();
        a.store(1, Ordering::Release);
        watched.join().unwrap()
    });
}

#[test]
fn of_three_threads_that_load_then_compare_exchange_one_to_three_succeed() {
    explore(&[1, 2, 3], || {
        let a = Arc::new(AtomicUsize::new(0));
        let increment = |a: &AtomicUsize| {
            let seen = a.load(Ordering::Relaxed);
            let _ = a.compare_exchange(seen, seen + 1, Ordering::Relaxed, Ordering::Relaxed);
        };
        let others = [0, 1].map(|_| {
            let a = Arc::clone(&a);
            thread::spawn(move || increment(&a))
        });
        increment(&a);
        for other in others {
            other.join().unwrap();
        }
        a.load(Ordering::Relaxed)
    });
}

fn store_buffering(between: fn()) -> (usize, usize) {
    let shared = [AtomicUsize::new(0), AtomicUsize::new(0)];
    let side = move |mine: usize| {
        move |shared: &[AtomicUsize; 2]| {
            shared[mine].store(1, Ordering::Relaxed);
            between();
            shared[1 - mine].load(Ordering::Relaxed)
        }
    };
    beside(shared, side(0), side(1))
}

#[test]
fn relaxed_stores_may_both_stay_buffered() {
    explore(&[(0, 0), (0, 1), (1, 0), (1, 1)], || store_buffering(|| ()));
}

#[test]
fn a_fence_on_each_side_lets_one_store_through() {
    explore(&[(0, 1), (1, 0), (1, 1)], || {
        store_buffering(|| fence(Ordering::SeqCst))
    });
}

/// Sends a message from a second thread, which then calls `publish` on a flag; what the first
/// thread reads if `received` says so.
fn pass_message(
    received: impl FnOnce(&AtomicUsize) -> bool,
    publish: impl FnOnce(&AtomicUsize) + 'static,
) -> Option<u8> {
    let main = |(flag, value): &(AtomicUsize, UnsafeCell<u8>)| {
        // SAFETY: whether it races is what the models ask; loom panics before it does.
        received(flag).then(|| value.with(|value| unsafe { *value }))
    };
    let other = |(flag, value): &(AtomicUsize, UnsafeCell<u8>)| {
        // SAFETY: as for the read.
        value.with_mut(|value| unsafe { *value = 7 });
        publish(flag);
    };
    beside((AtomicUsize::new(0), UnsafeCell::new(0)), main, other).0
}

fn acquired(flag: &AtomicUsize) -> bool {
    flag.load(Ordering::Acquire) == 1
}

#[test]
fn a_message_passed_by_release_and_acquire_arrives_whole() {
    explore(&[None, Some(7)], || {
        pass_message(acquired, |flag| flag.store(1, Ordering::Release))
    });
}

#[test]
#[should_panic(expected = "Causality violation")]
fn a_message_passed_by_a_relaxed_store_is_reported() {
    outcomes(|| pass_message(acquired, |flag| flag.store(1, Ordering::Relaxed)));
}

#[test]
#[should_panic(expected = "Causality violation")]
fn a_message_taken_by_a_relaxed_load_is_reported() {
    outcomes(|| {
        let received = |flag: &AtomicUsize| flag.load(Ordering::Relaxed) == 1;
        pass_message(received, |flag| flag.store(1, Ordering::Release))
    });
}

/// Bare loom reports nothing here: it runs this once.
#[test]
#[should_panic(expected = "Causality violation")]
fn a_relaxed_store_after_a_load_is_reported() {
    outcomes(|| {
        pass_message(acquired, |flag| {
            flag.load(Ordering::Acquire);
            flag.store(1, Ordering::Relaxed);
        })
    });
}

#[test]
#[should_panic(expected = "Causality violation")]
fn a_relaxed_read_modify_write_after_a_load_is_reported() {
    outcomes(|| {
        pass_message(acquired, |flag| {
            flag.load(Ordering::Acquire);
            flag.fetch_add(1, Ordering::Relaxed);
        })
    });
}

/// The touches are no accesses to atomics: no fence finds one to synchronise through.
#[test]
#[should_panic(expected = "Causality violation")]
fn loads_of_another_atomic_around_fences_order_nothing() {
    outcomes(|| {
        let elsewhere = Arc::new(AtomicUsize::new(0));
        let received = {
            let elsewhere = Arc::clone(&elsewhere);
            move |flag: &AtomicUsize| {
                let received = flag.load(Ordering::Relaxed) == 1;
                elsewhere.load(Ordering::Relaxed);
                fence(Ordering::Acquire);
                received
            }
        };
        pass_message(received, move |flag| {
            flag.store(1, Ordering::Relaxed);
            fence(Ordering::Release);
            elsewhere.load(Ordering::Relaxed);
        })
    });
}

/// A reader looks into a cell, lets go of it and says so by `publish`; whoever hears it frees
/// the cell, and whoever does not lets the reader finish first.
fn free_after_reading(publish: Ordering) {
    let done = Arc::new(AtomicUsize::new(0));
    #[expect(
        clippy::arc_with_non_send_sync,
        reason = "loom's threads ask for neither"
    )]
    let cell = Arc::new(UnsafeCell::new(0));
    let reader = thread::spawn({
        let (done, cell) = (Arc::clone(&done), Arc::clone(&cell));
        move || {
            cell.with(|_| ());
            drop(cell);
            done.store(1, publish);
        }
    });
    if done.load(Ordering::Acquire) == 1 {
        drop(cell);
        reader.join().unwrap();
    } else {
        reader.join().unwrap();
        drop(cell);
    }
}

#[test]
#[should_panic(expected = "Causality violation")]
fn a_cell_freed_while_another_thread_may_read_it_is_reported() {
    explore(&[()], || free_after_reading(Ordering::Relaxed));
}

#[test]
fn a_cell_freed_once_its_reader_is_known_to_be_done_is_fine() {
    explore(&[()], || free_after_reading(Ordering::Release));
}

#[test]
#[should_panic(expected = "Allocation leaked")]
fn a_leaked_cell_is_reported() {
    outcomes(|| mem::forget(UnsafeCell::new(0)));
}

/// A future that is ready once another thread has set a flag and woken it.
fn wait_for_flag(ready_after_registration: fn(&AtomicUsize) -> bool) {
    let main = |(flag, slot): &(AtomicUsize, Mutex<Option<Waker>>)| {
        block_on(poll_fn(|context| {
            if flag.load(Ordering::Acquire) == 1 {
                return Poll::Ready(());
            }
            *slot.lock().unwrap() = Some(context.waker().clone());
            if ready_after_registration(flag) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        }));
        // What a second registration left behind; the waker counts as a leak otherwise.
        slot.lock().unwrap().take();
    };
    let other = |(flag, slot): &(AtomicUsize, Mutex<Option<Waker>>)| {
        flag.store(1, Ordering::Release);
        let waker = slot.lock().unwrap().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    };
    beside((AtomicUsize::new(0), Mutex::new(None)), main, other);
}

#[test]
fn a_future_that_looks_again_after_registration_always_ends() {
    explore(&[()], || {
        wait_for_flag(|flag| flag.load(Ordering::Acquire) == 1)
    });
}

/// Uses an atomic while the stack unwinds, as a guard would.
struct Guard(AtomicUsize);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.load(Ordering::Acquire);
        self.0.store(0, Ordering::Release);
    }
}

/// Wherever the limit of branches is met: in an access, or in the touches that follow it.
#[test]
fn a_model_that_spins_is_reported_and_unwinds() {
    for before in 0..3 {
        let spin = move || -> () {
            let guard = Guard(AtomicUsize::new(0));
            for _ in 0..before {
                guard.0.store(0, Ordering::Release);
            }
            while guard.0.load(Ordering::Acquire) == 0 {}
        };
        let panic = catch_unwind(|| outcomes(spin)).expect_err("no thread ends this loop");
        let message = panic
            .downcast_ref::<&str>()
            .expect("the message has no arguments");
        assert!(
            message.contains("exceeded maximum number of branches"),
            "{message}"
        );
    }
}

/// Set for the process that runs into the deadlock.
const CHILD: &str = "PLEACH_LITMUS_CHILD";

/// In a process of its own: `block_on` drops loom objects while it unwinds from the deadlock,
/// and that panics again, which aborts.
#[test]
fn a_lost_wake_up_is_reported() {
    if env::var_os(CHILD).is_some() {
        explore(&[()], || wait_for_flag(|_| false));
        return;
    }
    let child = Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "litmus::a_lost_wake_up_is_reported",
            "--nocapture",
        ])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stderr);
    assert!(
        !child.status.success() && said.contains("deadlock; threads"),
        "{said}"
    );
}
