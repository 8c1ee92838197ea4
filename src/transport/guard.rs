//! A connection that has to speak in time, and to take what is written on it.
//!
//! HTTP/2 begins with the client's preface and its SETTINGS (RFC 9113, 3.4), HTTP/1.1 with the head of a request. HTTP/2's own pings find a
//! client that falls silent after these, and HTTP/1.1 has a time for each further head; before them nobody would. Lines of a head may end
//! without the CR, and blank lines before it count for nothing (RFC 9112, 2.2).
//!
//! The end of a connection is written too. A client that reads nothing, not even at the level of TCP, would hold it open for as
//! long as its system acknowledges that there is no room: so a write that makes no progress ends the connection.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

use super::{Slot, stall_timer::StallTimer};
use crate::telemetry;

const PREFACE_TEXT: [u8; PREFACE] = *b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const PREFACE: usize = 24;
/// Preface, and the header of the frame after it: length in three bytes, type, flags, stream in four.
const HEAD: usize = PREFACE + 9;
/// The type of SETTINGS.
const SETTINGS: u8 = 4;

/// A connection with its place among all of them.
#[derive(Debug)]
pub struct Guarded<T> {
    io: T,
    slot: Slot,
    /// Until the client has said what it has to.
    opening: Option<Opening>,
    writing: StallTimer,
}

#[derive(Debug)]
struct Opening {
    head: [u8; HEAD],
    seen: usize,
    /// The last bytes.
    tail: [u8; 3],
    /// Whether there was more than ends of lines.
    begun: bool,
    /// Whether a blank line has ended the head of a request of HTTP/1.1.
    blank: bool,
    until: Pin<Box<Sleep>>,
}

impl<T> Guarded<T> {
    /// The client has `opening` to begin, and `writing` to take a byte of what is there for it.
    pub fn new(io: T, slot: Slot, opening: Duration, writing: Duration) -> Self {
        Self {
            io,
            slot,
            opening: Some(Opening {
                head: [0; HEAD],
                seen: 0,
                tail: [0; 3],
                begun: false,
                blank: false,
                until: Box::pin(sleep(opening)),
            }),
            writing: StallTimer::new(writing),
        }
    }

    fn check<R>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        if written.is_ready() {
            self.writing.moved();
            return written;
        }
        self.writing.poll_waiting(cx).map(|()| {
            telemetry::record_connection("stalled");
            Err(timed_out("the client takes nothing of what it is sent"))
        })
    }
}

impl Opening {
    /// Takes note of what was read; whether that is all that the client has to say.
    fn hear(&mut self, bytes: &[u8]) -> bool {
        let room = self.head.get_mut(self.seen..).unwrap_or_default();
        let taken = room.len().min(bytes.len());
        room[..taken].copy_from_slice(&bytes[..taken]);
        self.seen += bytes.len();
        for byte in bytes {
            self.tail.rotate_left(1);
            self.tail[2] = *byte;
            self.begun |= !matches!(byte, b'\r' | b'\n');
            self.blank |=
                self.begun && matches!(self.tail, [_, b'\n', b'\n'] | [b'\n', b'\r', b'\n']);
        }
        let begun = self.seen.min(PREFACE);
        if self.head[..begun] != PREFACE_TEXT[..begun] {
            return self.blank;
        }
        let [a, b, c, kind, ..] = self.head[PREFACE..] else {
            return false;
        };
        let payload = u32::from_be_bytes([0, a, b, c]);
        let whole = usize::try_from(payload).map_or(usize::MAX, |payload| HEAD + payload);
        // A preface and something else is not a beginning.
        self.seen >= HEAD && kind == SETTINGS && self.seen >= whole
    }
}

fn timed_out(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, why)
}

impl<T: AsyncRead + Unpin> AsyncRead for Guarded<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buf.filled().len();
        let read = Pin::new(&mut this.io).poll_read(cx, buf);
        let Some(opening) = &mut this.opening else {
            return read;
        };
        if opening.hear(&buf.filled()[before..]) {
            this.opening = None;
            this.slot.spoken();
            return read;
        }
        // Also where something came: one byte a second is no beginning either.
        if opening.until.as_mut().poll(cx).is_ready() {
            telemetry::record_connection("silent");
            return Poll::Ready(Err(timed_out("the client did not begin in time")));
        }
        read
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Guarded<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, buf);
        self.check(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, bufs);
        self.check(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.io).poll_flush(cx);
        self.check(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.io).poll_shutdown(cx);
        self.check(cx, shut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _, duplex},
        time::Instant,
    };

    use crate::transport::{ConnectionLimits, OpenConnections, connection::TrustedProxies};

    const MAGIC: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    const LONG: Duration = Duration::from_secs(3600);

    fn slot() -> Slot {
        let limits = ConnectionLimits {
            all: 9,
            per_address: 9,
            proxies: TrustedProxies::default(),
        };
        OpenConnections::new(limits)
            .admit([127, 0, 0, 1].into())
            .unwrap()
    }

    /// How a connection ends on which this is said, `step` bytes a time, and then nothing until the client goes.
    async fn said(said: &[u8], step: usize) -> Result<(), io::ErrorKind> {
        let opening = Duration::from_millis(300);
        let (mut client, server) = duplex(1024);
        let mut guarded = Guarded::new(server, slot(), opening, LONG);
        let writes = async {
            for part in said.chunks(step) {
                client.write_all(part).await.unwrap();
                tokio::time::sleep(opening / 20).await;
            }
            tokio::time::sleep(opening).await;
            drop(client);
        };
        let mut read = Vec::new();
        let (read, ()) = tokio::join!(guarded.read_to_end(&mut read), writes);
        read.map(drop).map_err(|error| error.kind())
    }

    #[tokio::test]
    async fn a_client_has_to_send_preface_and_settings_in_time() {
        let settings = [MAGIC, b"\0\0\x06\x04\0\0\0\0\0", b"\0\x03\0\0\0\x64"].concat();
        let ping = [MAGIC, b"\0\0\x08\x06\0\0\0\0\0", b"12345678"].concat();
        let empty = [MAGIC, b"\0\0\0\x04\0\0\0\0\0"].concat();
        let late = Err(io::ErrorKind::TimedOut);
        let cases = [
            (&b""[..], 1, late),
            (&MAGIC[..11], 11, late),
            (MAGIC, MAGIC.len(), late),
            (&settings[..HEAD], HEAD, late),
            (&settings[..settings.len() - 1], settings.len(), late),
            (&ping, ping.len(), late),
            // A byte now and then is no beginning in time.
            (&settings, 1, late),
            (&settings, settings.len(), Ok(())),
            (&settings, 13, Ok(())),
            (&empty, empty.len(), Ok(())),
            (b"GET / HTTP/1.1\r\nhost: a\r\n\r\n", 9, Ok(())),
            (b"GET / HTTP/1.1\nhost: a\n\n", 9, Ok(())),
            (b"GET / HTTP/1.1\r\nhost: a\n\r\n", 9, Ok(())),
            (b"\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n", 9, Ok(())),
            (b"GET / HTTP/1.1\r\nhost: a\r\n", 9, late),
            // Blank lines are no head.
            (b"\r\n\r\n\n\n\r\n", 9, late),
        ];
        let ends = cases.map(|(bytes, step, _)| said(bytes, step));
        let ends = futures_util::future::join_all(ends).await;
        for ((bytes, step, expected), end) in cases.into_iter().zip(ends) {
            assert_eq!(end, expected, "{bytes:?} by {step}");
        }
    }

    #[tokio::test]
    async fn who_takes_a_little_now_and_then_is_waited_for_and_who_takes_nothing_is_not() {
        let patience = Duration::from_millis(400);
        let (mut client, server) = duplex(8);
        let mut guarded = Guarded::new(server, slot(), LONG, patience);
        let reads = async {
            let mut byte = [0];
            for _ in 0..8 {
                tokio::time::sleep(patience / 4).await;
                client.read_exact(&mut byte).await.unwrap();
            }
            client
        };
        let (written, client) = tokio::join!(guarded.write_all(&[7; 16]), reads);
        written.unwrap();
        let begun = Instant::now();
        let written = guarded.write_all(&[7; 16]).await;
        assert_eq!(written.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(begun.elapsed() >= patience);
        drop(client);
    }
}
