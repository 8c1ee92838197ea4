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
//!                 └── held? each call reads the latest for itself ────────┘ whoever asks now is told of the new one
//!                     free? no call goes by a picture older than 250 ms (ETA_MASSIMA)
//! ```
//!
//! A withdrawal holds the same lock as long. A load takes longer than a picture lasts. So when it commits, every picture in use was read while it was under way, and says
//! so; and by such a picture no call goes. Two instances never contradict each other, and between loads a call asks nothing.
//!
//! Where the database does not answer, pictures grow old and calls fail with `DATABASE_UNAVAILABLE`: those too that name
//! their rilevazione, which may be withdrawn since.

use std::{collections::HashMap, sync::Arc, time::Duration};

use arc_swap::{ArcSwap, ArcSwapOption};
use chrono::{DateTime, Utc};
use quick_cache::sync::Cache;
use sqlx::{PgConnection, PgPool};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep, timeout},
};

use super::{
    carica::LOCK,
    codici::Codici,
    elenco::{Rilevazione, per_numero, ritirate, ultima},
};
#[cfg(doc)]
use crate::postgres::Accanto;
use crate::{
    abilitazione::Permesso,
    error::{Error, Reason, Result},
    telemetry::FailureLog,
    valori::NumeroRilevazione,
};

/// No call goes by an older picture.
const ETA_MASSIMA: Duration = Duration::from_millis(250);
/// The least between the lock of a load and its commit: every picture from before the lock is older than it may be by then.
pub(super) const PREAVVISO: Duration = Duration::from_millis(300);
const _: () = assert!(PREAVVISO.as_millis() > ETA_MASSIMA.as_millis());
/// How often the latest is read though nobody asks.
const GIRO: Duration = Duration::from_millis(100);
/// How long a reading may take.
const PAZIENZA: Duration = Duration::from_secs(2);
/// Rilevazioni that are remembered by number: a few dozen bytes each.
const RICORDATE: usize = 1000;

/// Which rilevazione is the latest, as it was a moment ago.
#[derive(Debug)]
struct Istantanea {
    ultima: Option<Rilevazione>,
    /// When those that are withdrawn were: few.
    ritirate: HashMap<i32, DateTime<Utc>>,
    /// A load was under way: it may have committed since.
    in_corso: bool,
    /// When the reading began: what was committed before is in it.
    letta: Instant,
}

/// What is known of the rilevazioni. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Rilevazioni(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pool: PgPool,
    accanto: PgPool,
    istantanea: ArcSwapOption<Istantanea>,
    /// One reads, the others wait for what it read. When the last reading began, if it failed.
    lettura: Mutex<Option<Instant>>,
    per_numero: Cache<i32, Rilevazione>,
    codici: ArcSwap<Codici>,
    reading: FailureLog,
}

impl Rilevazioni {
    /// Those of a database. `accanto`: where the latest is read ([`Accanto::Rilevazioni`]), so that calls that hold all the
    /// connections of `pool` do not age the picture.
    #[must_use]
    pub fn new(pool: PgPool, accanto: PgPool) -> Self {
        Self(Arc::new(Inner {
            pool,
            accanto,
            istantanea: ArcSwapOption::empty(),
            lettura: Mutex::default(),
            per_numero: Cache::new(RICORDATE),
            codici: ArcSwap::default(),
            reading: FailureLog::error(
                "the latest rilevazione cannot be read",
                "the latest rilevazione can be read again",
            ),
        }))
    }

    /// The rilevazione with this number; the latest without one.
    ///
    /// # Errors
    /// [`Reason::RilevazioneNotFound`] for a number that was never given, [`Reason::NoRilevazione`] before the first load;
    /// the database's.
    pub async fn risolvi<F>(
        &self,
        permesso: &Permesso<F>,
        numero: Option<NumeroRilevazione>,
    ) -> Result<Rilevazione> {
        let found = match numero {
            Some(numero) => self.per_numero(numero).await?,
            None => self.istantanea().await?.ultima.clone(),
        };
        if let Some(rilevazione) = &found {
            permesso
                .traccia()
                .nota(|f| f.rilevazione = Some(rilevazione.numero));
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
    pub fn eta(&self) -> Option<Duration> {
        let istantanea = self.0.istantanea.load();
        istantanea.as_ref().map(|i| i.letta.elapsed())
    }

    /// The catalogue as it was read last, whenever that was.
    pub(super) fn codici(&self) -> Arc<Codici> {
        self.0.codici.load_full()
    }

    /// The catalogue as it is now.
    pub(super) async fn rileggi_codici(&self) -> Result<Arc<Codici>> {
        let codici = Arc::new(Codici::leggi(&self.0.pool).await?);
        self.0.codici.store(Arc::clone(&codici));
        Ok(codici)
    }

    /// Reads the latest every so often, for as long as it runs.
    pub async fn segui(self) {
        loop {
            let read = self.leggi(Instant::now()).await;
            self.0
                .reading
                .note(&read.map_err(|error| error.with_cause()));
            sleep(GIRO).await;
        }
    }

    async fn per_numero(&self, numero: NumeroRilevazione) -> Result<Option<Rilevazione>> {
        let numero = numero.get();
        let istantanea = self.istantanea().await?;
        let found = match self.0.per_numero.get(&numero) {
            Some(rilevazione) => Some(rilevazione),
            None => {
                let found = per_numero(&self.0.pool, numero).await?;
                if let Some(rilevazione) = &found {
                    self.0.per_numero.insert(numero, rilevazione.clone());
                }
                found
            }
        };
        Ok(found.map(|mut rilevazione| {
            // What is remembered may be from before; what was read just now, from after.
            let ritirata_il = istantanea.ritirate.get(&numero).copied();
            rilevazione.ritirata_il = ritirata_il.or(rilevazione.ritirata_il);
            rilevazione
        }))
    }

    /// A picture by which a call may go that comes now.
    async fn istantanea(&self) -> Result<Arc<Istantanea>> {
        let arrivo = Instant::now();
        let fresca = |i: &Arc<Istantanea>| !i.in_corso && arrivo - i.letta < ETA_MASSIMA;
        let present = self.0.istantanea.load_full().filter(fresca);
        match present {
            Some(istantanea) => Ok(istantanea),
            None => self.leggi(arrivo).await,
        }
    }

    /// A picture that was begun at `dal` or later: read now, unless somebody else did meanwhile.
    async fn leggi(&self, dal: Instant) -> Result<Arc<Istantanea>> {
        let mut fallita = self.0.lettura.lock().await;
        let present = self.0.istantanea.load_full();
        if let Some(istantanea) = present.filter(|i| i.letta >= dal) {
            return Ok(istantanea);
        }
        // Those who waited for a reading that failed do not try in turn: the last of a hundred would wait for minutes.
        if fallita.is_some_and(|begun| begun >= dal) {
            return Err(unreadable());
        }
        let letta = Instant::now();
        // Should this reading be given up half-way, the next one is begun anew.
        *fallita = None;
        let read = timeout(PAZIENZA, self.leggi_ora(letta)).await;
        let read = read.unwrap_or_else(|_| Err(unreadable()));
        let nuova = read.inspect_err(|_| *fallita = Some(letta))?;
        if let Some(ultima) = &nuova.ultima {
            self.0.per_numero.insert(ultima.numero, ultima.clone());
        }
        let nuova = Arc::new(nuova);
        self.0.istantanea.store(Some(Arc::clone(&nuova)));
        Ok(nuova)
    }

    /// The lock first, and with a statement of its own: a load that has freed it by then is seen by the next.
    async fn leggi_ora(&self, letta: Instant) -> Result<Istantanea> {
        let mut conn = self.0.accanto.acquire().await?;
        Ok(Istantanea {
            in_corso: in_corso(&mut conn).await?,
            ultima: ultima(&mut *conn).await?,
            ritirate: ritirate(&mut *conn).await?,
            letta,
        })
    }
}

fn unreadable() -> Error {
    Error::new(
        Reason::DatabaseUnavailable,
        "the latest rilevazione cannot be read; try again",
    )
}

/// Whether a load holds its lock.
async fn in_corso(conn: &mut PgConnection) -> Result<bool> {
    // As pg_locks has a key of 64 bits: in two halves.
    let key = LOCK.cast_unsigned();
    Ok(sqlx::query_scalar(
        "select exists (
             select from pg_locks
             where locktype = 'advisory'
               and database = (select oid from pg_database where datname = current_database())
               and classid = $1::bigint::oid
               and objid = $2::bigint::oid
               and objsubid = 1
               and granted)",
    )
    .bind((key >> 32).cast_signed())
    .bind((key & 0xffff_ffff).cast_signed())
    .fetch_one(conn)
    .await?)
}
