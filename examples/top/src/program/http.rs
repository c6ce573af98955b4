//! As much of HTTP/1.1 as the ends of the wire need.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

/// Reads the head of a request or of an answer, up to the empty line: the first line of it, and how
/// long the body is. `None` if the other side has left.
pub(super) async fn read_head(
    stream: &mut (impl AsyncBufRead + Unpin),
) -> io::Result<Option<(String, u64)>> {
    let mut first = String::new();
    if stream.read_line(&mut first).await? == 0 {
        return Ok(None);
    }
    let (mut length, mut line) = (0, String::new());
    loop {
        line.clear();
        if stream.read_line(&mut line).await? <= 2 {
            return Ok(Some((first, length)));
        }
        if let Some((name, value)) = line.split_once(": ")
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
}

/// Reads an answer with its body, and gives the status.
pub(super) async fn read_answer(
    stream: &mut (impl AsyncBufRead + Unpin),
) -> io::Result<Option<u16>> {
    let Some((first, length)) = read_head(stream).await? else {
        return Ok(None);
    };
    tokio::io::copy(&mut stream.take(length), &mut tokio::io::sink()).await?;
    let status = first
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    status
        .map(Some)
        .ok_or_else(|| io::ErrorKind::InvalidData.into())
}

pub(super) fn answer(status: u16, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} -\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
