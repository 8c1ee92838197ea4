//! The pages of the Cruscotto, as the settings have them, or none.

#[cfg(feature = "cruscotto")]
pub(super) use with_pages::{Pages, pages};

#[cfg(not(feature = "cruscotto"))]
pub(super) use without_pages::{Pages, pages};

#[cfg(not(feature = "cruscotto"))]
mod without_pages {
    use http::HeaderName;
    use tower::layer::util::Identity;

    use crate::{
        clock::Clock, config::Settings, crypto::key::AuditKey, error::Sentence,
        postgres::DatabaseConnections,
    };

    pub(in crate::app) type Pages = Identity;

    /// None: the program was built without them.
    pub(in crate::app) fn pages(
        settings: &Settings,
        _: &DatabaseConnections,
        _: &AuditKey,
        _: &HeaderName,
        _: Clock,
    ) -> Result<Pages, Sentence> {
        match settings.cruscotto.providers.is_empty() {
            true => Ok(Identity::new()),
            false => Err(
                "cruscotto.providers is set, and this program was built without the pages (the feature cruscotto)".into(),
            ),
        }
    }
}

#[cfg(feature = "cruscotto")]
mod with_pages {
    use std::{collections::BTreeMap, time::Duration};

    use http::HeaderName;

    use super::super::authenticator::freshness;
    use crate::{
        abilitazione::{
            authn::Enti,
            sessions::{CookieKey, Sessions},
            sign_in::{CruscottoSettings, Provider},
        },
        clock::Clock,
        config::Settings,
        cruscotto::{CruscottoLayer, Site, SiteParts, WayIn},
        crypto::key::AuditKey,
        error::Sentence,
        postgres::{DatabaseConnections, SideConnections},
    };

    pub(in crate::app) type Pages = CruscottoLayer;

    /// The pages. There are none where there is no way to sign in. `key` is the service's own, of which the key of cookies is derived: all
    /// instances have the same.
    ///
    /// # Errors
    /// A sentence: the secret of a provider cannot be read.
    pub(in crate::app) fn pages(
        settings: &Settings,
        database: &DatabaseConnections,
        key: &AuditKey,
        address_header: &HeaderName,
        clock: Clock,
    ) -> Result<Pages, Sentence> {
        let cruscotto = &settings.cruscotto;
        let ways_in = ways_in(settings, &clock)?;
        if ways_in.is_empty() {
            return Ok(CruscottoLayer::new(None));
        }
        let key = CookieKey::new(&key.derived(CookieKey::PURPOSE));
        let pool = database.beside(SideConnections::Sessions);
        let is_evidence = cruscotto.session_is_evidence;
        let issuers = issuers(cruscotto);
        Ok(CruscottoLayer::new(Some(Site::new(SiteParts {
            sessions: Sessions::new(pool, clock.clone(), key.clone(), issuers, is_evidence),
            ways_in,
            key,
            contact: cruscotto.contact.clone(),
            address_header: address_header.clone(),
            patience: Duration::from_secs(settings.server.preface_seconds),
            clock,
        }))))
    }

    fn ways_in(settings: &Settings, clock: &Clock) -> Result<Vec<WayIn>, Sentence> {
        let cruscotto = &settings.cruscotto;
        let public_url = cruscotto.public_url.as_deref().unwrap_or_default();
        let mut ways_in = Vec::new();
        for provider in &cruscotto.providers {
            let freshness = freshness(settings.access.keys);
            let leeway = settings.access.leeway_seconds;
            let provider = Provider::new(
                provider.clone(),
                public_url,
                freshness,
                leeway,
                clock.clone(),
            )?;
            ways_in.push(WayIn::Provider(provider));
        }
        #[cfg(feature = "demo")]
        ways_in.extend(cruscotto.demo_users.iter().cloned().map(WayIn::Demo));
        Ok(ways_in)
    }

    /// Whose names each gives.
    fn issuers(settings: &CruscottoSettings) -> BTreeMap<String, Enti> {
        let providers = settings.providers.iter().map(|provider| {
            let enti = provider.enti.iter().map(String::as_str);
            (provider.issuer.clone(), Enti::only(enti))
        });
        #[cfg(feature = "demo")]
        let providers = providers.chain(
            settings
                .demo_users
                .iter()
                .map(|user| (user.issuer.clone(), Enti::all())),
        );
        providers.collect()
    }
}
