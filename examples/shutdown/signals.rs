//! SIGTERM and Ctrl-C as a future.

use std::{io, os::unix::net::UnixStream};

use signal_hook::{
    consts::{SIGINT, SIGTERM},
    low_level::pipe,
};
use smol::{Async, io::AsyncReadExt};

/// Catches the signals that ask the program to end.
pub(crate) struct Signals {
    caught: Async<UnixStream>,
}

impl Signals {
    pub(crate) fn listen() -> io::Result<Self> {
        let (caught, catcher) = UnixStream::pair()?;
        for signal in [SIGINT, SIGTERM] {
            // Writes a byte for each, which is all that a handler may do.
            pipe::register(signal, catcher.try_clone()?)?;
        }
        Ok(Self {
            caught: Async::new(caught)?,
        })
    }

    /// Waits for the next one.
    pub(crate) async fn next(&self) {
        let read = (&self.caught).read_exact(&mut [0]).await;
        read.expect("a socket of our own can be read");
    }
}
