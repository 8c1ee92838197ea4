//! The message of a call, waited for before anything answers it.
//!
//! A call is let in by its headers, and its message may come later: a client could hold a call open, headers only, and
//! have it answered after its grant was revoked. So the door waits for the message itself, for a while and up to a size, and
//! decides again where that took time; behind the door an answer follows at once. Every call of the contract has one message.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Full};
use tokio::time::timeout;
use tonic::body::Body;

use crate::error::{Error, Reason, Result};

/// How long a client may take to send a message of a few KiB.
const PAZIENZA: Duration = Duration::from_secs(10);
/// What gRPC puts before a message: a flag and its length.
const PREFIX: usize = 5;

/// Waits for the whole body of a call whose message has `limite` bytes at most.
///
/// # Errors
/// [`Reason::MessageTooLarge`]; [`Reason::MessageMalformed`] where it does not come to its end.
pub(super) async fn arrivo(body: Body, limite: usize) -> Result<Body> {
    timeout(PAZIENZA, raccogli(body, limite))
        .await
        .unwrap_or_else(|_| Err(malformed("the request did not arrive whole in ten seconds")))
}

async fn raccogli(mut body: Body, limite: usize) -> Result<Body> {
    // One frame has it all, as a rule: then nothing is copied.
    let mut whole = Bytes::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| malformed("the request broke off"))?;
        let Ok(data) = frame.into_data() else {
            // Trailers of a request: nobody reads them.
            continue;
        };
        if whole.len() + data.len() > limite.saturating_add(PREFIX) {
            return Err(too_large());
        }
        whole = match whole.is_empty() {
            true => data,
            false => appended(whole, &data),
        };
        // One that only announces more is not waited for.
        if announced(&whole).is_some_and(|announced| announced > limite) {
            return Err(too_large());
        }
    }
    Ok(Body::new(Full::new(whole)))
}

fn appended(begun: Bytes, data: &[u8]) -> Bytes {
    // No copy of what is begun, after the first: nobody else has it.
    let mut begun = BytesMut::from(begun);
    begun.extend_from_slice(data);
    begun.freeze()
}

/// The length of the message, once the prefix is there.
fn announced(begun: &[u8]) -> Option<usize> {
    let length: [u8; 4] = begun.get(1..PREFIX)?.try_into().ok()?;
    usize::try_from(u32::from_be_bytes(length)).ok()
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
