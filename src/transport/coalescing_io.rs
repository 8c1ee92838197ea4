//! What is written on a connection, gathered: many short answers leave in one write.
//!
//! ```text
//! one commit ──► 30 calls may answer ──► 30 × (headers, message, trailers) ──► gathered ──► one write
//! ```
//!
//! HTTP/2 flushes as soon as it has one frame to send, and every flush would be a call of the system, a segment, and a client that
//! wakes up: that costs more than the call itself. So a flush of a few bytes first lets the tasks run that are ready to; what they
//! add goes along. Where nothing is ready the connection has its turn again at once, without a timer.
//!
//! What is long (the lotti of an export) is not copied and does not wait.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What is as long as this goes out as it is.
const LONG: usize = 4 * 1024;
/// No more than this is gathered.
const FULL: usize = 32 * 1024;

/// A connection whose short writes are gathered.
#[derive(Debug)]
pub(crate) struct CoalescingIo<T> {
    io: T,
    gathered: BytesMut,
    /// How much there was at the last flush.
    seen: usize,
}

impl<T: AsyncRead + AsyncWrite + Unpin> CoalescingIo<T> {
    pub(crate) fn new(io: T) -> Self {
        Self {
            io,
            gathered: BytesMut::new(),
            seen: 0,
        }
    }

    /// Writes what was gathered.
    fn write_out(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.seen = 0;
        while !self.gathered.is_empty() {
            let written = ready!(Pin::new(&mut self.io).poll_write(cx, &self.gathered))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.gathered.advance(written);
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncRead for CoalescingIo<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for CoalescingIo<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let bytes = bufs.iter().map(|buf| buf.len()).sum::<usize>();
        if bytes >= LONG {
            ready!(this.write_out(cx))?;
            return Pin::new(&mut this.io).poll_write_vectored(cx, bufs);
        }
        if this.gathered.len() + bytes > FULL {
            ready!(this.write_out(cx))?;
        }
        for buf in bufs {
            this.gathered.extend_from_slice(buf);
        }
        Poll::Ready(Ok(bytes))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.gathered.len() > this.seen {
            this.seen = this.gathered.len();
            // To the end of the queue: tasks that are ready run first.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        ready!(this.write_out(cx))?;
        Pin::new(&mut this.io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.write_out(cx))?;
        Pin::new(&mut this.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    /// Takes so many bytes a write, and keeps each write.
    #[derive(Debug, Default)]
    struct PaperIo {
        written: Vec<Vec<u8>>,
        at_a_time: usize,
        ended: bool,
    }

    impl AsyncRead for PaperIo {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Poll::Pending
        }
    }

    impl AsyncWrite for PaperIo {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buf: &[u8],
        ) -> Poll<io::Result<usize>> {
            let taken = buf.len().min(self.at_a_time);
            self.written.push(buf[..taken].to_vec());
            Poll::Ready(Ok(taken))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.ended = true;
            Poll::Ready(Ok(()))
        }
    }

    fn coalescing(at_a_time: usize) -> CoalescingIo<PaperIo> {
        CoalescingIo::new(PaperIo {
            at_a_time,
            ..PaperIo::default()
        })
    }

    fn write(coalescing_io: &mut CoalescingIo<PaperIo>, text: &[u8]) -> usize {
        let mut cx = Context::from_waker(Waker::noop());
        match Pin::new(coalescing_io).poll_write(&mut cx, text) {
            Poll::Ready(written) => written.unwrap(),
            Poll::Pending => panic!("paper never waits"),
        }
    }

    fn flush(coalescing_io: &mut CoalescingIo<PaperIo>) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        Pin::new(coalescing_io).poll_flush(&mut cx).is_ready()
    }

    #[test]
    fn what_comes_between_two_flushes_goes_along() {
        let mut coalescing_io = coalescing(usize::MAX);
        write(&mut coalescing_io, b"one ");
        assert!(!flush(&mut coalescing_io), "the others first");
        write(&mut coalescing_io, b"two ");
        assert!(!flush(&mut coalescing_io), "there may be more");
        assert!(coalescing_io.io.written.is_empty());
        assert!(flush(&mut coalescing_io), "nobody has more");
        assert_eq!(coalescing_io.io.written, [b"one two "]);
        assert!(flush(&mut coalescing_io), "nothing to wait for");
        write(&mut coalescing_io, b"three");
        assert!(!flush(&mut coalescing_io));
        assert!(flush(&mut coalescing_io));
        assert_eq!(coalescing_io.io.written.len(), 2);
    }

    #[test]
    fn every_byte_in_its_order_whatever_is_long_and_however_little_is_taken() {
        for at_a_time in [1000, 5000, usize::MAX] {
            let mut coalescing_io = coalescing(at_a_time);
            let mut expected = Vec::new();
            for (n, byte) in [(3, b'a'), (LONG, b'b'), (LONG - 1, b'c'), (9, b'd')]
                .into_iter()
                .cycle()
                .take(60)
            {
                let mut text = &vec![byte; n][..];
                expected.extend_from_slice(text);
                while !text.is_empty() {
                    text = &text[write(&mut coalescing_io, text)..];
                }
                assert!(coalescing_io.gathered.len() <= FULL);
            }
            let mut cx = Context::from_waker(Waker::noop());
            let closed = Pin::new(&mut coalescing_io).poll_shutdown(&mut cx);
            assert!(closed.is_ready() && coalescing_io.io.ended);
            assert_eq!(coalescing_io.io.written.concat(), expected);
        }
    }

    #[test]
    fn what_is_long_is_not_copied() {
        let mut coalescing_io = coalescing(usize::MAX);
        write(&mut coalescing_io, &[1; LONG]);
        assert!(coalescing_io.gathered.is_empty());
        assert_eq!(coalescing_io.io.written[0].len(), LONG);
    }
}
