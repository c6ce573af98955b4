//! The program that is looked at: a gateway, those whom it asks and those who ask it, in one scope.
//!
//! It runs on threads of its own, while the one that has started it looks at it as often as it likes:
//! that needs nothing of the program but the scope's handle, which is a value like any other. What happens between two
//! looks a counter is told of, and a recorder if there is one.
//!
//! ```text
//! program
//! ├── gateway          examples/net/gateway: a parallel scope of connections, with a group for each request
//! ├── quick, slow ..   those whom it asks: servers, each a scope of connections (`upstream`)
//! ├── arrivals         sends visits into a channel (`visits`)
//! └── door             receives them, and lets in as many clients as may be there (`visits`, `client`)
//! ```
//!
//! When the token is stopped nobody else arrives, clients leave, and the gateway ends when it has answered
//! them. The upstreams are daemons: they go when all others are gone.

mod client;
mod http;
mod random;
mod upstream;
mod visits;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    num::NonZeroUsize,
    panic::resume_unwind,
    sync::Arc,
    thread,
    time::Duration,
};

use pleach::{
    CancelToken,
    cancel::CauseKind,
    channel,
    inspect::{Inspect, Recorder, Snapshot},
    runtime::StdTimer,
    scope::{self, Scope},
};

use self::upstream::Manner;
use crate::{args::Settings, counts::Counter, history::Look};

/// Requests that one upstream gets at a time.
const LIMIT: NonZeroUsize = NonZeroUsize::new(4).unwrap();
/// For what is under way when the program is to end.
const GRACE: Duration = Duration::from_secs(1);

/// What runs, as somebody sees it who looks.
pub(crate) struct Running<'a> {
    roots: [&'a dyn Inspect; 2],
    counter: &'a Counter,
    is_over: &'a dyn Fn() -> bool,
}

impl Running<'_> {
    /// All that runs, and behind that, as the second root, the tokens of the gateway; and what was counted.
    pub(crate) fn look(&self) -> Look {
        Look {
            snapshot: Snapshot::of_all(self.roots),
            counts: self.counter.counts(),
        }
    }

    /// Whether it has ended by itself, which is a fault.
    pub(crate) fn is_over(&self) -> bool {
        (self.is_over)()
    }
}

/// Who listens, and where.
struct Listening {
    listener: TcpListener,
    address: SocketAddr,
}

/// Runs the program as long as `look` goes on, and has the recorder told of all that happens. Gives what comes of that, and what the gateway tells in the end.
pub(crate) fn run<T>(
    settings: &Settings,
    recorder: Option<&Arc<Recorder<StdTimer>>>,
    look: impl FnOnce(&Running<'_>) -> T,
) -> io::Result<(T, String)> {
    let (gateway, upstreams) = (Listening::new()?, Manner::ALL.map(|_| Listening::new()));
    let token = CancelToken::new();
    token.named("gateway");
    let (driver, scope) = scope::scope();
    let main = main(scope.clone(), settings, gateway, upstreams, &token);
    let driver = driver.named("program");
    let counter = Arc::new(Counter::default());
    let counts = Arc::clone(&counter);
    let main = match recorder {
        Some(recorder) => driver.observe((counts, Arc::clone(recorder))),
        None => driver.observe(counts),
    }
    .run(main);
    thread::scope(|threads| {
        // Also if `look` panics: or this would wait for ever.
        let stop = StopAtTheEnd(&token);
        let thread = threads.spawn(|| gateway::on_tokio(settings.workers, main)?);
        let looked = look(&Running {
            roots: [&scope, &token],
            counter: &counter,
            is_over: &|| thread.is_finished(),
        });
        drop(stop);
        match thread.join() {
            Ok(told) => Ok((looked, told?)),
            Err(panic) => resume_unwind(panic),
        }
    })
}

struct StopAtTheEnd<'a>(&'a CancelToken);

impl Drop for StopAtTheEnd<'_> {
    fn drop(&mut self) {
        self.0.stop(CauseKind::Shutdown);
    }
}

async fn main<'env>(
    s: Scope<'env>,
    settings: &'env Settings,
    gateway: Listening,
    upstreams: [io::Result<Listening>; Manner::ALL.len()],
    token: &'env CancelToken,
) -> io::Result<String> {
    let mut addresses = Vec::new();
    for (manner, upstream) in Manner::ALL.into_iter().zip(upstreams) {
        let Listening { listener, address } = upstream?;
        addresses.push((manner.name(), address));
        let serve = upstream::serve(manner, listener);
        s.spawn_daemon(serve).named(manner.name());
    }
    let (visits, visitors) = channel::bounded(4);
    s.spawn(visits::arrive(visits, token)).named("arrivals");
    let door = visits::let_in(visitors, gateway.address, settings.clients, token);
    s.spawn(door).named("door");

    let serve = gateway::serve(gateway.listener, addresses, LIMIT, GRACE, token);
    let ended = s.spawn(serve).named("gateway").await;
    // Also if it could not even begin: then there is nothing to come for.
    token.stop(CauseKind::Shutdown);
    ended.expect("nobody cancels it")
}

impl Listening {
    fn new() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }
}
