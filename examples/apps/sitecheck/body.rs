//! Reading a body, as it is framed, up to a bound.

use smol::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

use crate::fault::Fault;

/// The line with the size of a chunk, its extensions included.
const LONGEST_SIZE: u64 = 4096;

/// How one knows where a body ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Framing {
    Length(u64),
    Chunked,
    /// Where the connection does.
    ToTheEnd,
}

#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) bytes: Vec<u8>,
    /// There was more.
    pub(crate) is_cut: bool,
}

/// Reads at most `most` bytes of a body. No memory is set aside for what has not come.
pub(crate) async fn read<R>(input: &mut R, framing: Framing, most: u64) -> Result<Body, Fault>
where
    R: AsyncBufRead + Unpin,
{
    let mut bytes = Vec::new();
    let is_cut = match framing {
        Framing::Length(length) => {
            append(input, &mut bytes, length.min(most)).await?;
            length > most
        }
        Framing::Chunked => read_chunks(input, &mut bytes, most).await?,
        Framing::ToTheEnd => {
            read_up_to(input, &mut bytes, most).await?;
            let mut more = Vec::new();
            read_up_to(input, &mut more, 1).await? > 0
        }
    };
    Ok(Body { bytes, is_cut })
}

/// Reads chunks; returns whether there were more.
async fn read_chunks<R>(input: &mut R, bytes: &mut Vec<u8>, most: u64) -> Result<bool, Fault>
where
    R: AsyncBufRead + Unpin,
{
    loop {
        let size = read_size(input).await?;
        let room = most - bytes.len() as u64;
        append(input, bytes, size.min(room)).await?;
        if size > room {
            return Ok(true);
        }
        if size == 0 {
            // Trailers may follow, which are of no interest.
            return Ok(false);
        }
        let mut line = Vec::new();
        append(input, &mut line, 2).await?;
        if line != b"\r\n" {
            return Err(Fault::NotHttp("a chunk has another size than it says"));
        }
    }
}

async fn read_size<R: AsyncBufRead + Unpin>(input: &mut R) -> Result<u64, Fault> {
    let mut line = Vec::new();
    let read = input.take(LONGEST_SIZE).read_until(b'\n', &mut line).await;
    read.map_err(|error| Fault::of(&error))?;
    match httparse::parse_chunk_size(&line) {
        Ok(httparse::Status::Complete((_, size))) => Ok(size),
        Ok(httparse::Status::Partial) => Err(Fault::HungUp),
        Err(_) => Err(Fault::NotHttp("the size of a chunk is malformed")),
    }
}

/// Reads exactly `count` bytes.
async fn append<R>(input: &mut R, bytes: &mut Vec<u8>, count: u64) -> Result<(), Fault>
where
    R: AsyncBufRead + Unpin,
{
    match read_up_to(input, bytes, count).await? {
        read if read == count => Ok(()),
        _ => Err(Fault::HungUp),
    }
}

async fn read_up_to<R>(input: &mut R, bytes: &mut Vec<u8>, most: u64) -> Result<u64, Fault>
where
    R: AsyncBufRead + Unpin,
{
    let read = input.take(most).read_to_end(bytes).await;
    read.map(|read| read as u64)
        .map_err(|error| Fault::of(&error))
}
