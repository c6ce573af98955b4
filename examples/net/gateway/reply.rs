//! What clients are answered.

use http_body_util::Full;
use hyper::{
    Response, StatusCode,
    body::Bytes,
    header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER},
};
use pleach::cancel::Cause;
use serde_json::{Map, Value, json};

use crate::exchange::{Answer, Fault};

pub(crate) type Reply = Response<Full<Bytes>>;

const UPSTREAM: HeaderName = HeaderName::from_static("x-upstream");

fn reply(status: StatusCode, media: HeaderValue, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(body.into()));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, media);
    reply
}

fn text(status: StatusCode, line: &str) -> Reply {
    let media = HeaderValue::from_static("text/plain; charset=utf-8");
    reply(status, media, format!("{line}\n"))
}

pub(crate) fn json(status: StatusCode, value: &Value) -> Reply {
    let media = HeaderValue::from_static("application/json");
    reply(status, media, format!("{value}\n"))
}

pub(crate) fn health(is_running: bool) -> Reply {
    match is_running {
        true => text(StatusCode::OK, "well"),
        false => text(StatusCode::SERVICE_UNAVAILABLE, "stopping"),
    }
}

pub(crate) fn not_found() -> Reply {
    let there_is = "there is /fan/PATH, /any/PATH, /health and /stats";
    text(StatusCode::NOT_FOUND, there_is)
}

pub(crate) fn method_not_allowed() -> Reply {
    let mut reply = text(StatusCode::METHOD_NOT_ALLOWED, "GET only");
    let get = HeaderValue::from_static("GET");
    reply.headers_mut().insert(ALLOW, get);
    reply
}

/// The request has a body, which nobody would read.
pub(crate) fn body_refused() -> Reply {
    let mut reply = text(StatusCode::PAYLOAD_TOO_LARGE, "no body is taken");
    let close = HeaderValue::from_static("close");
    reply.headers_mut().insert(CONNECTION, close);
    reply
}

/// The answer of one upstream, handed on.
pub(crate) fn passed_on(upstream: &str, answer: Answer) -> Reply {
    let unknown = || HeaderValue::from_static("application/octet-stream");
    let media = answer.content_type.unwrap_or_else(unknown);
    let mut reply = reply(answer.status, media, answer.body);
    let upstream = HeaderValue::from_str(upstream).expect("names are fit for headers");
    reply.headers_mut().insert(UPSTREAM, upstream);
    reply
}

/// What all upstreams have said, in their order: `None` of one that had not by the end.
pub(crate) fn of_all<'a>(
    outcomes: impl IntoIterator<Item = (&'a str, Option<Result<Answer, Fault>>)>,
    cut_short: Option<Cause>,
) -> Reply {
    let (mut object, mut has_answer, mut faults) = (Map::new(), false, Vec::new());
    for (name, outcome) in outcomes {
        let told = match outcome {
            Some(Ok(answer)) => {
                has_answer = true;
                let body = String::from_utf8_lossy(&answer.body);
                json!({ "status": answer.status.as_u16(), "body": body })
            }
            Some(Err(fault)) => {
                let told = json!({ "error": fault.to_string() });
                faults.push(fault);
                told
            }
            None => json!({ "error": "no answer in time" }),
        };
        object.insert(name.to_owned(), told);
    }
    let status = match has_answer {
        true => StatusCode::OK,
        false => without_answer(&faults, cut_short),
    };
    retry_later(json(status, &Value::Object(object)))
}

/// Nobody has answered, and why.
pub(crate) fn of_none(faults: &[Fault], cut_short: Option<Cause>) -> Reply {
    let status = without_answer(faults, cut_short);
    let told: Vec<_> = faults.iter().map(Fault::to_string).collect();
    retry_later(json(status, &json!({ "errors": told })))
}

fn without_answer(faults: &[Fault], cut_short: Option<Cause>) -> StatusCode {
    match cut_short {
        Some(cause) if cause.is_deadline() => StatusCode::GATEWAY_TIMEOUT,
        Some(_) => StatusCode::SERVICE_UNAVAILABLE,
        None if faults.iter().all(|fault| matches!(fault, Fault::Busy)) => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        None => StatusCode::BAD_GATEWAY,
    }
}

fn retry_later(mut reply: Reply) -> Reply {
    if reply.status() == StatusCode::SERVICE_UNAVAILABLE {
        let a_second = HeaderValue::from_static("1");
        reply.headers_mut().insert(RETRY_AFTER, a_second);
    }
    reply
}
