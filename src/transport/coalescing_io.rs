//! What is written on a connection, gathered: many short answers leave in one write.
//!
//! ```text
//! one commit ──► 30 calls may answer ──► 30 × (headers, message, trailers) ──► gathered ──► one write
//! ```
//!
//! HTTP/2 flushes as soon as it has one frame to send, and every flush would be a call of the system, a segment, and a client that
//! wakes up: that costs more than the call itself. So a flush of a few bytes first lets the tasks run that are ready to; what they
//! add goes along. Where nothing is ready the connection has its turn again at once: nobody waits for a clock.
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
    raccolta: BytesMut,
    /// How much there was at the last flush.
    vista: usize,
}

impl<T: AsyncRead + AsyncWrite + Unpin> CoalescingIo<T> {
    pub(crate) fn new(io: T) -> Self {
        Self {
            io,
            raccolta: BytesMut::new(),
            vista: 0,
        }
    }

    /// Writes what was gathered.
    fn write_out(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.vista = 0;
        while !self.raccolta.is_empty() {
            let written = ready!(Pin::new(&mut self.io).poll_write(cx, &self.raccolta))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.raccolta.advance(written);
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
        if this.raccolta.len() + bytes > FULL {
            ready!(this.write_out(cx))?;
        }
        for buf in bufs {
            this.raccolta.extend_from_slice(buf);
        }
        Poll::Ready(Ok(bytes))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.raccolta.len() > this.vista {
            this.vista = this.raccolta.len();
            // To the end of the queue: whoever is ready comes before.
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
        scritto: Vec<Vec<u8>>,
        per_volta: usize,
        chiusa: bool,
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
            let taken = buf.len().min(self.per_volta);
            self.scritto.push(buf[..taken].to_vec());
            Poll::Ready(Ok(taken))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.chiusa = true;
            Poll::Ready(Ok(()))
        }
    }

    fn coalescing(per_volta: usize) -> CoalescingIo<PaperIo> {
        CoalescingIo::new(PaperIo {
            per_volta,
            ..PaperIo::default()
        })
    }

    fn write(raccolto: &mut CoalescingIo<PaperIo>, text: &[u8]) -> usize {
        let mut cx = Context::from_waker(Waker::noop());
        match Pin::new(raccolto).poll_write(&mut cx, text) {
            Poll::Ready(written) => written.unwrap(),
            Poll::Pending => panic!("paper never waits"),
        }
    }

    fn flush(raccolto: &mut CoalescingIo<PaperIo>) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        Pin::new(raccolto).poll_flush(&mut cx).is_ready()
    }

    #[test]
    fn what_comes_between_two_flushes_goes_along() {
        let mut raccolto = coalescing(usize::MAX);
        write(&mut raccolto, b"one ");
        assert!(!flush(&mut raccolto), "the others first");
        write(&mut raccolto, b"two ");
        assert!(!flush(&mut raccolto), "there may be more");
        assert!(raccolto.io.scritto.is_empty());
        assert!(flush(&mut raccolto), "nobody has more");
        assert_eq!(raccolto.io.scritto, [b"one two "]);
        assert!(flush(&mut raccolto), "nothing to wait for");
        write(&mut raccolto, b"three");
        assert!(!flush(&mut raccolto));
        assert!(flush(&mut raccolto));
        assert_eq!(raccolto.io.scritto.len(), 2);
    }

    #[test]
    fn every_byte_in_its_order_whatever_is_long_and_however_little_is_taken() {
        for per_volta in [1000, 5000, usize::MAX] {
            let mut raccolto = coalescing(per_volta);
            let mut expected = Vec::new();
            for (n, byte) in [(3, b'a'), (LONG, b'b'), (LONG - 1, b'c'), (9, b'd')]
                .into_iter()
                .cycle()
                .take(60)
            {
                let mut text = &vec![byte; n][..];
                expected.extend_from_slice(text);
                while !text.is_empty() {
                    text = &text[write(&mut raccolto, text)..];
                }
                assert!(raccolto.raccolta.len() <= FULL);
            }
            let mut cx = Context::from_waker(Waker::noop());
            let closed = Pin::new(&mut raccolto).poll_shutdown(&mut cx);
            assert!(closed.is_ready() && raccolto.io.chiusa);
            assert_eq!(raccolto.io.scritto.concat(), expected);
        }
    }

    #[test]
    fn what_is_long_is_not_copied() {
        let mut raccolto = coalescing(usize::MAX);
        write(&mut raccolto, &[1; LONG]);
        assert!(raccolto.raccolta.is_empty());
        assert_eq!(raccolto.io.scritto[0].len(), LONG);
    }
}
