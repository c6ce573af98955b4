//! What a group holds: places are used again, and everything is given back.

use std::{
    future::{Future, poll_fn},
    num::NonZeroUsize,
    pin::pin,
    rc::Rc,
    sync::Mutex,
    task::{Poll, Waker},
};

use pleach::group::{All, Discard, for_each_limit, group};

use crate::support::{block_on, poll_with, yield_now};

/// A million children, of which a few run at a time.
#[test]
fn a_million_children_one_after_another() {
    let limit = NonZeroUsize::new(10).unwrap();
    let mut sum = 0_u64;
    let done = std::cell::Cell::new(0_u64);
    block_on(for_each_limit(0..1_000_000_u64, limit, |n| {
        let done = &done;
        async move {
            if n % 1000 == 0 {
                yield_now().await;
            }
            done.set(done.get() + n);
        }
    }));
    sum += done.get();
    assert_eq!(sum, 499_999_500_000);
}

/// Places whose wakers are kept are used again when the last of those is gone, by whatever thread.
#[test]
fn places_come_back_when_their_wakers_are_gone() {
    let kept = Mutex::new(Vec::<Waker>::new());
    let alive = Rc::new(());
    let child = |n: usize| {
        let (kept, alive) = (&kept, Rc::clone(&alive));
        let mut polls = 0;
        poll_fn(move |cx| {
            let _ = &alive;
            polls += 1;
            kept.lock().unwrap().push(cx.waker().clone());
            if polls > n % 3 {
                Poll::Ready(n)
            } else {
                Poll::Pending
            }
        })
    };
    let limit = NonZeroUsize::new(7).unwrap();
    let mut all = pin!(group((0..500).map(child)).limit(limit).join(All::new()));
    let outputs = loop {
        if let Poll::Ready(outputs) = poll_with(all.as_mut(), Waker::noop()) {
            break outputs;
        }
        assert!(Rc::strong_count(&alive) <= 1 + 7);
        let wakers = std::mem::take(&mut *kept.lock().unwrap());
        // By reference or by value, here or elsewhere.
        for (n, waker) in wakers.into_iter().enumerate() {
            match n % 3 {
                0 => waker.wake(),
                1 => {
                    waker.wake_by_ref();
                    drop(waker);
                }
                _ => std::thread::spawn(move || waker.wake()).join().unwrap(),
            }
        }
    };
    assert_eq!(outputs, (0..500).collect::<Vec<_>>());
    assert_eq!(Rc::strong_count(&alive), 1);
}

#[test]
fn children_stay_where_they_are_polled_first() {
    struct Pinned {
        address: usize,
        left: usize,
        _pinned: std::marker::PhantomPinned,
    }
    impl Future for Pinned {
        type Output = ();
        fn poll(self: std::pin::Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<()> {
            // SAFETY: nothing is moved out of it.
            let this = unsafe { self.get_unchecked_mut() };
            let here = std::ptr::from_ref(this).addr();
            assert!(this.address == 0 || this.address == here, "it was moved");
            this.address = here;
            if this.left == 0 {
                return Poll::Ready(());
            }
            this.left -= 1;
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    }
    impl Drop for Pinned {
        fn drop(&mut self) {
            let here = std::ptr::from_ref(self).addr();
            assert!(
                self.address == 0 || self.address == here,
                "it was moved to be dropped"
            );
        }
    }
    // Enough for several chunks, which grow while children run.
    let children = (0..5000).map(|n| Pinned {
        address: 0,
        left: n % 7,
        _pinned: std::marker::PhantomPinned,
    });
    block_on(group(children.filter(|_| true)).join(Discard::new()));
}

#[test]
fn a_child_may_keep_its_own_waker() {
    let mut joined = Box::pin(
        group((0..3).map(|_| {
            let mut own = Vec::new();
            poll_fn(move |cx| {
                own.push(cx.waker().clone());
                Poll::<()>::Pending
            })
        }))
        .join(Discard::new()),
    );
    assert!(poll_with(joined.as_mut(), Waker::noop()).is_pending());
    drop(joined);
}
