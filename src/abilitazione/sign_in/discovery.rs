//! What a provider says of itself (OpenID Connect Discovery 1.0, 4).

use std::time::Duration;

use reqwest::{Client, Response, Url, redirect::Policy};
use serde::{Deserialize, de::DeserializeOwned};

use super::settings::secure;
use crate::{abilitazione::authn::bounded_body, error::Sentence};

/// What a provider gets to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Its endpoints, and what it does beyond what all do.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Discovered {
    issuer: String,
    pub(super) authorization_endpoint: Endpoint,
    pub(super) token_endpoint: Endpoint,
    pub(super) jwks_uri: Endpoint,
    /// Where one signs out (OpenID Connect RP-Initiated Logout 1.0).
    pub(super) end_session_endpoint: Option<Endpoint>,
    /// Whether its answers say whose they are (RFC 9207).
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

/// A URL that nobody on the way reads what is said to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Endpoint(pub(super) Url);

impl TryFrom<String> for Endpoint {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let url = Url::parse(&text).ok().filter(secure);
        url.map(Self).ok_or(format!("{text:?} is not an https URL"))
    }
}

/// A client that follows no redirect: whoever answers is who was asked.
pub(super) fn client() -> Result<Client, Sentence> {
    let client = Client::builder().redirect(Policy::none()).timeout(TIMEOUT);
    Ok(client.build()?)
}

/// Asks a provider.
///
/// # Errors
/// A sentence: it does not answer, or what it says cannot be used.
pub(super) async fn discover(client: &Client, issuer: &str) -> Result<Discovered, Sentence> {
    let issuer_path = issuer.trim_end_matches('/');
    let url = format!("{issuer_path}/.well-known/openid-configuration");
    let response = client.get(url).send().await?;
    let discovered: Discovered = json(response).await?;
    // 4.3: it must be the very one that was asked.
    if discovered.issuer != issuer {
        return Err(format!("it calls itself {:?}", discovered.issuer).into());
    }
    Ok(discovered)
}

/// A JSON answer, of a size that can be held.
///
/// # Errors
/// A sentence: another status, too long, or not this JSON.
pub(super) async fn json<T: DeserializeOwned>(mut response: Response) -> Result<T, Sentence> {
    let status = response.status();
    let body = bounded_body(&mut response).await?;
    if status != http::StatusCode::OK {
        // An error of OAuth says why in a word (RFC 6749, 5.2).
        let error: Option<OAuthError> = serde_json::from_slice(&body).ok();
        let error = error.map(|error| error.error).unwrap_or_default();
        return Err(format!("answered with HTTP {status} {error:?}").into());
    }
    Ok(serde_json::from_slice(&body)?)
}

#[derive(Deserialize)]
struct OAuthError {
    error: String,
}
