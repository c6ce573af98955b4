//! What both trees can do.

use std::{future::Future, pin::Pin};

/// A cancellation tree.
pub trait Tree: Clone + Send + Sync + 'static {
    const SIZE_OF_WAIT: usize;

    fn new() -> Self;
    fn child(&self) -> Self;
    fn cancel(&self);
    fn is_cancelled(&self) -> bool;
    fn wait(&self) -> impl Future + Send + '_;
    fn wait_owned(self) -> Pin<Box<dyn Future<Output = ()> + Send>>;
    fn run<F: Future + Send>(&self, future: F) -> impl Future + Send;
}

const fn size_of_output<T, F>(_: fn(&'static T) -> F) -> usize {
    size_of::<F>()
}

impl Tree for pleach::CancelToken {
    const SIZE_OF_WAIT: usize = size_of_output(pleach::cancel::Token::cancelled);

    fn new() -> Self {
        Self::new()
    }

    fn child(&self) -> Self {
        pleach::cancel::Token::child(self)
    }

    fn cancel(&self) {
        pleach::cancel::Token::cancel(self);
    }

    fn is_cancelled(&self) -> bool {
        pleach::cancel::Token::is_cancelled(self)
    }

    fn wait(&self) -> impl Future + Send + '_ {
        self.cancelled()
    }

    fn wait_owned(self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            self.cancelled_owned().await;
        })
    }

    fn run<F: Future + Send>(&self, future: F) -> impl Future + Send {
        pleach::cancel::Token::run(self, future)
    }
}

impl Tree for tokio_util::sync::CancellationToken {
    const SIZE_OF_WAIT: usize = size_of_output(tokio_util::sync::CancellationToken::cancelled);

    fn new() -> Self {
        Self::new()
    }

    fn child(&self) -> Self {
        self.child_token()
    }

    fn cancel(&self) {
        Self::cancel(self);
    }

    fn is_cancelled(&self) -> bool {
        Self::is_cancelled(self)
    }

    fn wait(&self) -> impl Future + Send + '_ {
        self.cancelled()
    }

    fn wait_owned(self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            self.cancelled_owned().await;
        })
    }

    fn run<F: Future + Send>(&self, future: F) -> impl Future + Send {
        self.run_until_cancelled(future)
    }
}
