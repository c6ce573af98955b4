//! The command line.

use crate::process::command;

#[track_caller]
fn expect(args: &[&str], code: i32, stdout: &str, stderr: &str) {
    let output = command().args(args).output().unwrap();
    assert_eq!(output.status.code(), Some(code));
    let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert!(
        out.contains(stdout) && out.is_empty() == stdout.is_empty(),
        "{out}"
    );
    assert!(
        err.contains(stderr) && err.is_empty() == stderr.is_empty(),
        "{err}"
    );
}

#[test]
fn it_tells_how_it_is_used() {
    for help in ["-h", "--help"] {
        expect(&[help], 0, "Usage: gateway", "");
    }
}

#[test]
fn what_it_does_not_understand_it_says_so() {
    let upstream = ["--upstream", "a=127.0.0.1:1"];
    for (args, complaint) in [
        (&[][..], "an --upstream is wanted"),
        (&["--nothing"], "invalid option '--nothing'"),
        (
            &["--upstream", "a"],
            "--upstream takes NAME=HOST:PORT[,limit=N], not \"a\"",
        ),
        (
            &["--upstream", "a b=127.0.0.1:1"],
            "--upstream takes NAME=HOST:PORT[,limit=N]",
        ),
        (
            &["--upstream", "a=127.0.0.1:1,limit=0"],
            "a whole number from 1 to",
        ),
        (&["--upstream", "a=127.0.0.1"], "HOST:PORT"),
        (
            &[upstream, upstream].concat(),
            "there are two upstreams \"a\"",
        ),
        (&["--runtime", "other"], "--runtime takes tokio or smol"),
        (&["--workers", "0"], "--workers takes a whole number from 1"),
        (
            &["--deadline", "soon"],
            "--deadline takes a number of milliseconds",
        ),
        (
            &["--attempts", "0"],
            "--attempts takes a whole number from 1",
        ),
        (&["--grace", "-1"], "--grace takes a number of seconds"),
    ] {
        expect(args, 2, "", complaint);
    }
}

#[test]
fn an_address_that_is_taken_is_an_error() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let args = ["--upstream", "a=127.0.0.1:1", "--listen", &address];
    expect(&args, 1, "", "gateway: Address");
}
