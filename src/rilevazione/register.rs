//! The rilevazioni and the catalogue, in memory: what a call needs to know of them without asking the database.
//!
//! A rilevazione by its number and a code of the catalogue do not change once they are there. What changes is which
//! rilevazione is the latest and which are withdrawn, and a call may not be answered with another than the latest that was committed when it
//! came, whichever process loaded it:
//!
//! ```text
//! omnia load ── lock ─────── reads, writes … at least PREAVVISO ─────── commit
//!                 │                                                       │
//! instance   reads who holds the lock, then the latest: every 100 ms      │ no picture from before the lock is left:
//!                 └── held? each call reads the latest for itself ────────┘ who asks now is told of the new one
//!                     free? no call goes by a picture older than 250 ms (ETA_MASSIMA)
//! ```
//!
//! A withdrawal holds the same lock as long. A load takes longer than a picture lasts. So when it commits, every picture in use was read while it was under way, and says
//! so; and by such a picture no call goes. Two instances never contradict each other, and between loads a call asks nothing.
//!
//! Where the database does not answer, pictures grow old and calls fail with `DATABASE_UNAVAILABLE`: those too that name
//! their rilevazione, which may be withdrawn since.

use std::{collections::HashMap, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use quick_cache::sync::Cache;
use sqlx::PgPool;
use tokio::time::{Instant, sleep};

use super::{
    codes::{self, KnownCodes},
    list::{Rilevazione, by_number, latest, withdrawn},
    lock::{NOTICE, load_in_progress},
};
#[cfg(doc)]
use crate::postgres::SideConnections;
use crate::{
    abilitazione::{CallSelection, Permesso},
    error::{Error, Reason, Result},
    postgres::snapshot::{Snapshot, SnapshotCell},
    telemetry::FailureLog,
    valori::NumeroRilevazione,
};

/// No call goes by an older picture.
const MAX_AGE: Duration = Duration::from_millis(250);
const _: () = assert!(NOTICE.as_millis() > MAX_AGE.as_millis());
/// How often the latest is read without being asked for.
const READ_INTERVAL: Duration = Duration::from_millis(100);
/// Rilevazioni that are remembered by number: a few dozen bytes each.
const REMEMBERED: usize = 1000;

/// Which rilevazione is the latest.
#[derive(Debug, PartialEq)]
struct LatestRilevazione {
    ultima: Option<Rilevazione>,
    /// When those that are withdrawn were: few.
    ritirate: HashMap<i32, DateTime<Utc>>,
    /// A load was under way: it may have committed since.
    in_corso: bool,
}

/// What is known of the rilevazioni. Cheap to clone.
#[derive(Debug, Clone)]
pub struct RilevazioneRegister(Arc<RilevazioneRegisterInner>);

#[derive(Debug)]
struct RilevazioneRegisterInner {
    pool: PgPool,
    accanto: PgPool,
    latest: SnapshotCell<LatestRilevazione>,
    per_numero: Cache<i32, Rilevazione>,
    codes: ArcSwap<KnownCodes>,
}

impl RilevazioneRegister {
    /// Those of a database. `accanto`: where the latest is read ([`SideConnections::Rilevazioni`]), so that calls that hold all the
    /// connections of `pool` do not age the picture.
    #[must_use]
    pub fn new(pool: PgPool, accanto: PgPool) -> Self {
        Self(Arc::new(RilevazioneRegisterInner {
            pool,
            accanto,
            latest: SnapshotCell::new(
                Duration::ZERO,
                "the latest rilevazione cannot be read; try again",
                FailureLog::error(
                    "the latest rilevazione cannot be read",
                    "the latest rilevazione can be read again",
                ),
            ),
            per_numero: Cache::new(REMEMBERED),
            codes: ArcSwap::default(),
        }))
    }

    /// The rilevazione with this number; the latest without one.
    ///
    /// # Errors
    /// [`Reason::RilevazioneNotFound`] for a number that was never given, [`Reason::NoRilevazione`] before the first load;
    /// the database's.
    pub async fn resolve<F>(
        &self,
        permesso: &Permesso<F>,
        numero: Option<NumeroRilevazione>,
    ) -> Result<Rilevazione> {
        let found = match numero {
            Some(numero) => self.by_number(numero).await?,
            None => self.snapshot().await?.value.ultima.clone(),
        };
        if let Some(rilevazione) = &found {
            permesso
                .call_record()
                .note(|f| f.rilevazione = Some(rilevazione.numero));
        }
        found.ok_or_else(|| match numero {
            Some(numero) => Error::new(
                Reason::RilevazioneNotFound,
                "there is no rilevazione with this number",
            )
            .with("rilevazione", numero.to_string()),
            None => Error::new(Reason::NoRilevazione, "no data were loaded yet"),
        })
    }

    /// How long ago it was read which rilevazione is the latest: `None` before the first time.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        self.0.latest.age()
    }

    /// Checks that the catalogue has the norms and benefits that a selection names, in the request's fields `normativa`
    /// and `prestazione`. The database is asked only where one is not known: it may have come with the last load.
    ///
    /// # Errors
    /// [`Reason::InvalidRequest`] with the codes that it does not have; the database's.
    pub async fn check_known<F: CallSelection>(
        &self,
        permesso: &Permesso<F>,
        normativa: &'static str,
        prestazione: &'static str,
    ) -> Result<()> {
        let selection = permesso.selection();
        if self.0.codes.load().has_all(selection) {
            return Ok(());
        }
        let codes = Arc::new(KnownCodes::read(&self.0.pool).await?);
        self.0.codes.store(Arc::clone(&codes));
        codes::check(&codes, selection, normativa, prestazione)
    }

    /// Reads the latest every so often, for as long as it runs.
    pub async fn follow(self) {
        loop {
            self.0.latest.refresh(|| self.read()).await;
            sleep(READ_INTERVAL).await;
        }
    }

    async fn by_number(&self, numero: NumeroRilevazione) -> Result<Option<Rilevazione>> {
        let numero = numero.get();
        let latest = self.snapshot().await?;
        let found = match self.0.per_numero.get(&numero) {
            Some(rilevazione) => Some(rilevazione),
            None => {
                let found = by_number(&self.0.pool, numero).await?;
                if let Some(rilevazione) = &found {
                    self.0.per_numero.insert(numero, rilevazione.clone());
                }
                found
            }
        };
        Ok(found.map(|mut rilevazione| {
            // What is remembered may be from before; what was read just now, from after.
            let ritirata_il = latest.value.ritirate.get(&numero).copied();
            rilevazione.ritirata_il = ritirata_il.or(rilevazione.ritirata_il);
            rilevazione
        }))
    }

    /// A picture by which a call may go that comes now.
    async fn snapshot(&self) -> Result<Arc<Snapshot<LatestRilevazione>>> {
        let now = Instant::now();
        let fresh = |known: &Arc<Snapshot<LatestRilevazione>>| {
            !known.value.in_corso && now - known.read_at < MAX_AGE
        };
        match self.0.latest.latest().filter(fresh) {
            Some(known) => Ok(known),
            None => self.0.latest.since(now, || self.read()).await,
        }
    }

    /// The lock first, and with a statement of its own: a load that has freed it by then is seen by the next.
    async fn read(&self) -> Result<LatestRilevazione> {
        let mut conn = self.0.accanto.acquire().await?;
        let read = LatestRilevazione {
            in_corso: load_in_progress(&mut conn).await?,
            ultima: latest(&mut *conn).await?,
            ritirate: withdrawn(&mut *conn).await?,
        };
        if let Some(ultima) = &read.ultima {
            self.0.per_numero.insert(ultima.numero, ultima.clone());
        }
        Ok(read)
    }
}
