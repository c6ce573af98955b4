//! Runs the program: without a terminal, and in one.

mod terminal;

use std::{
    fs,
    process::{Command, Output, Stdio},
};

const TOP: &str = env!("CARGO_BIN_EXE_top");

fn top(args: &[&str]) -> Output {
    let mut command = Command::new(TOP);
    command.args(args).stdin(Stdio::null());
    command.output().expect("it can be run")
}

fn said(output: &Output) -> (String, String) {
    let [out, err] = [&output.stdout, &output.stderr];
    (
        String::from_utf8_lossy(out).into_owned(),
        String::from_utf8_lossy(err).into_owned(),
    )
}

#[test]
fn it_tells_how_it_is_used() {
    let output = top(&["--help"]);
    let (out, _) = said(&output);
    assert!(
        output.status.success() && out.contains("Usage: top "),
        "{out}"
    );
}

#[test]
fn wrong_usage_is_told_of() {
    for (args, want) in [
        (
            &["--clients", "0"][..],
            "--clients takes a whole number from 1 to 200, not \"0\"",
        ),
        (&["--every", "1"], "--every takes a number of milliseconds"),
        (&["--stuck", "nan"], "--stuck takes a number of seconds"),
        (&["--after"], "missing argument"),
        (&["more"], "unexpected argument \"more\""),
    ] {
        let output = top(args);
        let (out, err) = said(&output);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(out.is_empty() && err.contains(want), "{args:?}: {err}");
    }
}

#[test]
fn without_a_terminal_it_says_so() {
    let output = top(&[]);
    let (_, err) = said(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(err.contains("no terminal"), "{err}");
}

#[test]
fn one_look_shows_the_whole_program_and_nothing_is_left_of_it() {
    let output = top(&["--once", "--after", "3", "--clients", "6"]);
    let (out, err) = said(&output);
    assert!(output.status.success(), "{err}");
    assert!(out.starts_with("program (scope) "), "{out}");
    for part in [
        "── arrivals ",
        "── door ",
        "── connections (scope) ",
        "── connection (parallel) ",
        "── client ",
        "\ngateway (token) ",
    ] {
        assert!(out.contains(part), "{part} in\n{out}");
    }
    // The visits come faster than clients leave, so by now somebody waits for that.
    assert!(out.contains(": slot "), "{out}");
    assert!(err.contains("; 0 tasks left"), "{err}");
}

#[test]
fn the_trace_has_what_has_happened() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trace.json");
    let args = ["--after", "2", "--clients", "4", "--trace"];
    let output = top(&[&args[..], &[file.to_str().unwrap()]].concat());
    let (out, err) = said(&output);
    assert!(output.status.success() && out.is_empty(), "{err}");
    let trace: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let events = trace["traceEvents"].as_array().expect("it has events");
    let names: Vec<_> = events
        .iter()
        .filter_map(|event| event["name"].as_str())
        .collect();
    for name in ["arrivals ", "client ", "connection ", "fan "] {
        assert!(names.iter().any(|is| is.starts_with(name)), "{name}");
    }
}

#[test]
fn the_picture_is_written_and_a_file_that_cannot_be_is_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tree.svg");
    let output = top(&[
        "--after",
        "1",
        "--clients",
        "2",
        "--svg",
        file.to_str().unwrap(),
    ]);
    let (out, err) = said(&output);
    assert!(output.status.success() && out.is_empty(), "{err}");
    let picture = fs::read_to_string(&file).unwrap();
    assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
    assert!(picture.contains(">arrivals</text>"));

    let output = top(&["--after", "0", "--svg", folder.path().to_str().unwrap()]);
    let (_, err) = said(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(err.contains(folder.path().to_str().unwrap()), "{err}");
}
