//! `[cruscotto]`
//!
//! ```toml
//! [cruscotto]
//! public_url = "https://omnia.inps.example"
//! contact = "abilitazioni.omnia@inps.example"
//!
//! [[cruscotto.providers]]
//! issuer = "https://idp.ministero.example/realms/uffici"
//! name = "Ministero del Lavoro"
//! client_id = "omnia-cruscotto"
//! client_secret_file = "/etc/omnia/idp_secret"
//! enti = ["MLPS"]
//! ```

use std::{collections::BTreeSet, path::PathBuf};

use reqwest::Url;
use serde::Deserialize;

use crate::{
    abilitazione::{authn::is_loopback, grants::Ente},
    setting::{Checked, list, not_blank},
};

/// `[cruscotto]`: the pages. Without a provider there are none.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CruscottoSettings {
    /// Where browsers reach this service: `https://host[:port]`. Required with a provider.
    pub public_url: Option<String>,
    /// Whom to write to for a grant (§3 of the Messaggio), as the page tells those who have none.
    pub contact: Option<String>,
    /// Whether a session counts as the tracking evidence that an ente must bring (`access.evidence`).
    pub session_is_evidence: bool,
    /// Who says who a person is.
    pub providers: Vec<ProviderSettings>,
    /// Who signs in by choice. No file and no variable can say so: `omnia demo` does.
    #[cfg(feature = "demo")]
    #[serde(skip)]
    pub demo_users: Vec<super::DemoUser>,
}

/// One of `[[cruscotto.providers]]`: an OpenID provider. An array of tables, hence in the file only.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderSettings {
    /// Its issuer identifier, from which the rest is found (OpenID Connect Discovery 1.0): https; http for this very machine.
    pub issuer: String,
    /// What people call it, on the button.
    pub name: String,
    /// What it calls this service.
    pub client_id: String,
    /// A file with the secret by which it knows this service. Without it: a public client, which PKCE alone protects.
    #[serde(default)]
    pub client_secret_file: Option<PathBuf>,
    /// The enti whose people it names. An ente's people may be named by several providers that trust one another.
    #[serde(deserialize_with = "list::deserialize")]
    pub enti: Vec<String>,
    /// The claim of its ID tokens that is the subject of a grant. Without it: `sub`.
    #[serde(default)]
    pub subject_claim: Option<String>,
    /// What it is asked for beside `openid`.
    #[serde(default, deserialize_with = "list::deserialize")]
    pub scopes: Vec<String>,
}

impl CruscottoSettings {
    /// Whether there is a way to sign in.
    #[must_use]
    pub fn is_on(&self) -> bool {
        #[cfg(feature = "demo")]
        let by_choice = !self.demo_users.is_empty();
        #[cfg(not(feature = "demo"))]
        let by_choice = false;
        by_choice || !self.providers.is_empty()
    }

    pub(crate) fn check(&self) -> Checked {
        if let Some(url) = &self.public_url {
            let parsed = Url::parse(url).ok().filter(secure);
            let is_origin =
                parsed.is_some_and(|parsed| parsed.origin().ascii_serialization() == *url);
            if !is_origin {
                return Err(format!(
                    "settings: cruscotto.public_url must be https://host[:port] and no more (http only for this very machine), not {url:?}"
                ));
            }
        } else if !self.providers.is_empty() {
            return Err(
                "settings: cruscotto.public_url is not set: a provider sends browsers back to it"
                    .to_owned(),
            );
        }
        let mut names = BTreeSet::new();
        for provider in &self.providers {
            provider.check()?;
            if !names.insert(&provider.issuer) {
                return Err(format!(
                    "settings: cruscotto.providers: two have the issuer {:?}",
                    provider.issuer
                ));
            }
        }
        Ok(())
    }
}

impl ProviderSettings {
    fn check(&self) -> Checked {
        not_blank("cruscotto.providers.name", &self.name)?;
        not_blank("cruscotto.providers.client_id", &self.client_id)?;
        if !Url::parse(&self.issuer).is_ok_and(|url| secure(&url)) {
            return Err(format!(
                "settings: cruscotto.providers.issuer must be an https URL (http only for this very machine), not {:?}",
                self.issuer
            ));
        }
        if self.enti.is_empty() {
            return Err(format!(
                "settings: cruscotto.providers.enti of {:?} is empty: say of which enti (MLPS, MEF, INPS) its people are",
                self.issuer
            ));
        }
        for ente in &self.enti {
            ente.parse::<Ente>().map_err(|_| {
                format!("settings: cruscotto.providers.enti: there is no ente {ente:?}")
            })?;
        }
        Ok(())
    }
}

/// Whether nobody on the way reads what is said to this URL.
pub(super) fn secure(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.has_host(),
        "http" => is_loopback(url),
        _ => false,
    }
}
