//! Who has signed in with a browser.
//!
//! ```text
//! provider ── sign_in ──► SignedIn ──► begin ──► cookie __Host-omnia = secret · MAC        the browser has no token, ever
//! page ── cookie ──► find ──► BrowserSession { user } ──► the calls of the page, with `user` in their extensions
//!                      └── SHA-256 of the secret: a row in Postgres, so that each instance knows it
//! ```
//!
//! A session is of use for [`IDLE`] after it was used last, and for [`WHOLE`] in all; it ends earlier where its user signs out, and where a call
//! finds that the grant has ended. What is no cookie of ours is refused by its MAC, without asking the database.
//!
//! A session gives nothing by itself. Its user is the subject of a grant as the subject of a token is: the same door decides on each call.

mod cookie_key;
mod search;

use std::{collections::BTreeMap, fmt, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;

pub use self::cookie_key::CookieKey;
use crate::{
    abilitazione::authn::{Enti, SessionUser, Sha256Digest, sha256},
    clock::Clock,
    error::Result,
};

/// How long a session is kept that nobody uses.
pub const IDLE: TimeDelta = TimeDelta::minutes(30);
/// How long a session is kept at all.
pub const WHOLE: TimeDelta = TimeDelta::hours(8);
/// How exactly it is known when a session was used last: a page need not write.
const TOUCH: TimeDelta = TimeDelta::minutes(1);
/// What a secret is sealed for.
const SESSION: &str = "session";
const FORM: &str = "form";
const SECRET_BYTES: usize = 32;

/// A person of whom an issuer said just now who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The issuer.
    pub issuer: String,
    /// What it calls the person.
    pub soggetto: String,
}

/// The sessions of a database. Cheap to clone.
#[derive(Clone)]
pub struct Sessions {
    pool: PgPool,
    clock: Clock,
    key: CookieKey,
    issuers: Arc<BTreeMap<String, Enti>>,
    is_evidence: bool,
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions")
            .field("issuers", &self.issuers)
            .field("is_evidence", &self.is_evidence)
            .finish_non_exhaustive()
    }
}

/// A session that is of use now.
#[derive(Debug, Clone)]
pub struct BrowserSession {
    /// Who signed in.
    pub user: SessionUser,
    /// What a form of a page of this session sends along: no page of elsewhere knows it.
    pub form_token: String,
    /// When it ends at the latest.
    pub ends_at: DateTime<Utc>,
    digest: Sha256Digest,
}

impl Sessions {
    /// Of this database. `pool`, which may write, is of the serving role, and of nothing else. `issuers`: who may say who somebody is, and of
    /// whose enti. `is_evidence`: a session is taken for the tracking evidence that an ente must bring.
    #[must_use]
    pub fn new(
        pool: PgPool,
        clock: Clock,
        key: CookieKey,
        issuers: BTreeMap<String, Enti>,
        is_evidence: bool,
    ) -> Self {
        Self {
            pool,
            clock,
            key,
            issuers: Arc::new(issuers),
            is_evidence,
        }
    }

    /// The caller that a person would be. `None`: nobody asks this issuer any more.
    #[must_use]
    pub fn user(&self, signed_in: &SignedIn) -> Option<SessionUser> {
        let enti = self.issuers.get(&signed_in.issuer)?.clone();
        let SignedIn { issuer, soggetto } = signed_in;
        Some(SessionUser::new(issuer, enti, soggetto, self.is_evidence))
    }

    /// Begins a session; what its cookie holds. Sessions that are over are removed.
    ///
    /// # Errors
    /// The database's.
    pub async fn begin(&self, signed_in: &SignedIn) -> Result<String> {
        let secret: [u8; SECRET_BYTES] = rand::random();
        let now = self.clock.now();
        sqlx::query("select sessione_pota($1, $2)")
            .bind(now - WHOLE)
            .bind(now - IDLE)
            .execute(&self.pool)
            .await?;
        sqlx::query(
            "insert into sessione (impronta, emittente, soggetto, creata_il, usata_il) values ($1, $2, $3, $4, $4)",
        )
        .bind(sha256(&secret).as_slice())
        .bind(&signed_in.issuer)
        .bind(&signed_in.soggetto)
        .bind(now)
        .execute(&self.pool)
        .await?;
        Ok(self.key.seal(SESSION, &secret))
    }

    /// The session of a cookie, which is used by this. `None`: it is over, or there was none.
    ///
    /// # Errors
    /// The database's.
    pub async fn find(&self, cookie: &str) -> Result<Option<BrowserSession>> {
        let Some(secret) = self.key.open(SESSION, cookie) else {
            return Ok(None);
        };
        let digest = sha256(&secret);
        let now = self.clock.now();
        let found: Option<(String, String, DateTime<Utc>, DateTime<Utc>)> = sqlx::query_as(
            "select emittente, soggetto, creata_il, usata_il from sessione
             where impronta = $1 and creata_il > $2 and usata_il > $3",
        )
        .bind(digest.as_slice())
        .bind(now - WHOLE)
        .bind(now - IDLE)
        .fetch_optional(&self.pool)
        .await?;
        let Some((issuer, soggetto, began, used)) = found else {
            return Ok(None);
        };
        let Some(user) = self.user(&SignedIn { issuer, soggetto }) else {
            return Ok(None);
        };
        if now - used >= TOUCH {
            sqlx::query("update sessione set usata_il = $2 where impronta = $1 and usata_il < $2")
                .bind(digest.as_slice())
                .bind(now)
                .execute(&self.pool)
                .await?;
        }
        Ok(Some(BrowserSession {
            user,
            form_token: self.key.tag(FORM, &secret),
            ends_at: began + WHOLE,
            digest,
        }))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// The database's.
    pub async fn end(&self, session: &BrowserSession) -> Result<()> {
        sqlx::query("select sessione_chiudi($1)")
            .bind(session.digest.as_slice())
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
