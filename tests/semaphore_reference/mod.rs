//! Programs of random operations on a semaphore, run side by side on the crate's own and on a
//! naive reference, and compared after each operation in all that can be observed.
//!
//! | file | |
//! |---|---|
//! | `program.rs` | the operations, and how bytes are read as a program of them |
//! | `reference.rs` | the semaphore as its documentation has it, for one thread |
//! | `subject.rs` | the crate's semaphore under the same operations |
//!
//! Used by `tests/reference.rs`, by the fuzz target and by the soak, which include this folder
//! by its path.

mod program;
mod reference;
mod subject;

use std::{collections::BTreeMap, task::Poll};

use pleach::{AcquireError, TryAcquireError};

use program::{Op, Program};
use reference::Reference;
use subject::Subject;

/// What happened during an operation, those run by wakers included.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Event {
    Woken(usize),
    Polled(Poll<Result<usize, AcquireError>>),
    Tried(Result<usize, TryAcquireError>),
    Split(bool),
    ForgotIdle(usize),
}

/// What can be seen after an operation.
#[derive(Debug, PartialEq, Eq)]
struct View {
    events: Vec<Event>,
    available: usize,
    waiters: usize,
    limit: Option<usize>,
    closed: bool,
    /// The permits that are out, as values.
    held: Vec<usize>,
    /// Of each request that there is, whether it has completed.
    completed: Vec<Option<bool>>,
    /// How many clones there are of each waker.
    clones: Vec<usize>,
}

/// What programs got to, and how often.
#[derive(Debug, Default)]
pub(crate) struct Reached {
    pub(crate) operations: usize,
    pub(crate) paths: BTreeMap<&'static str, usize>,
}

impl Reached {
    fn note(&mut self, path: &'static str) {
        *self.paths.entry(path).or_default() += 1;
    }

    /// Reads `bytes` as a program, runs it, and gives everything back.
    ///
    /// # Panics
    ///
    /// If the crate and the reference differ.
    pub(crate) fn run(&mut self, bytes: &[u8]) {
        let mut program = Program::new(bytes);
        let shape = program.shape();
        let subject = Subject::new(shape);
        let mut reference = Reference::new(shape, self);
        let mut done = Vec::new();
        loop {
            let (found, expected) = (subject.view(), reference.view());
            assert!(
                found == expected,
                "{shape:?}\n{done:#?}\nfound {found:#?}\nexpected {expected:#?}"
            );
            let Some(op) = program.next().or_else(|| ending(&expected)) else {
                break;
            };
            subject.run(&op);
            reference.run(&op);
            done.push(op);
        }
        self.operations += done.len();
    }
}

/// What is still to be given back.
fn ending(view: &View) -> Option<Op> {
    let request = view.completed.iter().position(Option::is_some);
    let cancel = request.map(|slot| Op::Cancel { slot });
    cancel.or_else(|| (!view.held.is_empty()).then_some(Op::GiveBack { held: 0 }))
}
