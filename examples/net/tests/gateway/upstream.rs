//! An upstream that does as a test wants it. A thread for each connection, one request for each.

use std::{
    collections::HashMap,
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard},
    thread,
};

use crate::SAFETY_LIMIT;

/// What is done about a request.
pub(crate) enum Reply {
    /// Status 200, and the upstream's name and the path as the body.
    Echo,
    /// Nothing but a status.
    Status(u16),
    /// Status 200, and so many bytes.
    Long(usize),
    /// These bytes, and the connection is closed.
    Raw(&'static str),
    /// Nothing, until the gateway closes the connection.
    Hang,
    /// As `Echo`, when the test lets it.
    OnceReleased,
}

/// What is done, by the path, and how many requests for it came before.
type Replies = dyn Fn(&str, usize) -> Reply + Send + Sync;

/// It answers until the test's process ends.
#[derive(Clone)]
pub(crate) struct Upstream {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    name: &'static str,
    reply: Box<Replies>,
    state: Mutex<State>,
    changed: Condvar,
}

/// What has happened.
#[derive(Default)]
pub(crate) struct State {
    requests: HashMap<String, usize>,
    /// Requests that are being answered, and the most that ever were.
    pub(crate) now: usize,
    most: usize,
    is_released: bool,
    /// Connections that the gateway closed without an answer.
    pub(crate) closed: usize,
}

impl Upstream {
    pub(crate) fn new(
        name: &'static str,
        reply: impl Fn(&str, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            name,
            reply: Box::new(reply),
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let server = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, server) = (stream.unwrap(), Arc::clone(&server));
                // A gateway that leaves is none of its faults.
                thread::spawn(move || server.connection(stream).unwrap_or_default());
            }
        });
        Self {
            name,
            address,
            shared,
        }
    }

    pub(crate) fn echo(name: &'static str) -> Self {
        Self::new(name, |_, _| Reply::Echo)
    }

    /// One that nobody listens for.
    pub(crate) fn absent(name: &'static str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        Self {
            address,
            ..Self::echo(name)
        }
    }

    /// What it echoes.
    pub(crate) fn echoed(&self, path: &str) -> String {
        format!("{} {path}", self.name)
    }

    pub(crate) fn requests(&self, path: &str) -> usize {
        self.shared.state().requests(path)
    }

    pub(crate) fn most(&self) -> usize {
        self.shared.state().most
    }

    pub(crate) fn release(&self) {
        self.shared.state().is_released = true;
        self.shared.changed.notify_all();
    }

    /// Waits until it has come to this.
    pub(crate) fn wait_until(&self, is_so: impl Fn(&State) -> bool) {
        drop(self.shared.wait_until(self.shared.state(), is_so));
    }
}

impl State {
    /// Requests for this path.
    pub(crate) fn requests(&self, path: &str) -> usize {
        self.requests.get(path).copied().unwrap_or(0)
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn wait_until<'a>(
        &'a self,
        state: MutexGuard<'a, State>,
        is_so: impl Fn(&State) -> bool,
    ) -> MutexGuard<'a, State> {
        let waited = self
            .changed
            .wait_timeout_while(state, SAFETY_LIMIT, |state| !is_so(state));
        let (state, waited) = waited.unwrap();
        assert!(!waited.timed_out(), "what was waited for did not happen");
        state
    }

    fn connection(&self, mut stream: TcpStream) -> io::Result<()> {
        let path = read_head(&stream)?;
        let turn = self.change(|state| {
            state.now += 1;
            state.most = state.most.max(state.now);
            let turns = state.requests.entry(path.clone()).or_default();
            *turns += 1;
            *turns - 1
        });
        let bytes = match (self.reply)(&path, turn) {
            Reply::Echo => self.echo(&path),
            Reply::Status(code) => with_body(code, b""),
            Reply::Long(length) => with_body(200, &vec![b'x'; length]),
            Reply::Raw(bytes) => bytes.into(),
            Reply::Hang => return self.hang(&mut stream),
            Reply::OnceReleased => {
                drop(self.wait_until(self.state(), |state| state.is_released));
                self.echo(&path)
            }
        };
        // Before the answer, after which another one may come.
        self.change(|state| state.now -= 1);
        stream.write_all(&bytes)
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut self.state());
        self.changed.notify_all();
        changed
    }

    fn echo(&self, path: &str) -> Vec<u8> {
        with_body(200, format!("{} {path}", self.name).as_bytes())
    }

    fn hang(&self, stream: &mut TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(SAFETY_LIMIT))?;
        let is_closed = match stream.read(&mut [0]) {
            Ok(read) => read == 0,
            Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
        };
        self.change(|state| {
            state.now -= 1;
            state.closed += usize::from(is_closed);
        });
        Ok(())
    }
}

/// Reads the head of a request; gives its path.
fn read_head(stream: &TcpStream) -> io::Result<String> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().ok_or(io::ErrorKind::UnexpectedEof)??;
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let path = first.strip_prefix("GET ").unwrap();
    Ok(path.strip_suffix(" HTTP/1.1").unwrap().to_owned())
}

fn with_body(status: u16, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} Reason\r\nContent-Length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}
