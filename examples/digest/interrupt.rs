//! Ctrl-C, or other signals, as a future.

use std::{
    ffi::c_int,
    io,
    os::unix::net::UnixStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use signal_hook::{flag, low_level::pipe};
use smol::Async;

/// Catches the first of some signals. A second one, or any after this is dropped, kills the process
/// as it would by default: whoever insists is not kept waiting.
pub(crate) struct Interrupt {
    kills: Arc<AtomicBool>,
    caught: Async<UnixStream>,
}

impl Interrupt {
    pub(crate) fn listen(signals: &[c_int]) -> io::Result<Self> {
        let kills = Arc::new(AtomicBool::new(false));
        let (caught, catcher) = UnixStream::pair()?;
        for &signal in signals {
            // A signal runs these in this order: the first one passes the first line, and its
            // second line stops the next one there.
            flag::register_conditional_default(signal, Arc::clone(&kills))?;
            flag::register(signal, Arc::clone(&kills))?;
            pipe::register(signal, catcher.try_clone()?)?;
        }
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
