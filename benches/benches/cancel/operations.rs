//! Single operations, many times.

use std::{
    future::{Future, pending},
    hint::black_box,
    pin::pin,
    task::{Context, Waker},
};

use crate::subjects::Tree;

fn is_pending(future: std::pin::Pin<&mut impl Future>) -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    future.poll(&mut cx).is_pending()
}

pub fn is_cancelled_live<T: Tree>(operations: u64) {
    let token = T::new();
    for _ in 0..operations {
        assert!(!black_box(&token).is_cancelled());
    }
}

pub fn is_cancelled_after<T: Tree>(operations: u64) {
    let token = T::new();
    token.cancel();
    for _ in 0..operations {
        assert!(black_box(&token).is_cancelled());
    }
}

pub fn clone<T: Tree>(operations: u64) {
    let token = T::new();
    for _ in 0..operations {
        drop(black_box(token.clone()));
    }
    assert!(!token.is_cancelled());
}

pub fn new<T: Tree>(operations: u64) {
    for _ in 0..operations {
        drop(black_box(T::new()));
    }
}

pub fn child<T: Tree>(operations: u64) {
    let token = T::new();
    for _ in 0..operations {
        drop(black_box(token.child()));
    }
    assert!(!token.is_cancelled());
}

pub fn deep_child<T: Tree>(operations: u64) {
    let mut chain = vec![T::new()];
    for _ in 0..1000 {
        let next = chain[chain.len() - 1].child();
        chain.push(next);
    }
    let deepest = &chain[1000];
    for _ in 0..operations {
        drop(black_box(deepest.child()));
    }
}

pub fn whole_life<T: Tree>(operations: u64) {
    for _ in 0..operations {
        let token = T::new();
        let child = black_box(token.child());
        token.cancel();
        assert!(child.is_cancelled());
    }
}

pub fn register<T: Tree>(operations: u64) {
    let token = T::new();
    for _ in 0..operations {
        let wait = pin!(token.wait());
        assert!(is_pending(wait));
    }
}

pub fn poll_again<T: Tree>(operations: u64) {
    let token = T::new();
    let mut wait = pin!(token.wait());
    for _ in 0..operations {
        assert!(is_pending(black_box(wait.as_mut())));
    }
}

pub fn run_again<T: Tree>(operations: u64) {
    let token = T::new();
    let mut run = pin!(token.run(pending::<()>()));
    for _ in 0..operations {
        assert!(is_pending(black_box(run.as_mut())));
    }
}
