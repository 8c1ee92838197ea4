//! Streams that need no token: `Health/Watch`, and reflection. They may be idle for long, so what is bounded is how many there are.

use std::net::IpAddr;

use crate::{
    error::{Error, Reason, Result},
    grpc::places::{Full, Places, TakenPlace},
};

/// In all: a few for each of a cluster's probes.
const ALL: usize = 256;
/// Of one address.
const EACH: usize = 32;

/// The places of these streams. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct PublicStreams(Places);

impl Default for PublicStreams {
    fn default() -> Self {
        Self(Places::new(ALL, EACH))
    }
}

impl PublicStreams {
    /// A place for a client. All whose address is not known share those of one.
    ///
    /// # Errors
    /// [`Reason::TooManyStreams`].
    pub(crate) fn reserve(&self, indirizzo: Option<IpAddr>) -> Result<TakenPlace> {
        let who = indirizzo.map(|ip| crate::transport::network(ip).to_string());
        self.0.take(&who.unwrap_or_default()).map_err(|full| {
            let (message, limit) = match full {
                Full::All => (
                    "as many such streams are open as this server allows",
                    "server",
                ),
                Full::Share => (
                    "as many such streams are open as one address may have",
                    "address",
                ),
            };
            Error::new(Reason::TooManyStreams, message).with("limit", limit)
        })
    }
}
