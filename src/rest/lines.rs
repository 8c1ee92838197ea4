//! A stream as lines of JSON (`application/x-ndjson`): one `intestazione`, one `riga` for each row, one `resume_token` after each lotto, one
//! `chiusura`.
//!
//! ```text
//! {"intestazione":{"rilevazione":{…}}}
//! {"riga":{"prestazione":"CIGS",…}}
//! {"riga":{…}}
//! {"resume_token":"…"}
//! {"chiusura":{"totali":{…}}}
//! ```
//!
//! A stream that fails breaks its connection (HTTP/1.1: no last chunk; HTTP/2: RST_STREAM), so that it cannot look whole.

use std::{
    io::{self, Write as _},
    sync::Arc,
};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use http::{
    HeaderValue, Response,
    header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY},
};
use http_body::Frame;
use http_body_util::StreamBody;
use prost_reflect::{DynamicMessage, MessageDescriptor};
use tonic::{Status, body::Body};

use super::{
    answer::{Frames, json_options},
    batch::BatchPlan,
};
use crate::error::Error;

/// The answer of a streamed call, whose first message has come.
///
/// # Errors
/// The bytes are not the message: a fault of ours.
pub(super) fn response(
    first: Bytes,
    frames: Frames,
    of: MessageDescriptor,
    plan: Arc<BatchPlan>,
    gzip: bool,
) -> Result<Response<Body>, Status> {
    let first = lines(first, &of, &plan)?;
    let rest = stream::try_unfold((frames, of, plan), |(mut frames, of, plan)| async {
        let next = match frames.next().await? {
            Some(message) => lines(message, &of, &plan)?,
            None => return Ok::<_, Status>(None),
        };
        Ok(Some((next, (frames, of, plan))))
    });
    let all = stream::iter([Ok(first)]).chain(rest);
    let all = match gzip {
        true => zipped(all).left_stream(),
        false => all.right_stream(),
    };
    let body = StreamBody::new(all.map_ok(Frame::data));
    let mut response = Response::new(Body::new(body));
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-ndjson"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if gzip {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response)
}

/// The same, compressed: what comes of each message can be read as soon as it is there. Of a stream that breaks the end is missing.
fn zipped(
    parts: impl Stream<Item = Result<Bytes, Status>> + Send + 'static,
) -> impl Stream<Item = Result<Bytes, Status>> + Send {
    let gzip = GzEncoder::new(Vec::new(), Compression::fast());
    let parts = Box::pin(parts);
    stream::try_unfold(Some((parts, gzip)), |state| async {
        let Some((mut parts, mut gzip)) = state else {
            return Ok(None);
        };
        let internal = |error: io::Error| Status::from(Error::internal(error));
        let Some(part) = parts.try_next().await? else {
            let end = gzip.finish().map_err(internal)?;
            return Ok(Some((end.into(), None)));
        };
        gzip.write_all(&part)
            .and_then(|()| gzip.flush())
            .map_err(internal)?;
        let part = std::mem::take(gzip.get_mut());
        Ok(Some((part.into(), Some((parts, gzip)))))
    })
}

/// A message of the stream as its lines.
fn lines(message: Bytes, of: &MessageDescriptor, plan: &BatchPlan) -> Result<Bytes, Status> {
    if let Some(text) = plan.lines(&message)? {
        return Ok(text.into());
    }
    let internal = |error: String| Status::from(Error::internal(error));
    let message = DynamicMessage::decode(of.clone(), message);
    let message = message.map_err(|error| internal(error.to_string()))?;
    let mut text = Vec::new();
    for (field, part) in message.fields() {
        if let Some(part) = part.as_message() {
            line(&mut text, field.name(), part).map_err(|error| internal(error.to_string()))?;
        }
    }
    Ok(text.into())
}

fn line(text: &mut Vec<u8>, name: &str, message: &DynamicMessage) -> Result<(), serde_json::Error> {
    text.extend_from_slice(b"{\"");
    // A name of the contract: nothing in it needs an escape.
    text.extend_from_slice(name.as_bytes());
    text.extend_from_slice(b"\":");
    let mut serializer = serde_json::Serializer::new(&mut *text);
    message.serialize_with_options(&mut serializer, &json_options())?;
    text.extend_from_slice(b"}\n");
    Ok(())
}
