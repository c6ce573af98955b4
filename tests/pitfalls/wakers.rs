//! Wakers that outlive what they wake, come from elsewhere, or call back.

use std::{
    cell::RefCell,
    pin::{Pin, pin},
    rc::Rc,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::Waker,
    thread::{self, ThreadId},
};

use pleach::{
    group::{Discard, group},
    local_scope, scope,
    scope::scope,
};

use crate::{
    Kept, leaves_wakers,
    support::{Hostile, Wakes, block_on, forget, poll_now, poll_with, yield_now},
    wake_all,
};

/// Says on which thread it was dropped.
struct Where<'a>(&'a Mutex<Vec<ThreadId>>);

impl Drop for Where<'_> {
    fn drop(&mut self) {
        self.0.lock().unwrap().push(thread::current().id());
    }
}

/// 6.
#[test]
fn wakers_elsewhere_destroy_neither_a_future_nor_an_output() {
    let (kept, dropped) = (Kept::default(), Mutex::default());
    let kept_output = {
        let (driver, s) = scope();
        let (in_future, output) = (Where(&dropped), Where(&dropped));
        let waiting = leaves_wakers(&kept, 0);
        let handle = s.spawn(async {
            let _in_future = in_future;
            waiting.await;
            output
        });
        let stays = (Where(&dropped), leaves_wakers(&kept, 99));
        s.spawn(async {
            let (_in_future, waiting) = stays;
            waiting.await;
        });
        let mut running = pin!(driver.run(async {}));
        assert!(poll_now(running.as_mut()).is_pending());
        handle
    };
    assert_eq!(dropped.lock().unwrap().len(), 2, "both futures are gone");
    let wakers = kept.into_inner().unwrap();
    assert_eq!(wakers.len(), 2);
    thread::spawn(move || drop(wakers)).join().unwrap();
    drop(kept_output);
    assert_eq!(*dropped.lock().unwrap(), [thread::current().id(); 3]);
}

/// 6.
#[test]
fn the_last_waker_leaves_the_output_of_a_forgotten_handle_alone() {
    let (kept, alive) = (Kept::default(), Arc::new(()));
    let (output, waiting) = (Arc::clone(&alive), leaves_wakers(&kept, 0));
    block_on(scope!(|s| {
        forget(s.spawn(async {
            waiting.await;
            output
        }));
    }));
    wake_all(&kept);
    drop(kept);
    assert_eq!(Arc::strong_count(&alive), 2);
}

/// Wakes all when it is dropped.
struct WakesOnDrop<'a>(&'a Kept);

impl Drop for WakesOnDrop<'_> {
    fn drop(&mut self) {
        wake_all(self.0);
    }
}

/// 7.
#[test]
fn destructors_may_wake_themselves_and_their_siblings() {
    let (kept, done) = (Kept::default(), AtomicUsize::new(0));
    for polls in 0..6 {
        let child = |own_polls| {
            let (wakes, waiting, done) =
                (WakesOnDrop(&kept), leaves_wakers(&kept, own_polls), &done);
            async move {
                let _wakes = wakes;
                waiting.await;
                done.fetch_add(1, SeqCst);
            }
        };
        let (driver, s) = scope();
        (0..4).for_each(|own_polls| drop(s.spawn(child(own_polls))));
        let mut running = Box::pin(driver.run(leaves_wakers(&kept, 1)));
        let mut joined = Box::pin(group((0..4).map(child)).join(Discard::new()));
        for _ in 0..polls {
            // Each is polled once more in vain, and is pending when nobody has woken it.
            if poll_now(running.as_mut()).is_ready() {
                break;
            }
            if poll_now(joined.as_mut()).is_ready() {
                break;
            }
            wake_all(&kept);
        }
        drop((running, joined));
    }
    assert!(done.into_inner() > 0);
    wake_all(&kept);
}

/// 8.
#[test]
fn the_waker_of_a_handle_may_use_the_scope_whatever_is_done_to_it() {
    let (driver, s) = scope::<'static>();
    let spawned = Arc::new(AtomicUsize::new(0));
    let spawn = {
        let (s, spawned) = (s.clone(), Arc::clone(&spawned));
        move || {
            spawned.fetch_add(1, SeqCst);
            drop(s.spawn(async {}));
        }
    };
    let mut handle = s.spawn(yield_now());
    let mut running = pin!(driver.run(async {}));
    for _ in 0..2 {
        let [clone, wake, end] = [(); 3].map(|()| spawn.clone());
        let hostile = Hostile::default()
            .on_clone(clone)
            .on_wake(wake)
            .on_drop(end);
        assert!(poll_with(Pin::new(&mut handle), &hostile.waker()).is_pending());
    }
    block_on(running.as_mut());
    assert_eq!(block_on(handle), Ok(()));
    assert!(spawned.load(SeqCst) >= 6, "clones, wakes and drops");
}

/// 28.
#[test]
fn a_child_of_a_local_scope_is_woken_from_another_thread() {
    let (kept, seen) = (Kept::default(), Rc::new(RefCell::new(Vec::new())));
    let (wakes, waker) = Wakes::new();
    let mut running = pin!(local_scope!(|s| {
        let (seen, waiting) = (Rc::clone(&seen), leaves_wakers(&kept, 1));
        s.spawn(async move {
            waiting.await;
            seen.borrow_mut().push(thread::current().id());
        });
    }));
    let mut before = wakes.count();
    assert!(poll_with(running.as_mut(), &waker).is_pending());
    while wakes.count() > before {
        before = wakes.count();
        assert!(poll_with(running.as_mut(), &waker).is_pending());
    }
    thread::scope(|threads| {
        threads.spawn(|| kept.lock().unwrap().drain(..).for_each(Waker::wake));
    });
    assert_eq!(wakes.count(), before + 1);
    assert!(poll_with(running.as_mut(), &waker).is_ready());
    assert_eq!(*seen.borrow(), [thread::current().id()]);
}
