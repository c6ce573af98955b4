//! One request: to all upstreams, or to one after the other until one answers.
//!
//! Both are groups: their children borrow what is here, and when the group ends, by an answer, by the
//! deadline, or because its request is dropped, those that are still asking are dropped first.

use std::{
    future::{Future, pending},
    pin::pin,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

use hyper::{
    Method, Request, StatusCode,
    body::{Body, Incoming},
    http::uri::PathAndQuery,
};
use pleach::{
    CancelToken, Event,
    cancel::{Cause, Phase, Token},
    group::{AnyOk, Collect, group},
    time::{Clock, timeout},
};
use serde_json::{Map, Value};

use crate::{
    args::Settings,
    exchange::{Answer, Fault},
    reply::{self, Reply},
    runtime::Runtime,
    tally::Tally,
    upstream::Upstream,
};

/// Who is asked.
enum Whom {
    All,
    Any,
}

pub(crate) struct Gateway<R> {
    runtime: R,
    upstreams: Vec<Upstream>,
    deadline: Duration,
    hedge_after: Duration,
    /// Whose turn it is to be asked first.
    turn: AtomicUsize,
    pub(crate) tally: Tally,
}

impl<R: Runtime> Gateway<R> {
    pub(crate) fn new(runtime: R, settings: &Settings) -> Self {
        let upstreams = settings.upstreams.iter();
        Self {
            runtime,
            upstreams: upstreams
                .map(|upstream| Upstream::new(upstream, settings))
                .collect(),
            deadline: settings.deadline,
            hedge_after: settings.hedge_after,
            turn: AtomicUsize::new(0),
            tally: Tally::default(),
        }
    }

    /// Answers a request of the connection that `connection` is the token of.
    pub(crate) async fn answer(
        &self,
        request: Request<Incoming>,
        connection: &CancelToken,
    ) -> Reply {
        if request.method() != Method::GET {
            return reply::method_not_allowed();
        }
        if !request.body().is_end_stream() {
            return reply::body_refused();
        }
        match request.uri().path() {
            "/health" => return reply::health(connection.phase() == Phase::Running),
            "/stats" => return reply::json(StatusCode::OK, &self.stats()),
            _ => {}
        }
        let Some((whom, target)) = request.uri().path_and_query().and_then(route) else {
            return reply::not_found();
        };
        let under_way = self.tally.begin();
        let token = connection.child_until(R::TIMER.now() + self.deadline);
        let reply = match whom {
            Whom::All => self.ask_all(&target, &token).await,
            Whom::Any => self.ask_any(&target, &token).await,
        };
        under_way.end(connection.is_cancelled());
        reply
    }

    /// Asks all upstreams; late ones are left out.
    async fn ask_all(&self, target: &PathAndQuery, token: &Token) -> Reply {
        // By their numbers: with a closure that takes references the compiler does not see that this
        // is `Send` (rust-lang/rust issue 110338).
        let all = 0..self.upstreams.len();
        let asked = all.map(|n| self.upstreams[n].ask(&self.runtime, target));
        let outcomes = group(asked)
            .join(Collect::new())
            .named("fan")
            .until(end::<R>(token));
        let outcomes = outcomes.await.expect("this joiner gives what there is");
        let mut of_each: Vec<_> = self.upstreams.iter().map(|_| None).collect();
        for (index, answer) in outcomes.values {
            of_each[index] = Some(Ok(answer));
        }
        for (index, fault) in outcomes.errors {
            of_each[index] = Some(Err(fault));
        }
        let names = self.upstreams.iter().map(|upstream| &*upstream.name);
        reply::of_all(names.zip(of_each), outcomes.cause)
    }

    /// Asks one upstream after the other, each when the one before takes long or has failed, and
    /// gives the first answer.
    async fn ask_any(&self, target: &PathAndQuery, token: &Token) -> Reply {
        let first = self.turn.fetch_add(1, Relaxed);
        let count = self.upstreams.len();
        let turns: Vec<_> = (0..count).map(|_| Event::new()).collect();
        turns[0].set();
        let asked = (0..count).map(|n| {
            let upstream = &self.upstreams[first.wrapping_add(n) % count];
            self.ask_in_turn(upstream, target, &turns[n..])
        });
        let answered = group(asked)
            .join(AnyOk::new())
            .named("any")
            .until(end::<R>(token))
            .await;
        match answered {
            Ok(Ok((upstream, answer))) => reply::passed_on(upstream, answer),
            Ok(Err(faults)) => reply::of_none(&faults, None),
            Err(cancelled) => reply::of_none(&[], Some(cancelled.cause())),
        }
    }

    /// Waits for its turn, the first of these, and asks; it is the next one's turn when that takes
    /// long or has failed.
    async fn ask_in_turn<'a>(
        &self,
        upstream: &'a Upstream,
        target: &PathAndQuery,
        turns: &[Event],
    ) -> Result<(&'a str, Answer), Fault> {
        turns[0].wait().await;
        let mut asking = pin!(upstream.ask(&self.runtime, target));
        let in_time = timeout(R::TIMER, self.hedge_after, asking.as_mut()).await;
        if let (Err(_) | Ok(Err(_)), Some(next)) = (&in_time, turns.get(1)) {
            self.tally
                .hedges
                .fetch_add(in_time.is_err().into(), Relaxed);
            next.set();
        }
        let answer = match in_time {
            Ok(answer) => answer,
            Err(_) => asking.await,
        };
        Ok((&upstream.name, answer?))
    }

    fn stats(&self) -> Value {
        let mut stats = self.tally.stats();
        let upstreams = self.upstreams.iter();
        let upstreams = upstreams.map(|upstream| (upstream.name.clone(), upstream.stats()));
        stats["upstreams"] = Value::Object(upstreams.collect::<Map<_, _>>());
        stats
    }
}

/// Resolves when the token is cancelled or its deadline has come.
fn end<R: Runtime>(token: &Token) -> impl Future<Output = Cause> + Send {
    let end = token.run_until_deadline(R::TIMER, pending::<Cause>());
    async { end.await.unwrap_or_else(|cancelled| cancelled.cause()) }
}

/// Who is to be asked, and for what.
fn route(target: &PathAndQuery) -> Option<(Whom, PathAndQuery)> {
    let target = target.as_str();
    let (whom, rest) = match target.strip_prefix("/fan") {
        Some(rest) => (Whom::All, rest),
        None => (Whom::Any, target.strip_prefix("/any")?),
    };
    let rest = rest.starts_with('/').then(|| rest.parse().ok())??;
    Some((whom, rest))
}
