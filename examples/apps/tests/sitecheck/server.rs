//! A web server with faults, on loopback. A thread for each connection, one request for each.

use std::{
    collections::HashMap,
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{Arc, Barrier, Condvar, Mutex, MutexGuard},
    thread,
    time::Duration,
};

/// What is done about a request.
pub(crate) enum Reply {
    /// These bytes are sent, and the connection is closed.
    Bytes(Vec<u8>),
    /// These, one by one.
    Slowly(Vec<u8>),
    /// These again and again, until nobody reads them.
    WithoutEnd(Vec<u8>, Vec<u8>),
    /// None, until the client leaves.
    Silence,
    /// These, when as many have come as are to gather.
    Together(Arc<Gathering>, Vec<u8>),
    /// What stands here, one after the other, the last one again and again.
    InTurn(Vec<Reply>),
}

/// Where requests wait for others, and are counted.
pub(crate) struct Gathering {
    barrier: Barrier,
    /// How many are there, and the most that ever were.
    counts: Mutex<(usize, usize)>,
}

impl Gathering {
    pub(crate) fn of(n: usize) -> Arc<Self> {
        Arc::new(Self {
            barrier: Barrier::new(n),
            counts: Mutex::default(),
        })
    }

    pub(crate) fn most(&self) -> usize {
        self.counts.lock().unwrap().1
    }

    fn wait(&self) {
        let mut counts = self.counts.lock().unwrap();
        counts.0 += 1;
        counts.1 = counts.1.max(counts.0);
        drop(counts);
        self.barrier.wait();
        // Before the answer, after which another one may come.
        self.counts.lock().unwrap().0 -= 1;
    }
}

/// A server, which goes on until the test's process ends.
pub(crate) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    replies: HashMap<String, Reply>,
    /// Where files are, for what has no reply.
    files: Option<PathBuf>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// `GET /path`, as they came.
    requests: Vec<String>,
}

impl Server {
    /// Serves these paths; all others are not found.
    pub(crate) fn new(replies: impl IntoIterator<Item = (impl Into<String>, Reply)>) -> Self {
        let replies = replies.into_iter();
        Self::serve(
            replies.map(|(path, reply)| (path.into(), reply)).collect(),
            None,
        )
    }

    /// Serves the files of a directory.
    pub(crate) fn of_files(root: &Path) -> Self {
        Self::serve(HashMap::new(), Some(root.to_owned()))
    }

    fn serve(replies: HashMap<String, Reply>, files: Option<PathBuf>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            replies,
            files,
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let server = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, server) = (stream.unwrap(), Arc::clone(&server));
                // A client that leaves is none of its faults.
                thread::spawn(move || server.connection(stream).unwrap_or_default());
            }
        });
        Self { address, shared }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The requests that came, as `GET /path`, in their order.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.shared.state().requests.clone()
    }

    /// Waits until this has been asked for.
    pub(crate) fn until_asked(&self, request: &str) {
        let is_missing = |state: &mut State| !state.requests.iter().any(|other| other == request);
        let asked = self
            .shared
            .changed
            .wait_while(self.shared.state(), is_missing);
        drop(asked.unwrap());
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn connection(&self, mut stream: TcpStream) -> io::Result<()> {
        let request = read_request(&stream)?;
        let (_, path) = request.split_once(' ').unwrap();
        let turn = self.begin(&request, path);
        self.reply(self.replies.get(path), path, turn, &mut stream)
    }

    /// Notes a request; returns how many for the same path came before.
    fn begin(&self, request: &str, path: &str) -> usize {
        let mut state = self.state();
        let before = state.requests.iter();
        let turn = before
            .filter(|before| before.ends_with(&format!(" {path}")))
            .count();
        state.requests.push(request.to_owned());
        self.changed.notify_all();
        turn
    }

    fn reply(
        &self,
        reply: Option<&Reply>,
        path: &str,
        turn: usize,
        stream: &mut TcpStream,
    ) -> io::Result<()> {
        match reply {
            Some(Reply::Bytes(bytes)) => stream.write_all(bytes),
            Some(Reply::Slowly(bytes)) => bytes.iter().try_for_each(|byte| {
                thread::sleep(Duration::from_millis(1));
                stream.write_all(&[*byte])
            }),
            Some(Reply::WithoutEnd(first, again)) => {
                stream.write_all(first)?;
                loop {
                    stream.write_all(again)?;
                }
            }
            Some(Reply::Silence) => stream.read_to_end(&mut Vec::new()).map(drop),
            Some(Reply::Together(gathering, bytes)) => {
                gathering.wait();
                stream.write_all(bytes)
            }
            Some(Reply::InTurn(replies)) => {
                let reply = replies.get(turn).or(replies.last());
                self.reply(reply, path, turn, stream)
            }
            None => stream.write_all(&self.file(path).unwrap_or_else(|| status(404))),
        }
    }

    fn file(&self, path: &str) -> Option<Vec<u8>> {
        let path = path.split('?').next()?.trim_start_matches('/');
        let content = fs::read(self.files.as_ref()?.join(path)).ok()?;
        let media = match path.ends_with(".html") {
            true => "text/html",
            false => "application/octet-stream",
        };
        Some(with_length("200 OK", media, &content))
    }
}

/// Reads the head of a request; gives its method and target.
fn read_request(stream: &TcpStream) -> io::Result<String> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().ok_or(io::ErrorKind::UnexpectedEof)??;
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let (request, _version) = first.rsplit_once(' ').unwrap();
    Ok(request.to_owned())
}

fn with_length(status: &str, media: &str, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Type: {media}\r\nContent-Length: {length}\r\n\r\n");
    [head.as_bytes(), content].concat()
}

/// A page of HTML.
pub(crate) fn html(content: impl AsRef<[u8]>) -> Vec<u8> {
    with_length("200 OK", "text/html; charset=utf-8", content.as_ref())
}

/// A page with these links.
pub(crate) fn links<T: AsRef<str>>(links: impl IntoIterator<Item = T>) -> Vec<u8> {
    let links = links.into_iter();
    let lines = links.map(|link| format!("<a href=\"{}\">a link</a>\n", link.as_ref()));
    html(lines.collect::<String>())
}

/// Nothing but a status.
pub(crate) fn status(code: u16) -> Vec<u8> {
    with_length(&format!("{code} Reason"), "text/plain", b"")
}

pub(crate) fn redirect(to: &str) -> Vec<u8> {
    format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n").into()
}
