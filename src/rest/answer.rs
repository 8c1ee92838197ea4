//! The answer of a call, as JSON: the JSON form of protobuf, with the names of the contract, and with the fields that have no presence.

use std::io::Write as _;

use bytes::{Buf as _, Bytes, BytesMut};
use flate2::{Compression, write::GzEncoder};
use http::{
    HeaderMap, HeaderValue, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, VARY},
};
use http_body_util::BodyExt as _;
use prost_reflect::{DynamicMessage, MessageDescriptor, SerializeOptions};
use tonic::{Code, Status, body::Body};

use super::{accept::accepts_gzip, condition};
use crate::error::Error;

/// What a frame of gRPC begins with: a flag, and four bytes of length.
const FRAME_HEAD: usize = 5;

/// How messages are spelt.
pub(super) fn json_options() -> SerializeOptions {
    SerializeOptions::new()
        .use_proto_field_name(true)
        .skip_default_fields(false)
}

/// A message as JSON.
///
/// # Errors
/// The bytes are not the message: a fault of ours.
pub(super) fn json(message: Bytes, of: MessageDescriptor) -> Result<Vec<u8>, Status> {
    let internal = |error: String| Status::from(Error::internal(error));
    let message =
        DynamicMessage::decode(of, message).map_err(|error| internal(error.to_string()))?;
    let mut text = Vec::new();
    let mut serializer = serde_json::Serializer::new(&mut text);
    message
        .serialize_with_options(&mut serializer, &json_options())
        .map_err(|error| internal(error.to_string()))?;
    Ok(text)
}

/// The frames of a body, and how it ends.
#[derive(Debug)]
pub(super) struct Frames {
    body: Body,
    buffered: BytesMut,
    /// Once the body has ended.
    trailers: Option<HeaderMap>,
}

impl Frames {
    /// Of an answer.
    ///
    /// # Errors
    /// It is a refusal.
    pub(super) fn of(response: Response<Body>) -> Result<Self, Status> {
        match Status::from_header_map(response.headers()) {
            Some(status) if status.code() != Code::Ok => Err(status),
            _ => Ok(Self {
                body: response.into_body(),
                buffered: BytesMut::new(),
                trailers: None,
            }),
        }
    }

    /// The first message.
    ///
    /// # Errors
    /// What the call ended with; there is none.
    pub(super) async fn first(&mut self) -> Result<Bytes, Status> {
        let first = self.next().await?;
        first.ok_or_else(|| Error::internal("a call without an answer").into())
    }

    /// The next message; `None` at the end of a call that went well.
    ///
    /// # Errors
    /// What the call ended with; one that ends without a word was broken.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Status> {
        loop {
            if let Some(message) = self.buffered_message()? {
                return Ok(Some(message));
            }
            match self.body.frame().await {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.buffered.extend_from_slice(&data),
                    Err(frame) => self.trailers = frame.into_trailers().ok(),
                },
                Some(Err(status)) => return Err(status),
                None => {
                    let status = self.trailers.as_ref().and_then(Status::from_header_map);
                    return match status {
                        Some(status) if status.code() == Code::Ok => Ok(None),
                        Some(status) => Err(status),
                        None => Err(Error::internal("a call that ended without a status").into()),
                    };
                }
            }
        }
    }

    fn buffered_message(&mut self) -> Result<Option<Bytes>, Status> {
        let Some(head) = self.buffered.first_chunk::<FRAME_HEAD>() else {
            return Ok(None);
        };
        let [compressed, length @ ..] = *head;
        if compressed != 0 {
            return Err(Error::internal("a compressed frame that nobody asked for").into());
        }
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if self.buffered.len() - FRAME_HEAD < length {
            return Ok(None);
        }
        self.buffered.advance(FRAME_HEAD);
        Ok(Some(self.buffered.split_to(length).freeze()))
    }
}

/// An answer in JSON to a request with these headers. `kept`: whether the caller may keep it, and ask whether it still holds. That it does was
/// decided and recorded like any answer: it is the answer of this very call.
pub(super) fn response(json: Vec<u8>, asked: &HeaderMap, kept: bool) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    let etag = kept.then(|| condition::etag(&json));
    let gzip = accepts_gzip(asked) && json.len() >= GZIP_FROM;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(CACHE_CONTROL, keeping(kept));
    if let Some(etag) = etag {
        // Hexadecimal digits: they are always a header. Of each encoding another.
        let etag = match gzip {
            true => format!("{}-gzip\"", etag.trim_end_matches('"')),
            false => etag,
        };
        if let Ok(value) = HeaderValue::from_str(&etag) {
            headers.insert(ETAG, value);
        }
        if condition::is_unchanged(asked, &etag) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
    }
    let body = match gzip {
        true => {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            zip(&json)
        }
        false => json,
    };
    headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    *response.body_mut() = Body::new(http_body_util::Full::from(body));
    response
}

/// Whether an answer may be kept: never without asking again, since what a caller may see can change from one call to the next.
pub(super) fn keeping(kept: bool) -> HeaderValue {
    HeaderValue::from_static(match kept {
        true => "private, no-cache",
        false => "no-store",
    })
}

/// To compress less would save nothing.
const GZIP_FROM: usize = 1024;

/// In gzip.
pub(crate) fn zip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::fast());
    // Writing to memory cannot fail.
    let _ = gzip.write_all(bytes);
    gzip.finish().unwrap_or_default()
}
