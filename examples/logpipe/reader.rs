//! The thread that reads lines into the channel, and what it does when there is no room.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, ErrorKind, Seek},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use pleach::channel::{SendUntilError, Sender, TrySendError};

use crate::args::Overflow;

/// What is beyond is cut off, so that no line takes all memory.
const LONGEST: usize = 64 * 1024;

/// How often a file that has ended is looked at again.
const AGAIN: Duration = Duration::from_millis(50);

/// What the reader has done.
#[derive(Default)]
pub(crate) struct Tally {
    read: AtomicU64,
    dropped: AtomicU64,
}

impl Tally {
    /// Lines that were sent or dropped: to be asked when the reader has ended, for it may count a
    /// line a little later than others see it.
    pub(crate) fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// Where lines are sent to.
pub(crate) struct Outlet {
    pub(crate) lines: Sender<Vec<u8>>,
    pub(crate) overflow: Overflow,
    pub(crate) tally: Arc<Tally>,
}

/// Nobody wants lines any more.
struct Closed;

impl Outlet {
    /// Sends a line, or does with it what is to be done when there is no room.
    fn send(&self, line: Vec<u8>) -> Result<(), Closed> {
        let dropped = match self.overflow {
            Overflow::Wait => self.lines.send_blocking(line).map(|()| false).map_err(drop),
            Overflow::DropNewest => match self.lines.try_send(line) {
                Ok(()) => Ok(false),
                Err(TrySendError::Full(_)) => Ok(true),
                Err(TrySendError::Closed(_)) => Err(()),
            },
            Overflow::DropOldest => {
                let oldest = self.lines.force_send(line).map_err(drop);
                oldest.map(|oldest| oldest.is_some())
            }
            Overflow::Timeout(time) => {
                match self.lines.send_blocking_until(line, Instant::now() + time) {
                    Ok(()) => Ok(false),
                    Err(SendUntilError::TimedOut(_)) => Ok(true),
                    Err(_) => Err(()),
                }
            }
        };
        let dropped = dropped.map_err(|()| Closed)?;
        self.tally.read.fetch_add(1, Ordering::Relaxed);
        self.tally
            .dropped
            .fetch_add(dropped.into(), Ordering::Relaxed);
        Ok(())
    }

    fn is_closed(&self) -> bool {
        self.lines.is_closed()
    }
}

/// Reads lines to the end, or until nobody wants any.
pub(crate) fn read_all(mut input: impl BufRead, outlet: &Outlet) -> io::Result<()> {
    let mut line = Line::default();
    loop {
        if !line.read(&mut input)? {
            return match line.take_unfinished() {
                Some(last) => outlet.send(last).or(Ok(())),
                None => Ok(()),
            };
        }
        if outlet.send(line.take()).is_err() {
            return Ok(());
        }
    }
}

/// Reads lines of a file that may grow, shrink, or be replaced, until nobody wants any.
pub(crate) fn follow(path: &Path, outlet: &Outlet) -> io::Result<()> {
    let mut followed = Followed::open(path.to_owned())?;
    let mut line = Line::default();
    while !outlet.is_closed() {
        if line.read(&mut followed.input)? {
            if outlet.send(line.take()).is_err() {
                break;
            }
        } else if followed.begins_anew()? {
            // What had no end by then will get none.
            if let Some(last) = line.take_unfinished() {
                if outlet.send(last).is_err() {
                    break;
                }
            }
        } else {
            thread::sleep(AGAIN);
        }
    }
    Ok(())
}

struct Followed {
    path: PathBuf,
    input: BufReader<File>,
}

impl Followed {
    fn open(path: PathBuf) -> io::Result<Self> {
        let input = BufReader::new(File::open(&path)?);
        Ok(Self { path, input })
    }

    /// Whether the file was cut, or another is there now: it is read from its beginning then.
    fn begins_anew(&mut self) -> io::Result<bool> {
        let here = self.input.get_ref().metadata()?;
        if !here.is_file() {
            // A FIFO has no beginning to go back to: its next writer is read.
            return Ok(false);
        }
        let there = match File::open(&self.path) {
            Ok(there) => there,
            // Between the old file and the new one there is none.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        let that = there.metadata()?;
        if (here.dev(), here.ino()) != (that.dev(), that.ino()) {
            self.input = BufReader::new(there);
            return Ok(true);
        }
        let is_cut = here.len() < self.input.stream_position()?;
        if is_cut {
            self.input.rewind()?;
        }
        Ok(is_cut)
    }
}

/// A line that is read bit by bit.
#[derive(Default)]
struct Line {
    bytes: Vec<u8>,
}

impl Line {
    /// Reads on; returns whether the line has ended, or else the input has, for now.
    fn read(&mut self, input: &mut impl BufRead) -> io::Result<bool> {
        loop {
            let available = match input.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if available.is_empty() {
                return Ok(false);
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let part = &available[..end.unwrap_or(available.len())];
            let room = LONGEST - self.bytes.len();
            self.bytes.extend_from_slice(&part[..part.len().min(room)]);
            let used = part.len() + usize::from(end.is_some());
            input.consume(used);
            if end.is_some() {
                return Ok(true);
            }
        }
    }

    fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    fn take_unfinished(&mut self) -> Option<Vec<u8>> {
        (!self.bytes.is_empty()).then(|| self.take())
    }
}
