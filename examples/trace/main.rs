//! A trace of a small program: a picture of it, or JSON for Perfetto. The picture is
//! `docs/inspect/trace.svg`: that it is the one of this program, `tests/inspect_trace/example.rs` checks.

mod args;
mod crawl;

use std::{fs, path::PathBuf, process::ExitCode};

use args::{Request, USAGE, request};

fn main() -> ExitCode {
    match request(std::env::args_os()) {
        Ok(Request::Help) => {
            print!("{USAGE}");
            ExitCode::SUCCESS
        }
        Ok(Request::Write { svg, json }) => end(write(svg, json), 1),
        Err(error) => end(Err(error.to_string()), 2),
    }
}

/// Writes each file that is asked for.
fn write(svg: Option<PathBuf>, json: Option<PathBuf>) -> Result<(), String> {
    let recorder = crawl::crawl();
    let mut trace = String::new();
    let made = recorder.write_chrome(&mut trace);
    made.map_err(|error| error.to_string())?;
    let picture = recorder.timeline().svg().to_string();
    for (file, text) in [(json, trace), (svg, picture)] {
        if let Some(file) = file {
            fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
        }
    }
    Ok(())
}

fn end(result: Result<(), String>, failure: u8) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("trace: {message}");
            ExitCode::from(failure)
        }
    }
}
