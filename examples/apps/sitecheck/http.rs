//! One exchange over one connection: a request, and what comes back.

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
};

use smol::{
    io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpStream, resolve},
};
use url::{Host, Position, Url};

use crate::{
    body::{self, Body, Framing},
    fault::Fault,
};

/// What comes before the body is no longer than that.
const LONGEST_HEAD: u64 = 64 << 10;
const MOST_HEADERS: usize = 128;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// What there is, to be read if it is a page.
    Page,
    /// Nothing but whether there is something.
    Status,
    /// The same, of those who know of `GET` alone.
    StatusByGet,
}

/// An answer that is no failure.
#[derive(Debug)]
pub(crate) enum Response {
    /// There is something, which is no page, or was not to be read.
    There,
    Page(Body),
    /// It is elsewhere. The target as it was given, which may be relative.
    Redirect(String),
}

/// Asks about a URL. Of a page no more than `most` bytes are read.
pub(crate) async fn exchange(url: &Url, ask: Ask, most: u64) -> Result<Response, Fault> {
    let mut stream = BufReader::new(connect(url).await?);
    let request = request(url, ask);
    let sent = stream.get_mut().write_all(request.as_bytes()).await;
    sent.map_err(|error| Fault::of(&error))?;
    let head = read_head(&mut stream).await?;
    match head.status {
        301 | 302 | 303 | 307 | 308 => {
            let location = head.location.ok_or(Fault::RedirectToNowhere)?;
            Ok(Response::Redirect(location))
        }
        200..=299 if ask == Ask::Page && head.is_html => {
            let body = body::read(&mut stream, head.framing, most).await?;
            Ok(Response::Page(body))
        }
        200..=299 => Ok(Response::There),
        status => Err(Fault::Status(status)),
    }
}

async fn connect(url: &Url) -> Result<TcpStream, Fault> {
    let port = url.port_or_known_default().unwrap_or(80);
    let addresses = match url.host().ok_or(Fault::NoAddress)? {
        Host::Ipv4(address) => vec![SocketAddr::from((address, port))],
        Host::Ipv6(address) => vec![SocketAddr::from((address, port))],
        Host::Domain(name) => resolve((name, port)).await.unwrap_or_default(),
    };
    if addresses.is_empty() {
        return Err(Fault::NoAddress);
    }
    let connected = TcpStream::connect(&addresses[..]).await;
    connected.map_err(|error| Fault::of(&error))
}

fn request(url: &Url, ask: Ask) -> String {
    let method = match ask {
        Ask::Page | Ask::StatusByGet => "GET",
        Ask::Status => "HEAD",
    };
    let target = &url[Position::BeforePath..Position::AfterQuery];
    let host = &url[Position::BeforeHost..Position::AfterPort];
    format!(
        "{method} {target} HTTP/1.1\r\n\
         Host: {host}\r\n\
         User-Agent: sitecheck\r\n\
         Accept: */*\r\n\
         Connection: close\r\n\r\n"
    )
}

/// What was said before the body.
struct Head {
    status: u16,
    location: Option<String>,
    is_html: bool,
    framing: Framing,
}

/// Reads the head of the answer; those that only say that there will be one are passed over.
async fn read_head(stream: &mut (impl AsyncBufRead + Unpin)) -> Result<Head, Fault> {
    let mut input = stream.take(LONGEST_HEAD);
    loop {
        let mut lines = Vec::new();
        loop {
            let before = lines.len();
            let read = input.read_until(b'\n', &mut lines).await;
            read.map_err(|error| Fault::of(&error))?;
            match &lines[before..] {
                [b'\n'] | [b'\r', b'\n'] => break,
                [.., b'\n'] => {}
                _ if input.limit() == 0 => return Err(Fault::NotHttp("the head is too long")),
                _ => return Err(Fault::of(&io::Error::from(ErrorKind::UnexpectedEof))),
            }
        }
        let head = parse_head(&lines)?;
        if !(100..200).contains(&head.status) {
            return Ok(head);
        }
    }
}

fn parse_head(lines: &[u8]) -> Result<Head, Fault> {
    let malformed = Fault::NotHttp("the head is malformed");
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    match response.parse(lines) {
        Ok(httparse::Status::Complete(_)) => {}
        _ => return Err(malformed),
    }
    let value = |name: &str| {
        let mut headers = response.headers.iter();
        let header = headers.find(|header| header.name.eq_ignore_ascii_case(name))?;
        Some(String::from_utf8_lossy(header.value).trim().to_owned())
    };
    let framing = match (value("transfer-encoding"), value("content-length")) {
        (Some(coding), _) if coding.eq_ignore_ascii_case("chunked") => Framing::Chunked,
        (Some(_), _) => return Err(Fault::NotHttp("the transfer coding is not known")),
        (None, Some(length)) => Framing::Length(length.parse().map_err(|_| malformed)?),
        (None, None) => Framing::ToTheEnd,
    };
    let media = value("content-type")
        .unwrap_or_default()
        .to_ascii_lowercase();
    let media = media.split(';').next().unwrap_or_default().trim_end();
    Ok(Head {
        status: response.code.expect("it is complete"),
        location: value("location"),
        is_html: matches!(media, "text/html" | "application/xhtml+xml"),
        framing,
    })
}
