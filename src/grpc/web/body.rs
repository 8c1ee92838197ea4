//! The bodies of gRPC-Web: what comes in base64, and trailers that go in the body.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::{BufMut as _, Bytes, BytesMut};
use http::HeaderMap;
use http_body::Frame;
use tonic::{Code, Status, body::Body};

use super::media_type::WebForm;
use crate::{
    error::{Error, Reason},
    grpc::framing::PREFIX,
};

/// The flag of the frame that has the trailers.
const TRAILERS: u8 = 0x80;
/// So many characters of base64 stand for whole bytes.
const QUAD: usize = 4;

/// A body that came in base64.
#[derive(Debug)]
pub(super) struct RequestBody {
    body: Body,
    /// Of a group of four, what came.
    begun: BytesMut,
}

impl RequestBody {
    pub(super) fn new(body: Body) -> Self {
        Self {
            body,
            begun: BytesMut::new(),
        }
    }
}

impl http_body::Body for RequestBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        loop {
            let frame = match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(frame) => frame?,
                None if self.begun.is_empty() => return Poll::Ready(None),
                None => {
                    self.begun.clear();
                    return Poll::Ready(Some(Err(malformed())));
                }
            };
            // Trailers of a request are ignored.
            let Ok(data) = frame.into_data() else {
                continue;
            };
            self.begun.extend_from_slice(&data);
            let bytes = decode(&mut self.begun)?;
            if !bytes.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
        }
    }
}

/// What whole groups of four stand for; the rest stays. Each piece that was encoded by itself may end with padding.
fn decode(text: &mut BytesMut) -> Result<Bytes, Status> {
    let mut whole = text.split_to(text.len() / QUAD * QUAD);
    let mut bytes = Vec::with_capacity(whole.len() / QUAD * 3);
    while !whole.is_empty() {
        let padding = whole.iter().position(|character| *character == b'=');
        let end = padding.map_or(whole.len(), |at| (at / QUAD + 1) * QUAD);
        STANDARD
            .decode_vec(whole.split_to(end), &mut bytes)
            .map_err(|_| malformed())?;
    }
    Ok(bytes.into())
}

fn malformed() -> Status {
    Error::new(
        Reason::MessageMalformed,
        "the content-type says that the request is in base64, and it is not",
    )
    .into()
}

/// Whether a body of a request ended because it is not what its content type says. Else it broke off.
#[must_use]
pub fn is_malformed(status: &Status) -> bool {
    // Nothing that happens to a connection has this code.
    status.code() == Code::InvalidArgument
}

/// The body of an answer: frames as they are, and the trailers as a frame more. One without it broke off, as in gRPC one without trailers.
#[derive(Debug)]
pub(super) struct AnswerBody {
    body: Body,
    form: WebForm,
}

impl AnswerBody {
    pub(super) fn new(body: Body, form: WebForm) -> Self {
        Self { body, form }
    }
}

impl http_body::Body for AnswerBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(context)) else {
            return Poll::Ready(None);
        };
        let bytes = match frame?.into_data() {
            Ok(data) => data,
            // A frame is the one or the other.
            Err(frame) => frame.into_trailers().map(in_frame).unwrap_or_default(),
        };
        let bytes = match self.form {
            WebForm::Binary => bytes,
            WebForm::Text => STANDARD.encode(&bytes).into(),
        };
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    // No size hint: it would be that of the frames alone.
}

fn in_frame(trailers: HeaderMap) -> Bytes {
    let mut frame = BytesMut::from(&[TRAILERS, 0, 0, 0, 0][..]);
    for (name, value) in &trailers {
        frame.put_slice(name.as_str().as_bytes());
        frame.put_slice(b": ");
        frame.put_slice(value.as_bytes());
        frame.put_slice(b"\r\n");
    }
    // Trailers have a few KiB.
    let length = u32::try_from(frame.len() - PREFIX).unwrap_or(u32::MAX);
    frame[1..PREFIX].copy_from_slice(&length.to_be_bytes());
    frame.freeze()
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use http::HeaderValue;
    use http_body::Body as _;
    use http_body_util::{BodyExt as _, StreamBody};

    use super::*;

    fn body(pieces: &[&'static [u8]]) -> Body {
        let frames: Vec<Result<_, Status>> = pieces
            .iter()
            .map(|piece| Ok(Frame::data(Bytes::from_static(piece))))
            .collect();
        Body::new(StreamBody::new(stream::iter(frames)))
    }

    async fn decoded(pieces: &[&'static [u8]]) -> Result<Bytes, Status> {
        let read = RequestBody::new(body(pieces)).collect().await;
        read.map(http_body_util::Collected::to_bytes)
    }

    #[tokio::test]
    async fn base64_however_it_is_cut() {
        for (pieces, expected) in [
            (&[&b"AAECAwQ="[..]][..], &[0, 1, 2, 3, 4][..]),
            (&[b"A", b"AECA", b"", b"wQ", b"="], &[0, 1, 2, 3, 4]),
            // Two pieces, each with its padding.
            (&[b"AA==AQI=Aw=="], &[0, 1, 2, 3]),
            (&[b"AA==A", b"QI=", b"Aw=="], &[0, 1, 2, 3]),
            (&[], &[]),
        ] {
            assert_eq!(decoded(pieces).await.unwrap(), expected, "{pieces:?}");
        }
        for bad in [
            &[&b"AAECAwQ"[..]][..],
            &[b"AAEC", b"!AAA"],
            &[b"A=AA"],
            &[b"===="],
            &[b"AAEC\r\n"],
            &[b"AAE_"],
        ] {
            let status = decoded(bad).await.unwrap_err();
            assert!(is_malformed(&status), "{bad:?} {status:?}");
        }
    }

    #[tokio::test]
    async fn trailers_are_the_last_frame() {
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static("5"));
        trailers.insert("grpc-message", HeaderValue::from_static("no%20such"));
        let written = b"grpc-status: 5\r\ngrpc-message: no%20such\r\n";
        let expected = [
            &b"\0\0\0\0\x02ab\x80\0\0\0"[..],
            &[u8::try_from(written.len()).unwrap()][..],
            &written[..],
        ]
        .concat();
        for form in [WebForm::Binary, WebForm::Text] {
            let ends = stream::iter([
                Ok::<_, Status>(Frame::data(Bytes::from_static(b"\0\0\0\0\x02ab"))),
                Ok(Frame::trailers(trailers.clone())),
            ]);
            let answer = AnswerBody::new(Body::new(StreamBody::new(ends)), form);
            assert_eq!(answer.size_hint().exact(), None);
            let sent = answer.collect().await.unwrap();
            assert!(sent.trailers().is_none());
            let sent = match form {
                WebForm::Binary => sent.to_bytes(),
                WebForm::Text => RequestBody::new(Body::new(sent))
                    .collect()
                    .await
                    .unwrap()
                    .to_bytes(),
            };
            assert_eq!(sent, expected, "{form:?}");
        }
    }

    #[tokio::test]
    async fn a_body_that_breaks_has_no_trailers() {
        let breaks = stream::iter([
            Ok(Frame::data(Bytes::from_static(b"\0\0\0\0\x02ab"))),
            Err(Status::internal("broken")),
        ]);
        let answer = AnswerBody::new(Body::new(StreamBody::new(breaks)), WebForm::Binary);
        assert_eq!(answer.collect().await.unwrap_err().message(), "broken");
    }
}
