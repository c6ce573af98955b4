//! The pipeline: from the reader's channel through the workers to what is counted and written.
//!
//! ```text
//! reader (a thread) ──lines──> chunks ──> parse, in N workers, in order ──> count, write
//! ```
//!
//! Every arrow is a bounded channel. What holds up the end holds up the reader, and what then
//! happens to lines is the policy. When the end fails the channels close, and the reader finds its
//! own closed. Each line that was read is dropped by the policy, counted, or unprocessed.

use std::{
    fmt,
    fs::File,
    io::{self, BufReader, ErrorKind, Write as _},
    process::ExitCode,
    sync::Arc,
    thread::{self, JoinHandle},
};

use pleach::{
    Event,
    cancel::CauseKind,
    channel::{self, Receiver},
    pipeline::{Failed, Pipeline},
    select, try_scope,
};
use signal_hook::consts::SIGINT;
use smol::{Unblock, io::AsyncWriteExt as _, unblock};

use crate::{
    args::{self, Options, Request},
    interrupt::Interrupt,
    reader::{self, Outlet, Tally},
    record::{self, Record},
    summary::Summary,
};

const FAILED: u8 = 1;
const WRONG_USAGE: u8 = 2;
/// 128 and the number of the signal, as shells have it.
const INTERRUPTED: u8 = 130;

/// A worker parses so many lines at a time: handing one over costs more than parsing it.
const CHUNK: usize = 256;

pub(crate) fn main() -> ExitCode {
    match args::parse() {
        Ok(Request::Pipe(options)) => pipe(options),
        Ok(Request::Help) => {
            // Whoever closes it has seen enough.
            let _ = io::stdout().write_all(args::USAGE.as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => {
            complain(format_args!("{error}\nTry `logpipe --help`."));
            ExitCode::from(WRONG_USAGE)
        }
    }
}

fn pipe(options: Options) -> ExitCode {
    let interrupt = match Interrupt::listen(&[SIGINT]) {
        Ok(interrupt) => interrupt,
        Err(error) => {
            complain(format_args!("cannot listen for Ctrl-C: {error}"));
            return ExitCode::from(FAILED);
        }
    };
    let tally = Arc::new(Tally::default());
    let (lines, received) = channel::strict(options.buffer);
    let reader = spawn_reader(&options, lines, &tally);
    let mut end = End::new(&options);
    let ended = pleach::block_on(run(&options, received, &interrupt, &mut end));
    // If it was cut short the reader may be waiting for a line that never comes. Nothing can be
    // done about that, and it ends with the process.
    let read = match ended {
        Ok(Ended::Complete) => reader.join().expect("the reader does not panic"),
        _ => Ok(()),
    };
    end.report(&tally, ended, read)
}

#[derive(Clone, Copy)]
enum Ended {
    /// There are no more lines.
    Complete,
    Interrupted,
}

/// Runs the pipeline.
async fn run(
    options: &Options,
    received: Receiver<Vec<u8>>,
    interrupt: &Interrupt,
    end: &mut End,
) -> Result<Ended, Failed<io::Error>> {
    let (mut lines_left, mut chunks_left) = (0, 0);
    let (done, mut rest) = (Event::new(), None);
    let ended = try_scope!(|s| {
        let p = Pipeline::new(&s, 1);
        let parsed = p
            .receive(received)
            .on_unprocessed(|_| lines_left += 1)
            .chunks(CHUNK)
            .on_unprocessed(|lines| chunks_left += lines.len())
            // Parsing is all work and no waiting, so it goes to threads.
            .map_ordered(options.workers, async |lines| {
                Ok(unblock(move || Parsed::of(lines)).await)
            })
            .into_receiver();
        rest = Some(parsed.clone());
        let (token, done) = (p.token().clone(), &done);
        // Beside the body, which may be held up by who reads the output.
        let interrupted = s.spawn(async move {
            select! {
                () = interrupt.wait() => {
                    // No more lines; those that were read are still counted.
                    token.stop(CauseKind::Shutdown);
                    Ended::Interrupted
                }
                () = done.wait() => Ended::Complete,
            }
        });
        while let Ok(batch) = parsed.recv().await {
            if let Err(error) = end.take(batch).await {
                p.fail(error);
            }
        }
        done.set();
        // An error ends all of this anyhow.
        Ok(interrupted.await.unwrap_or(Ended::Complete))
    })
    .await;
    let behind = rest.iter().flat_map(|rest| rest.drain());
    end.unprocessed = lines_left + chunks_left;
    end.unprocessed += behind.map(|parsed| parsed.0.len()).sum::<usize>();
    ended
}

/// Lines, and what was understood of them.
struct Parsed(Vec<Option<Record>>);

impl Parsed {
    fn of(lines: Vec<Vec<u8>>) -> Self {
        Self(lines.iter().map(|line| record::parse(line)).collect())
    }

    fn render(&self) -> String {
        self.0.iter().flatten().map(Record::render).collect()
    }
}

/// Where the pipeline ends: what is counted, and written as it comes.
struct End {
    summary: Summary,
    /// Lines that were read and then on their way when the pipeline was cut short.
    unprocessed: usize,
    top: usize,
    /// Where records go to, if they are wanted. Writing may wait, so a thread does it.
    records: Option<Unblock<io::Stdout>>,
}

impl End {
    fn new(options: &Options) -> Self {
        Self {
            summary: Summary::default(),
            unprocessed: 0,
            top: options.top,
            records: options.records.then(|| Unblock::new(io::stdout())),
        }
    }

    async fn take(&mut self, batch: Parsed) -> io::Result<()> {
        for record in &batch.0 {
            self.summary.add(record.as_ref());
        }
        if let Some(out) = &mut self.records {
            out.write_all(batch.render().as_bytes()).await?;
            out.flush().await?;
        }
        Ok(())
    }

    /// Says what there is to say, and how the program ends.
    fn report(
        self,
        tally: &Tally,
        ended: Result<Ended, Failed<io::Error>>,
        readable: io::Result<()>,
    ) -> ExitCode {
        let tables = self.summary.render(self.top);
        let written = if self.records.is_some() {
            // Of no use to anybody if it cannot be written.
            let _ = io::stderr().write_all(tables.as_bytes());
            Ok(())
        } else {
            io::stdout().write_all(tables.as_bytes())
        };
        let (dropped, unprocessed) = (tally.dropped(), self.unprocessed as u64);
        let read = match ended {
            Ok(Ended::Complete) => tally.read(),
            // The reader is perhaps not done with counting.
            _ => dropped + self.summary.lines() + unprocessed,
        };
        complain(format_args!(
            "{read} lines read, {dropped} dropped, {}, {unprocessed} unprocessed",
            self.summary,
        ));
        let (is_interrupted, failed) = match ended {
            Ok(ended) => (matches!(ended, Ended::Interrupted), None),
            Err(failed) => (false, failed.into_error()),
        };
        let errors = [failed, written.err(), readable.err()]
            .into_iter()
            .flatten();
        // Whoever closes the output early (`logpipe -r FILE | head`) has seen enough.
        let errors = errors.filter(|error| error.kind() != ErrorKind::BrokenPipe);
        if errors.map(complain).count() > 0 {
            ExitCode::from(FAILED)
        } else if is_interrupted {
            ExitCode::from(INTERRUPTED)
        } else {
            ExitCode::SUCCESS
        }
    }
}

fn spawn_reader(
    options: &Options,
    lines: channel::Sender<Vec<u8>>,
    tally: &Arc<Tally>,
) -> JoinHandle<io::Result<()>> {
    let (file, follow) = (options.file.clone(), options.follow);
    let outlet = Outlet {
        lines,
        overflow: options.overflow,
        tally: Arc::clone(tally),
    };
    thread::spawn(move || match file {
        Some(path) if follow => reader::follow(&path, &outlet),
        Some(path) => reader::read_all(BufReader::new(File::open(path)?), &outlet),
        None => reader::read_all(io::stdin().lock(), &outlet),
    })
}

/// Prints a message to standard error.
fn complain(message: impl fmt::Display) {
    // Not `eprintln!`, which panics where standard error is closed.
    let _ = writeln!(io::stderr(), "logpipe: {message}");
}
