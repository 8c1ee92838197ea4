//! An OpenID provider: where a browser is sent, and what comes back.

use std::{fmt, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{Client, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::{
    LocalPath, ProviderSettings, SignInAttempt,
    discovery::{self, Discovered, discover},
};
use crate::{
    abilitazione::{
        authn::{IdTokenExpectation, KeyFreshness, KeyLocation, KeySource, check_id_token},
        sessions::SignedIn,
    },
    clock::Clock,
    error::Sentence,
};

/// How long what a provider says of itself is believed.
const BELIEVED: TimeDelta = TimeDelta::hours(1);
/// How long a provider that did not answer is left alone: whoever comes meanwhile is told so at once.
const PAUSE: TimeDelta = TimeDelta::seconds(5);

/// Why nobody signed in.
#[derive(Debug)]
pub enum SignInError {
    /// The provider says so: the person gave up, or may not.
    Refused(String),
    /// What came back is not the answer to what this browser asked.
    NotOurs(Sentence),
    /// The provider does not answer, or not as it must.
    Provider(Sentence),
}

/// A provider. Cheap to clone.
#[derive(Clone)]
pub struct Provider(Arc<ProviderInner>);

struct ProviderInner {
    settings: ProviderSettings,
    secret: Option<SecretString>,
    redirect_uri: String,
    signed_out_uri: String,
    freshness: KeyFreshness,
    leeway_seconds: u64,
    client: Client,
    clock: Clock,
    told: Mutex<ProviderReport>,
}

/// What a provider has told, and when it did not answer.
#[derive(Default)]
struct ProviderReport {
    known: Option<KnownProvider>,
    failed: Option<(DateTime<Utc>, String)>,
}

/// What is known of a provider, and since when.
#[derive(Clone)]
struct KnownProvider {
    discovered: Arc<Discovered>,
    keys: KeySource,
    since: DateTime<Utc>,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("settings", &self.0.settings)
            .field("redirect_uri", &self.0.redirect_uri)
            .finish_non_exhaustive()
    }
}

/// What a provider answers to a code.
#[derive(Deserialize)]
struct TokenResponse {
    id_token: String,
}

/// What a provider sends a browser back with.
#[derive(Debug, Default)]
pub struct SignInAnswer {
    /// Which question it answers.
    pub state: Option<String>,
    /// Who answers.
    pub iss: Option<String>,
    /// What the ID token is got for.
    pub code: Option<String>,
    /// Why there is none.
    pub error: Option<String>,
}

impl Provider {
    /// A provider as it is set. It is not asked anything yet. Browsers come back to `public_url`.
    ///
    /// # Errors
    /// A sentence: its secret cannot be read.
    pub fn new(
        settings: ProviderSettings,
        public_url: &str,
        freshness: KeyFreshness,
        leeway_seconds: u64,
        clock: Clock,
    ) -> Result<Self, Sentence> {
        let secret = match &settings.client_secret_file {
            None => None,
            Some(file) => {
                let text = std::fs::read_to_string(file).map_err(|error| {
                    format!(
                        "cruscotto.providers.client_secret_file {}: {error}",
                        file.display()
                    )
                })?;
                Some(SecretString::from(text.trim().to_owned()))
            }
        };
        Ok(Self(Arc::new(ProviderInner {
            settings,
            secret,
            redirect_uri: format!("{public_url}/cruscotto/entra/ritorno"),
            signed_out_uri: format!("{public_url}/cruscotto/entra"),
            freshness,
            leeway_seconds,
            client: discovery::client()?,
            clock,
            told: Mutex::default(),
        })))
    }

    /// Its issuer identifier.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.0.settings.issuer
    }

    /// What people call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.settings.name
    }

    /// Begins a sign-in: where the browser goes, and what it holds meanwhile.
    ///
    /// # Errors
    /// [`SignInError::Provider`].
    pub async fn begin(&self, next: LocalPath) -> Result<(Url, SignInAttempt), SignInError> {
        let known = self.known().await.map_err(SignInError::Provider)?;
        let settings = &self.0.settings;
        let attempt = SignInAttempt::new(&settings.issuer, next, self.0.clock.now());
        let scopes = settings.scopes.iter().map(String::as_str);
        let scope: Vec<&str> = ["openid"].into_iter().chain(scopes).collect();
        let mut url = known.discovered.authorization_endpoint.0.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &settings.client_id)
            .append_pair("redirect_uri", &self.0.redirect_uri)
            .append_pair("scope", &scope.join(" "))
            .append_pair("state", &attempt.state)
            .append_pair("nonce", &attempt.nonce)
            .append_pair("code_challenge", &attempt.challenge())
            .append_pair("code_challenge_method", "S256");
        Ok((url, attempt))
    }

    /// Ends a sign-in: who it was.
    ///
    /// # Errors
    /// A [`SignInError`].
    pub async fn finish(
        &self,
        attempt: &SignInAttempt,
        answer: SignInAnswer,
    ) -> Result<SignedIn, SignInError> {
        let not_ours = |why: &str| SignInError::NotOurs(why.into());
        if answer.state.as_deref() != Some(&attempt.state) {
            return Err(not_ours("it answers what another browser asked (state)"));
        }
        let known = self.known().await.map_err(SignInError::Provider)?;
        let says_who = known
            .discovered
            .authorization_response_iss_parameter_supported;
        match answer.iss.as_deref() {
            Some(issuer) if issuer != attempt.issuer => {
                return Err(not_ours("another provider answers (iss)"));
            }
            None if says_who => return Err(not_ours("it does not say who answers (iss)")),
            _ => {}
        }
        if let Some(error) = answer.error {
            return Err(SignInError::Refused(error));
        }
        let code = answer.code.ok_or_else(|| not_ours("it has no code"))?;
        let token = self.exchange(&known.discovered, &code, &attempt.verifier);
        let token = token.await.map_err(SignInError::Provider)?;
        let settings = &self.0.settings;
        let expected = IdTokenExpectation {
            issuer: &settings.issuer,
            client_id: &settings.client_id,
            nonce: &attempt.nonce,
            subject_claim: settings.subject_claim.as_deref().unwrap_or("sub"),
        };
        let (leeway, clock) = (self.0.leeway_seconds, &self.0.clock);
        let soggetto = check_id_token(&token, &expected, &known.keys, leeway, clock);
        Ok(SignedIn {
            issuer: settings.issuer.clone(),
            soggetto: soggetto.await.map_err(SignInError::Provider)?,
        })
    }

    /// Where one signs out of the provider too. `None`: it has no such place, or does not answer.
    pub async fn sign_out(&self) -> Option<Url> {
        let known = self.known().await.ok()?;
        let mut url = known.discovered.end_session_endpoint.clone()?.0;
        // The client says whose it is: an ID token would stand in the history of the browser.
        url.query_pairs_mut()
            .append_pair("client_id", &self.0.settings.client_id)
            .append_pair("post_logout_redirect_uri", &self.0.signed_out_uri);
        Some(url)
    }

    async fn exchange(
        &self,
        discovered: &Discovered,
        code: &str,
        verifier: &str,
    ) -> Result<String, Sentence> {
        let settings = &self.0.settings;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.0.redirect_uri),
            ("code_verifier", verifier),
            ("client_id", &settings.client_id),
        ];
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let mut request = self
            .0
            .client
            .post(discovered.token_endpoint.0.clone())
            .header(
                http::header::CONTENT_TYPE,
                "application/x-www-form-urlencoded",
            )
            .header(http::header::ACCEPT, "application/json")
            .body(body);
        if let Some(secret) = &self.0.secret {
            // RFC 6749, 2.3.1: both are encoded as in a form first.
            let encoded =
                |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            request = request.basic_auth(
                encoded(&settings.client_id),
                Some(encoded(secret.expose_secret())),
            );
        }
        let response: TokenResponse = discovery::json(request.send().await?).await?;
        Ok(response.id_token)
    }

    /// What the provider says of itself, asked once an hour; who comes meanwhile waits for the same answer.
    async fn known(&self) -> Result<KnownProvider, Sentence> {
        let mut told = self.0.told.lock().await;
        let now = self.0.clock.now();
        let known = told.known.as_ref();
        if let Some(known) = known.filter(|known| now - known.since < BELIEVED) {
            return Ok(known.clone());
        }
        if let Some((_, why)) = told.failed.as_ref().filter(|(at, _)| now - *at < PAUSE) {
            return known.cloned().ok_or_else(|| why.clone().into());
        }
        let issuer = &self.0.settings.issuer;
        let discovered = match discover(&self.0.client, issuer).await {
            Ok(discovered) => discovered,
            Err(error) => {
                let why = format!("{issuer}: {error}");
                told.failed = Some((now, why.clone()));
                // What it said before is better than nothing; its keys are looked after by themselves.
                return told.known.clone().ok_or_else(|| why.into());
            }
        };
        let same = told
            .known
            .take()
            .filter(|known| known.discovered.jwks_uri == discovered.jwks_uri);
        let keys = match same {
            Some(same) => same.keys,
            None => {
                let location = KeyLocation::Url(discovered.jwks_uri.0.clone());
                KeySource::from_location(location, self.0.freshness, self.0.clock.clone()).await?
            }
        };
        let found = KnownProvider {
            discovered: Arc::new(discovered),
            keys,
            since: now,
        };
        told.known = Some(found.clone());
        Ok(found)
    }
}
