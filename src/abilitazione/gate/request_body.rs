//! The message of a call, waited for before anything answers it.
//!
//! A call is let in by its headers, and its message may come later: a client could hold a call open, headers only, and
//! have it answered after its grant was revoked. So the door waits for the message itself, for a while and up to a size, and
//! decides again where that took time; behind the door an answer follows at once. Every call of the contract has one message.

use std::{future::pending, time::Duration};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body_util::{BodyExt as _, Full};
use tokio::time::timeout;
use tonic::body::Body;

use crate::{
    error::{Error, Reason, Result},
    grpc::{
        framing::{self, PREFIX, announced},
        web,
    },
};

/// How long a client may take to send a message of a few KiB.
const RECEIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// Waits for the whole body of a call whose message has `limit` bytes at most. Where the client gives the call up meanwhile it
/// does not return: the connection drops the call, and the layers outside record it as cancelled.
///
/// # Errors
/// [`Reason::MessageTooLarge`]; [`Reason::MessageMalformed`] where it does not come to its end; as [`framing::check`].
pub(crate) async fn receive_body(body: Body, headers: &HeaderMap, limit: usize) -> Result<Body> {
    let whole = timeout(RECEIVE_TIMEOUT, collect_body(body, limit))
        .await
        .unwrap_or_else(|_| Err(malformed("the request did not arrive whole in ten seconds")))?;
    framing::check(&whole, headers)?;
    Ok(Body::new(Full::new(whole)))
}

async fn collect_body(mut body: Body, limit: usize) -> Result<Bytes> {
    // One frame has it all, as a rule: then nothing is copied.
    let mut whole = Bytes::new();
    while let Some(frame) = body.frame().await {
        let frame = match frame {
            Ok(frame) => frame,
            Err(status) if web::is_malformed(&status) => {
                return Err(malformed(
                    "the request is not the base64 that its content-type says it is",
                ));
            }
            // The stream was reset or the connection broke; there is no caller left to tell.
            Err(_) => return pending().await,
        };
        let Ok(data) = frame.into_data() else {
            // Trailers of a request are ignored.
            continue;
        };
        if whole.len() + data.len() > limit.saturating_add(PREFIX) {
            return Err(too_large());
        }
        whole = match whole.is_empty() {
            true => data,
            false => appended(whole, &data),
        };
        // One that only announces more is not waited for.
        if announced(&whole).is_some_and(|announced| announced > limit) {
            return Err(too_large());
        }
    }
    Ok(whole)
}

fn appended(begun: Bytes, data: &[u8]) -> Bytes {
    // Only the first append copies: from then on the buffer is ours alone.
    let mut begun = BytesMut::from(begun);
    begun.extend_from_slice(data);
    begun.freeze()
}

fn too_large() -> Error {
    Error::new(
        Reason::MessageTooLarge,
        "the request is larger than this server accepts",
    )
}

fn malformed(message: &'static str) -> Error {
    Error::new(Reason::MessageMalformed, message)
}
