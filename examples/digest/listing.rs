//! Reading a directory, a batch at a time. Blocks, so it is for the blocking pool.

use std::{
    fs::{self, DirEntry, ReadDir},
    io,
    path::{Path, PathBuf},
};

use crate::report::Failure;

/// So few entries in one step that a stop takes effect in a huge directory, and the first
/// files are hashed while the rest is listed.
const STEP: usize = 1024;

/// A directory that is being read.
pub(crate) struct Listing {
    path: PathBuf,
    entries: ReadDir,
}

pub(crate) enum Entry {
    Directory(PathBuf),
    File(PathBuf),
    Symlink,
    /// A FIFO, a socket, a device.
    Other,
}

/// Some entries, and the listing if there may be more.
pub(crate) type Batch = (Vec<Result<Entry, Failure>>, Option<Listing>);

impl Listing {
    pub(crate) fn open(path: PathBuf) -> Result<Self, Failure> {
        match fs::read_dir(&path) {
            Ok(entries) => Ok(Self { path, entries }),
            Err(error) => Err(Failure { path, error }),
        }
    }

    pub(crate) fn step(mut self) -> Result<Batch, Failure> {
        let next = self.entries.by_ref().take(STEP);
        let entries: Vec<_> = next.map(|entry| look_at(entry, &self.path)).collect();
        let more = entries.len() == STEP;
        Ok((entries, more.then_some(self)))
    }
}

fn look_at(entry: io::Result<DirEntry>, directory: &Path) -> Result<Entry, Failure> {
    let entry = entry.map_err(|error| Failure {
        path: directory.to_owned(),
        error,
    })?;
    // As with `find`, a slash comes in between only if there is none.
    let path = entry.path();
    // Of the entry itself, not of what a link leads to.
    match entry.file_type() {
        Ok(kind) if kind.is_dir() => Ok(Entry::Directory(path)),
        Ok(kind) if kind.is_file() => Ok(Entry::File(path)),
        Ok(kind) if kind.is_symlink() => Ok(Entry::Symlink),
        Ok(_) => Ok(Entry::Other),
        Err(error) => Err(Failure { path, error }),
    }
}
