//! Hashing a file, a step at a time. Blocks, so it is for the blocking pool.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use sha2::{Digest, Sha256};

use crate::report::{Failure, Hashed};

/// One read. The buffer is on the stack, so there is one for each thread of the pool and not
/// one for each file.
const READ: usize = 64 * 1024;

/// Reads in one step: a mebibyte takes a millisecond or so, which is soon enough for a stop,
/// and most files are opened, hashed and closed in one trip to the pool.
const READS: usize = 16;

/// A file that is being hashed.
pub(crate) struct Hashing {
    path: PathBuf,
    file: File,
    hasher: Sha256,
    /// Counts what is read, of all files.
    bytes: Arc<AtomicU64>,
}

pub(crate) enum Step {
    More(Hashing),
    Done(Hashed),
}

impl Hashing {
    pub(crate) fn open(path: PathBuf, bytes: Arc<AtomicU64>) -> Result<Self, Failure> {
        match open_regular(&path) {
            Ok(file) => Ok(Self {
                path,
                file,
                hasher: Sha256::new(),
                bytes,
            }),
            Err(error) => Err(Failure { path, error }),
        }
    }

    pub(crate) fn step(mut self) -> Result<Step, Failure> {
        let mut buffer = [0; READ];
        for _ in 0..READS {
            match self.file.read(&mut buffer) {
                Ok(0) => {
                    return Ok(Step::Done(Hashed {
                        path: self.path,
                        digest: self.hasher.finalize().into(),
                    }));
                }
                Ok(n) => {
                    self.hasher.update(&buffer[..n]);
                    self.bytes.fetch_add(n as u64, Ordering::Relaxed);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    return Err(Failure {
                        path: self.path,
                        error,
                    });
                }
            }
        }
        Ok(Step::More(self))
    }
}

/// Opens what was a regular file when its directory was listed. By now a link or a FIFO may
/// have taken its name: the one is not to be followed, the other not to be waited for.
fn open_regular(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::other("no longer a regular file"))
    }
}
