//! The message of a call, waited for before anything answers it.
//!
//! A call is let in by its headers, and its message may come later: a client could hold a call open, headers only, and
//! have it answered after its grant was revoked. So the door waits for the message itself, for a while and up to a size, and
//! decides again where that took time; behind the door an answer follows at once. Every call of the contract has one message.

use std::time::Duration;

use bytes::BytesMut;
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
    timeout(PAZIENZA, raccogli(body, limite.saturating_add(PREFIX)))
        .await
        .unwrap_or_else(|_| Err(malformed("the request did not arrive whole in ten seconds")))
}

async fn raccogli(mut body: Body, limite: usize) -> Result<Body> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| malformed("the request broke off"))?;
        let Ok(data) = frame.into_data() else {
            // Trailers of a request: nobody reads them.
            continue;
        };
        if whole.len() + data.len() > limite {
            return Err(Error::new(
                Reason::MessageTooLarge,
                "the request is larger than this server accepts",
            ));
        }
        whole.extend_from_slice(&data);
    }
    Ok(Body::new(Full::new(whole.freeze())))
}

fn malformed(message: &'static str) -> Error {
    Error::new(Reason::MessageMalformed, message)
}
