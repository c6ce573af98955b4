//! What the gateway asks of a runtime: the executor and the timer of the library's adapters, and
//! sockets.

use std::{
    future::Future,
    io,
    net::{SocketAddr, TcpListener},
    num::NonZeroUsize,
    sync::Arc,
    thread,
};

use hyper::rt::{Read, Write};
use hyper_util::rt::TokioIo;
use pleach::{
    CancelToken,
    runtime::{SmolExecutor, SmolTimer, Spawn, Tokio, TokioTimer},
    time::Timer,
};
use smol::Executor;
use smol_hyper::rt::FuturesIo;

/// An executor, with the timer and the sockets that go with it.
pub(crate) trait Runtime: Spawn + Clone + Send + Sync + 'static {
    type Timer: Timer<Sleep: Send> + Send + Sync + 'static;
    type Listener: Send + Sync;
    type Stream: Read + Write + Unpin + Send + 'static;

    const TIMER: Self::Timer;

    fn listen(&self, listener: TcpListener) -> io::Result<Self::Listener>;

    fn accept(listener: &Self::Listener) -> impl Future<Output = io::Result<Self::Stream>> + Send;

    fn connect(&self, to: SocketAddr) -> impl Future<Output = io::Result<Self::Stream>> + Send;

    /// The timer again, as hyper wants one.
    fn hyper_timer(&self) -> impl hyper::rt::Timer + Send + Sync + 'static;

    /// How many tasks the executor has; it is no more than "some" where that does not count them.
    fn tasks(&self) -> usize;
}

/// The tokio runtime that it is used in.
impl Runtime for Tokio {
    type Timer = TokioTimer;
    type Listener = tokio::net::TcpListener;
    type Stream = TokioIo<tokio::net::TcpStream>;

    const TIMER: TokioTimer = TokioTimer;

    fn listen(&self, listener: TcpListener) -> io::Result<Self::Listener> {
        listener.set_nonblocking(true)?;
        tokio::net::TcpListener::from_std(listener)
    }

    async fn accept(listener: &Self::Listener) -> io::Result<Self::Stream> {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        Ok(TokioIo::new(stream))
    }

    async fn connect(&self, to: SocketAddr) -> io::Result<Self::Stream> {
        let stream = tokio::net::TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(TokioIo::new(stream))
    }

    fn hyper_timer(&self) -> impl hyper::rt::Timer + Send + Sync + 'static {
        hyper_util::rt::TokioTimer::new()
    }

    fn tasks(&self) -> usize {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    }
}

/// An executor of one's own; that of smol itself would be without a way to ask it for its tasks.
type Smol = SmolExecutor<Arc<Executor<'static>>>;

impl Runtime for Smol {
    type Timer = SmolTimer;
    type Listener = smol::net::TcpListener;
    type Stream = FuturesIo<smol::net::TcpStream>;

    const TIMER: SmolTimer = SmolTimer;

    fn listen(&self, listener: TcpListener) -> io::Result<Self::Listener> {
        smol::net::TcpListener::try_from(listener)
    }

    async fn accept(listener: &Self::Listener) -> io::Result<Self::Stream> {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        Ok(FuturesIo::new(stream))
    }

    async fn connect(&self, to: SocketAddr) -> io::Result<Self::Stream> {
        let stream = smol::net::TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(FuturesIo::new(stream))
    }

    fn hyper_timer(&self) -> impl hyper::rt::Timer + Send + Sync + 'static {
        smol_hyper::rt::SmolTimer::new()
    }

    fn tasks(&self) -> usize {
        usize::from(!self.0.is_empty())
    }
}

/// Runs `main` on a tokio runtime of so many threads.
pub(crate) fn on_tokio<F: Future>(workers: NonZeroUsize, main: F) -> io::Result<F::Output> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers.get())
        .enable_io()
        .enable_time()
        .build()?;
    Ok(runtime.block_on(main))
}

/// Runs what `main` makes, and beside it an executor on so many threads.
pub(crate) fn on_smol<F: Future>(workers: NonZeroUsize, main: impl FnOnce(Smol) -> F) -> F::Output {
    let executor = Arc::new(Executor::new());
    let over = CancelToken::new();
    thread::scope(|threads| {
        let _at_the_end = over.guard_ref();
        for _ in 0..workers.get() {
            threads.spawn(|| smol::block_on(executor.run(over.cancelled())));
        }
        smol::block_on(main(SmolExecutor(Arc::clone(&executor))))
    })
}
