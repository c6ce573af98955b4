//! From the command line to the exit status.

use std::{
    env, fs,
    io::{self, IsTerminal, Write},
    path::Path,
    process::ExitCode,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use pleach::{
    inspect::{Recorder, set_clock},
    runtime::StdTimer,
    time::Clock,
};

use crate::{
    args::{self, Request, Settings},
    program::{self, Running},
    terminal,
};

const WRONG_USAGE: u8 = 2;
/// Siblings that are alike are printed as one, from so many on.
const ALIKE: usize = 3;
/// How many events a trace has: the last ones.
const EVENTS: usize = 200_000;

pub(crate) fn main() -> ExitCode {
    let done = match args::parse(env::args_os().skip(1)) {
        Ok(Request::Run(settings)) => run(&settings),
        Ok(Request::Help) => io::stdout().write_all(args::USAGE.as_bytes()),
        Err(error) => {
            eprintln!("top: {error}\nTry `top --help`.");
            return ExitCode::from(WRONG_USAGE);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("top: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(settings: &Settings) -> io::Result<()> {
    let is_terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    if !settings.is_one_look() && !is_terminal {
        return Err(io::Error::other(
            "this is no terminal: --once, --svg and --trace want none",
        ));
    }
    // So that ages are known.
    set_clock(|| StdTimer.now());
    let recorder = settings.trace.as_ref();
    let recorder = recorder.map(|_| Arc::new(Recorder::new(StdTimer, EVENTS)));
    let look = |running: &Running<'_>| match settings.is_one_look() {
        true => look_once(running, settings, recorder.as_deref()),
        false => terminal::show(running, settings),
    };
    let (looked, told) = program::run(settings, recorder.as_ref(), look)?;
    eprintln!("top: the gateway has ended: {told}");
    looked
}

fn look_once(
    running: &Running<'_>,
    settings: &Settings,
    recorder: Option<&Recorder<StdTimer>>,
) -> io::Result<()> {
    let when = Instant::now() + settings.after;
    while Instant::now() < when && !running.is_over() {
        thread::sleep(Duration::from_millis(10));
    }
    let snapshot = running.look().snapshot;
    if let (Some(file), Some(recorder)) = (&settings.trace, recorder) {
        let mut trace = String::new();
        let written = recorder.write_chrome(&mut trace);
        written.expect("a string takes anything");
        save(file, &trace)?;
    }
    if let Some(file) = &settings.svg {
        save(file, &snapshot.svg().to_string())?;
    }
    if settings.once {
        write!(io::stdout(), "{}", snapshot.tree().collapse(ALIKE))?;
    }
    Ok(())
}

fn save(file: &Path, text: &str) -> io::Result<()> {
    let saved = fs::write(file, text);
    saved.map_err(|error| io::Error::other(format!("{}: {error}", file.display())))
}
