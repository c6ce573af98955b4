//! Ctrl-C as a future.

use std::{
    io,
    os::unix::net::UnixStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use signal_hook::{consts::SIGINT, flag, low_level::pipe};
use smol::Async;

/// Catches the first Ctrl-C. A second one, or any after this is dropped, kills the process as
/// it would by default: whoever insists is not kept waiting.
pub(crate) struct Interrupt {
    kills: Arc<AtomicBool>,
    caught: Async<UnixStream>,
}

impl Interrupt {
    pub(crate) fn listen() -> io::Result<Self> {
        let kills = Arc::new(AtomicBool::new(false));
        let (caught, catcher) = UnixStream::pair()?;
        // A signal runs these in this order: the first one passes the first line, and its
        // second line stops the next one there.
        flag::register_conditional_default(SIGINT, Arc::clone(&kills))?;
        flag::register(SIGINT, Arc::clone(&kills))?;
        pipe::register(SIGINT, catcher)?;
        Ok(Self {
            kills,
            caught: Async::new(caught)?,
        })
    }

    /// Resolves when the signal has come.
    pub(crate) async fn wait(&self) {
        self.caught
            .readable()
            .await
            .expect("a socket of our own can be waited for");
    }
}

impl Drop for Interrupt {
    fn drop(&mut self) {
        self.kills.store(true, Ordering::Relaxed);
    }
}
