//! What comes out: a line for each file, the errors, a summary.

use std::{
    fmt,
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use indicatif::DecimalBytes;

/// A file and its digest.
pub(crate) struct Hashed {
    pub(crate) path: PathBuf,
    pub(crate) digest: [u8; 32],
}

/// A file or directory that could not be read, and why.
pub(crate) struct Failure {
    pub(crate) path: PathBuf,
    pub(crate) error: io::Error,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `Debug` quotes the path and escapes what should not get to a terminal.
        write!(f, "{:?}: {}", self.path, self.error)
    }
}

#[derive(Default)]
pub(crate) struct Report {
    pub(crate) hashed: Vec<Hashed>,
    pub(crate) failures: Vec<Failure>,
    pub(crate) symlinks: usize,
    pub(crate) others: usize,
}

impl Report {
    /// Puts files and failures in the order of the bytes of their paths.
    pub(crate) fn sort(&mut self) {
        self.hashed
            .sort_unstable_by(|a, b| bytes(&a.path).cmp(bytes(&b.path)));
        self.failures
            .sort_unstable_by(|a, b| bytes(&a.path).cmp(bytes(&b.path)));
    }

    /// Prints a line for each file, as `sha256sum` does.
    pub(crate) fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        for Hashed { path, digest } in &self.hashed {
            let name = bytes(path);
            let escapes = name.iter().any(|&byte| escape(byte).is_some());
            out.write_all(if escapes { b"\\" } else { b"" })?;
            for byte in digest {
                write!(out, "{byte:02x}")?;
            }
            out.write_all(b"  ")?;
            for &byte in name {
                out.write_all(escape(byte).unwrap_or(&[byte]))?;
            }
            out.write_all(b"\n")?;
        }
        out.flush()
    }

    /// `3 files, 1.50 kB in 0.01 s; skipped 0 symlinks, 1 other; 2 errors`
    pub(crate) fn summary(&self, read: u64, elapsed: Duration) -> String {
        format!(
            "{}, {} in {:.2} s; skipped {}, {} other; {}",
            count(self.hashed.len(), "file"),
            DecimalBytes(read),
            elapsed.as_secs_f64(),
            count(self.symlinks, "symlink"),
            self.others,
            count(self.failures.len(), "error"),
        )
    }
}

/// Paths themselves compare part by part: for them `a/b` comes before `a.b`.
fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

/// What `sha256sum` prints for a byte that would make its line ambiguous; it marks such lines
/// with a backslash in front. (Up to coreutils 8 it left carriage returns alone.)
fn escape(byte: u8) -> Option<&'static [u8]> {
    match byte {
        b'\\' => Some(b"\\\\"),
        b'\n' => Some(b"\\n"),
        b'\r' => Some(b"\\r"),
        _ => None,
    }
}

fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
