//! The walk: every directory and every file is a child of one scope.
//!
//! A directory spawns a child for each thing that it finds and is done; nobody waits for
//! anybody but the scope, which ends when all are done. Its limit says how many children
//! are at work, and so how many directories and files are open. Those that wait for a place
//! cost a few hundred bytes each.
//!
//! Whether an error ends the run is decided in one place, [`Walk::failed`]: a child that
//! returns an error ends the scope, and one that has noted it down lets the others go on.

use std::{path::PathBuf, pin::pin, sync::Mutex};

use futures_util::future::{Either, select};
use pleach::{cancel::CauseKind, runtime::StdTimer, time::Clock};
use smol::unblock;

use crate::{
    args::Options,
    hashing::{Hashing, Step},
    interrupt::Interrupt,
    listing::{Entry, Listing},
    progress::Progress,
    report::{Failure, Report},
};

type Scope<'env> = pleach::Scope<'env, Failure>;

const NO_PANIC: &str = "nobody panics with the report in hand";

/// What all children share.
pub(crate) struct Walk {
    fail_fast: bool,
    progress: Progress,
    report: Mutex<Report>,
}

impl Walk {
    pub(crate) fn new(fail_fast: bool, progress: Progress) -> Self {
        Self {
            fail_fast,
            progress,
            report: Mutex::default(),
        }
    }

    /// Hashes all files under the root, until Ctrl-C or the deadline; which of them it was.
    pub(crate) async fn run(&self, options: &Options, interrupt: Interrupt) -> Option<CauseKind> {
        // The explicit form of `try_scope!`, since the scope is stopped from outside of it:
        // a body that waited for Ctrl-C would keep the scope from ending.
        let (driver, s) = pleach::scope::try_scope();
        let mut driver = driver.limit(options.limit);
        if let Some(deadline) = options.deadline {
            driver = driver.deadline((StdTimer, StdTimer.now() + deadline));
        }
        let token = s.token();
        let all = driver.run_try(async {
            s.spawn_try(directory(s.clone(), self, options.root.clone()));
            Ok(())
        });
        let result = match select(pin!(all), pin!(interrupt.wait())).await {
            Either::Left((result, _)) => result,
            Either::Right(((), all)) => {
                // Graceful: files that are being hashed notice it at their next step.
                token.cancel();
                all.await
            }
        };
        if let Err(failure) = result {
            self.note(|report| report.failures.push(failure));
        }
        let why = token.cause()?.kind();
        matches!(why, CauseKind::Requested | CauseKind::Deadline).then_some(why)
    }

    /// What there is to report, and how many bytes were read.
    pub(crate) fn finish(self) -> (Report, u64) {
        let report = self.report.into_inner().expect(NO_PANIC);
        (report, self.progress.finish())
    }

    /// A child could not read something: an error ends the scope, `Ok` does not.
    fn failed(&self, failure: Failure) -> Result<(), Failure> {
        if self.fail_fast {
            return Err(failure);
        }
        self.note(|report| report.failures.push(failure));
        Ok(())
    }

    fn note(&self, change: impl FnOnce(&mut Report)) {
        change(&mut self.report.lock().expect(NO_PANIC));
    }
}

/// Lists one directory.
async fn directory<'env>(s: Scope<'env>, walk: &'env Walk, path: PathBuf) -> Result<(), Failure> {
    let mut batch = unblock(|| Listing::open(path)?.step()).await;
    loop {
        let (entries, listing) = match batch {
            Ok(batch) => batch,
            Err(failure) => return walk.failed(failure),
        };
        for entry in entries {
            visit(&s, walk, entry)?;
        }
        match listing {
            Some(listing) if !s.is_cancelled() => batch = unblock(|| listing.step()).await,
            _ => return Ok(()),
        }
    }
}

/// Spawns a child for an entry of a directory, if it is to be read.
fn visit<'env>(
    s: &Scope<'env>,
    walk: &'env Walk,
    entry: Result<Entry, Failure>,
) -> Result<(), Failure> {
    match entry {
        Ok(Entry::Directory(path)) => {
            s.spawn_try(directory(s.clone(), walk, path));
        }
        Ok(Entry::File(path)) => {
            walk.progress.file_found();
            s.spawn_try(file(s.clone(), walk, path));
        }
        Ok(Entry::Symlink) => walk.note(|report| report.symlinks += 1),
        Ok(Entry::Other) => walk.note(|report| report.others += 1),
        Err(failure) => return walk.failed(failure),
    }
    Ok(())
}

/// Hashes one file, and leaves it unfinished if the scope is cancelled meanwhile.
async fn file(s: Scope<'_>, walk: &Walk, path: PathBuf) -> Result<(), Failure> {
    let bytes = walk.progress.bytes();
    let mut step = unblock(|| Hashing::open(path, bytes)?.step()).await;
    loop {
        match step {
            Ok(Step::More(_)) if s.is_cancelled() => return Ok(()),
            Ok(Step::More(hashing)) => step = unblock(|| hashing.step()).await,
            Ok(Step::Done(hashed)) => {
                walk.note(|report| report.hashed.push(hashed));
                break;
            }
            Err(failure) => {
                walk.failed(failure)?;
                break;
            }
        }
    }
    walk.progress.file_done();
    Ok(())
}
