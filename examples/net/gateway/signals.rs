//! SIGTERM and Ctrl-C as phases of a token.

use std::{io, thread};

use pleach::{CancelToken, cancel::CauseKind};
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    iterator::{Handle, Signals as Caught},
};

/// Turns signals into phases of a token, in a thread, as long as it lives: the first one stops, the
/// second one cancels.
pub(crate) struct Signals {
    handle: Handle,
    thread: Option<thread::JoinHandle<()>>,
}

impl Signals {
    pub(crate) fn listen(server: &CancelToken) -> io::Result<Self> {
        let mut caught = Caught::new([SIGINT, SIGTERM])?;
        let handle = caught.handle();
        let server = server.clone();
        let thread = thread::Builder::new().spawn(move || {
            for _ in caught.forever() {
                if server.stop(CauseKind::Shutdown) {
                    eprintln!("gateway: stopping; once more to cut off what is under way");
                } else {
                    server.cancel_with(CauseKind::Requested);
                }
            }
        })?;
        Ok(Self {
            handle,
            thread: Some(thread),
        })
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.handle.close();
        if let Some(thread) = self.thread.take() {
            // It has told of its panic itself.
            let _ = thread.join();
        }
    }
}
