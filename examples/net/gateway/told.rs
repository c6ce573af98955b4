//! A connection that tells what it waits for: with the feature `inspect` of the library, whoever looks at the
//! child that polls it sees that.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use hyper::rt::{Read, ReadBufCursor, Write};
use pleach::inspect::WaitMark;

/// A stream with a name for each of its waits.
pub(crate) struct Told<S> {
    stream: S,
    reading: WaitMark,
    writing: WaitMark,
    flushing: WaitMark,
    closing: WaitMark,
}

impl<S> Told<S> {
    /// `bytes` is what is waited for when it is read, and `room` when it is written, flushed or closed: waits that
    /// may go on side by side, so that each has a mark.
    #[track_caller]
    pub(crate) fn new(
        stream: S,
        bytes: &'static &'static str,
        room: &'static &'static str,
    ) -> Self {
        Self {
            stream,
            reading: WaitMark::new(bytes),
            writing: WaitMark::new(room),
            flushing: WaitMark::new(room),
            closing: WaitMark::new(room),
        }
    }
}

impl<S: Read + Unpin> Read for Told<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let stream = Pin::new(&mut this.stream);
        this.reading.poll(cx, |cx| stream.poll_read(cx, into))
    }
}

impl<S: Write + Unpin> Write for Told<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let stream = Pin::new(&mut this.stream);
        this.writing.poll(cx, |cx| stream.poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let stream = Pin::new(&mut this.stream);
        this.writing
            .poll(cx, |cx| stream.poll_write_vectored(cx, parts))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let stream = Pin::new(&mut this.stream);
        this.flushing.poll(cx, |cx| stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let stream = Pin::new(&mut this.stream);
        this.closing.poll(cx, |cx| stream.poll_shutdown(cx))
    }
}
