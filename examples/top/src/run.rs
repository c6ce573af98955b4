//! From the command line to the exit status.

use std::{
    env, fs,
    io::{self, IsTerminal, Write},
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use pleach::{inspect::set_clock, runtime::StdTimer, time::Clock};

use crate::{
    args::{self, Request, Settings},
    program::{self, Running},
    terminal,
};

const WRONG_USAGE: u8 = 2;
/// Siblings that are alike are printed as one, from so many on.
const ALIKE: usize = 3;

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
            "this is no terminal: --once and --svg want none",
        ));
    }
    // So that ages are known.
    set_clock(|| StdTimer.now());
    let (looked, told) = program::run(settings, |running| match settings.is_one_look() {
        true => look_once(running, settings),
        false => terminal::show(running, settings),
    })?;
    eprintln!("top: the gateway has ended: {told}");
    looked
}

fn look_once(running: &Running<'_>, settings: &Settings) -> io::Result<()> {
    let when = Instant::now() + settings.after;
    while Instant::now() < when && !running.is_over() {
        thread::sleep(Duration::from_millis(10));
    }
    let snapshot = running.look();
    if let Some(file) = &settings.svg {
        let written = fs::write(file, snapshot.svg().to_string());
        written.map_err(|error| io::Error::other(format!("{}: {error}", file.display())))?;
    }
    if settings.once {
        write!(io::stdout(), "{}", snapshot.tree().collapse(ALIKE))?;
    }
    Ok(())
}
