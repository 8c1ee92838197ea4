//! The service, as a caller sees it.

use tonic::{
    Request, Status,
    metadata::AsciiMetadataValue,
    transport::{Channel, Endpoint},
};

use super::{super::secret_text::SecretText, failure::Failure, tls::ClientTls};
use crate::{
    config::ServerAddress,
    contract::proto::{
        access_service_client::AccessServiceClient, decree_service_client::DecreeServiceClient,
        monitoraggio_service_client::MonitoraggioServiceClient,
        report_service_client::ReportServiceClient,
    },
    error::Sentence,
};

/// Far more than the longest message of the contract.
const MAX_MESSAGE: usize = 16 * 1024 * 1024;

/// A connection that mends itself, and the token to ask with.
#[derive(Debug)]
pub(super) struct ServiceClient {
    indirizzo: ServerAddress,
    channel: Channel,
    token: SecretText,
}

impl ServiceClient {
    /// Connects.
    ///
    /// # Errors
    /// There is no connection; the token cannot be read.
    pub(super) async fn connect(
        indirizzo: ServerAddress,
        endpoint: &Endpoint,
        tls: Option<&ClientTls>,
        token: SecretText,
    ) -> Result<Self, Failure> {
        let token = match token {
            // It can be read once, and is needed at every try.
            SecretText::Stdin => SecretText::Inline(token.read()?),
            other => other,
        };
        bearer(&token)?;
        let channel = match tls {
            Some(tls) => {
                let connector = tls.connector(indirizzo.uri())?;
                endpoint.connect_with_connector(connector).await
            }
            None => endpoint.connect().await,
        };
        let channel = channel.map_err(|error| Failure::unreachable(&error, &indirizzo))?;
        Ok(Self {
            indirizzo,
            channel,
            token,
        })
    }

    /// Where it is.
    pub(super) fn address(&self) -> &ServerAddress {
        &self.indirizzo
    }

    /// A call with the token as it is now: renewing its file keeps a long download going.
    ///
    /// # Errors
    /// The token cannot be read.
    pub(super) fn request<T>(&self, message: T) -> Result<Request<T>, Failure> {
        let mut request = Request::new(message);
        let metadata = request.metadata_mut();
        metadata.insert("authorization", bearer(&self.token)?);
        Ok(request)
    }

    pub(super) fn report(&self) -> ReportServiceClient<Channel> {
        ReportServiceClient::new(self.channel.clone()).max_decoding_message_size(MAX_MESSAGE)
    }

    pub(super) fn decrees(&self) -> DecreeServiceClient<Channel> {
        DecreeServiceClient::new(self.channel.clone()).max_decoding_message_size(MAX_MESSAGE)
    }

    pub(super) fn monitoraggio(&self) -> MonitoraggioServiceClient<Channel> {
        MonitoraggioServiceClient::new(self.channel.clone()).max_decoding_message_size(MAX_MESSAGE)
    }

    pub(super) fn access(&self) -> AccessServiceClient<Channel> {
        AccessServiceClient::new(self.channel.clone()).max_decoding_message_size(MAX_MESSAGE)
    }

    /// What a failed call means.
    pub(super) fn failure(&self, status: &Status) -> Failure {
        Failure::from_status(status, &self.indirizzo)
    }
}

/// The header; no error repeats the token.
fn bearer(token: &SecretText) -> Result<AsciiMetadataValue, Sentence> {
    let text = token.read()?;
    let text = match text.split_once(char::is_whitespace) {
        Some((schema, rest)) if schema.eq_ignore_ascii_case("bearer") => rest.trim_start(),
        Some((schema, _)) if schema.eq_ignore_ascii_case("dpop") => {
            return Err(
                "the token is bound to a key, and omnia get makes no DPoP proofs: use one that is not"
                    .into(),
            );
        }
        _ => &text,
    };
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("the token is not one: it is empty or holds blanks".into());
    }
    let mut value: AsciiMetadataValue = format!("Bearer {text}")
        .parse()
        .map_err(|_| "the token is not one")?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_as_it_may_be_copied() {
        for text in ["a.b.c", " a.b.c\n", "Bearer a.b.c", "bearer  a.b.c"] {
            assert_eq!(bearer(&text.parse().unwrap()).unwrap(), "Bearer a.b.c");
        }
        for text in ["", "segreto segreto", "DPoP segreto", "segretò"] {
            let error = bearer(&text.parse().unwrap()).unwrap_err().to_string();
            assert!(!error.contains("segret"), "{error}");
        }
    }
}
