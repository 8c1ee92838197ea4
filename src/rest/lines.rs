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

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http::{
    HeaderValue, Response,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};
use http_body::Frame;
use http_body_util::StreamBody;
use prost_reflect::{DynamicMessage, MessageDescriptor, SerializeOptions, Value};
use tonic::{Status, body::Body};

use super::answer::{Frames, json_options};
use crate::error::Error;

const TOKEN: &str = "resume_token";

/// The answer of a streamed call, whose first message has come.
///
/// # Errors
/// The bytes are not the message: a fault of ours.
pub(super) fn response(
    first: Bytes,
    frames: Frames,
    of: MessageDescriptor,
) -> Result<Response<Body>, Status> {
    let first = lines(first, &of)?;
    let rest = stream::try_unfold((frames, of), |(mut frames, of)| async {
        let next = match frames.next().await? {
            Some(message) => lines(message, &of)?,
            None => return Ok::<_, Status>(None),
        };
        Ok(Some((next, (frames, of))))
    });
    let all = stream::iter([Ok(first)]).chain(rest);
    let body = StreamBody::new(all.map_ok(Frame::data));
    let mut response = Response::new(Body::new(body));
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-ndjson"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// A message of the stream as its lines.
fn lines(message: Bytes, of: &MessageDescriptor) -> Result<Bytes, Status> {
    let mut text = Vec::new();
    let written = DynamicMessage::decode(of.clone(), message)
        .map_err(|error| error.to_string())
        .and_then(|message| write(&mut text, &message).map_err(|error| error.to_string()));
    match written {
        Ok(()) => Ok(text.into()),
        Err(error) => Err(Error::internal(error).into()),
    }
}

/// The one part of a message. Of a part with rows, each row, and then where to go on.
fn write(text: &mut Vec<u8>, message: &DynamicMessage) -> Result<(), serde_json::Error> {
    let options = json_options();
    for (field, part) in message.fields() {
        let Value::Message(part) = part else {
            continue;
        };
        let fields: Vec<_> = part.fields().collect();
        let rows = fields.iter().find_map(|(field, value)| {
            let rows = field.is_list().then(|| value.as_list());
            rows.flatten()
        });
        let Some(rows) = rows else {
            line(text, field.name(), part, &options)?;
            continue;
        };
        for row in rows.iter().filter_map(Value::as_message) {
            line(text, "riga", row, &options)?;
        }
        let token = part.get_field_by_name(TOKEN);
        if let Some(token) = token.as_deref().and_then(Value::as_str) {
            let token = serde_json::json!({ TOKEN: token });
            serde_json::to_writer(&mut *text, &token)?;
            text.push(b'\n');
        }
    }
    Ok(())
}

fn line(
    text: &mut Vec<u8>,
    name: &str,
    message: &DynamicMessage,
    options: &SerializeOptions,
) -> Result<(), serde_json::Error> {
    text.extend_from_slice(b"{\"");
    // A name of the contract: nothing in it needs an escape.
    text.extend_from_slice(name.as_bytes());
    text.extend_from_slice(b"\":");
    message.serialize_with_options(&mut serde_json::Serializer::new(&mut *text), options)?;
    text.extend_from_slice(b"}\n");
    Ok(())
}
