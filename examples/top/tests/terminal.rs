//! In a terminal, which `script` makes.

use std::{
    io::{Read, Write},
    mem,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

use crate::TOP;

/// Nothing takes longer than that; it is waited for only if something is broken.
const SAFETY_LIMIT: Duration = Duration::from_secs(60);
/// What a terminal is told before another program may write over it, and after that.
const ENTER: &str = "\x1b[?1049h";
const LEAVE: &str = "\x1b[?1049l";

struct Session {
    script: Child,
    pieces: Receiver<Vec<u8>>,
    seen: String,
}

impl Session {
    /// Starts it in a terminal of that size. What is seen first is the number of the process.
    fn start() -> Self {
        let command =
            format!("stty rows 40 cols 140; echo pid $$.; exec {TOP} --clients 3 --every 50");
        let mut script = Command::new("script")
            .args(["-qec", &command, "/dev/null"])
            .env("TERM", "xterm")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("there is `script`");
        let mut out = script.stdout.take().expect("it is piped");
        let (sender, pieces) = channel();
        thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(count @ 1..) = out.read(&mut piece) {
                if sender.send(piece[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            script,
            pieces,
            seen: String::new(),
        }
    }

    /// Waits until this is seen, and forgets it and what came before, which it gives.
    ///
    /// Only what changes is written: so it must differ from what was there, in each character.
    fn wait_for(&mut self, what: &str) -> String {
        let end = Instant::now() + SAFETY_LIMIT;
        loop {
            if let Some(at) = self.seen.find(what) {
                let rest = self.seen.split_off(at + what.len());
                return mem::replace(&mut self.seen, rest);
            }
            let left = end.saturating_duration_since(Instant::now());
            let piece = self.pieces.recv_timeout(left);
            let piece =
                piece.unwrap_or_else(|_| panic!("{what:?} never comes after {:?}", self.seen));
            self.seen += &String::from_utf8_lossy(&piece);
        }
    }

    fn press(&mut self, keys: &str) {
        let keyboard = self.script.stdin.as_mut().expect("it is piped");
        keyboard.write_all(keys.as_bytes()).expect("it is read");
    }

    /// Waits for the end, with the terminal as it was.
    fn end(mut self) {
        self.wait_for(LEAVE);
        self.wait_for("the gateway has ended: ");
        self.wait_for("0 tasks left");
        assert!(self.script.wait().expect("it was started").success());
    }
}

/// If a test fails.
impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.script.kill();
    }
}

#[test]
fn keys_are_obeyed_and_the_terminal_is_given_back() {
    let mut session = Session::start();
    session.wait_for(ENTER);
    session.wait_for("arrivals");
    session.press("p");
    session.wait_for("(paused)");
    session.press("/farewell\r");
    session.wait_for("farewell\"");
    session.press("q");
    session.end();
}

#[test]
fn control_c_and_a_signal_end_it_too() {
    let mut session = Session::start();
    session.wait_for("arrivals");
    session.press("\x03");
    session.end();

    let mut session = Session::start();
    session.wait_for("pid ");
    let pid = session.wait_for(".");
    let pid = pid.strip_suffix('.').expect("it was waited for").to_owned();
    session.wait_for("arrivals");
    let kill = Command::new("kill").args(["-TERM", &pid]).status();
    assert!(kill.expect("there is `kill`").success());
    session.end();
}
