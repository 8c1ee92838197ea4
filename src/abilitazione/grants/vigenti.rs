//! The grants in force, in memory: what a call is decided by without asking the database.
//!
//! ```text
//! a step of a grant ── NOTIFY ──┐
//! every 400 ms, should one be lost ─┴─► leggi ──► Istantanea ──► per(soggetto, oggi) ──► the grant of a call
//!                                                  └── older than 1 s? ── read first, or DATABASE_UNAVAILABLE
//! ```
//!
//! A step bites on every instance within a second, whatever happens: a notification makes it a matter of milliseconds; the
//! poll covers a lost one; and where neither came through, the age of the picture is looked at by each call. So no call is ever
//! decided by a picture that was read more than a second ago.
//!
//! The database is asked for all grants at once: they are hundreds, not millions, and one picture is of one moment.

use std::{collections::HashMap, pin::pin, sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use chrono::NaiveDate;
use sqlx::{PgPool, postgres::PgListener};
use tokio::{
    sync::{Mutex, watch},
    time::{Instant, sleep, sleep_until, timeout},
};

#[cfg(doc)]
use crate::postgres::Accanto;
use crate::{
    abilitazione::{
        authn::Enti,
        grants::{self, CANALE, Concessa},
    },
    error::{Error, Reason, Result},
    telemetry::FailureLog,
};

/// No call is decided by an older picture.
pub(crate) const ETA_MASSIMA: Duration = Duration::from_secs(1);
/// How often the grants are read though nothing was said.
const GIRO: Duration = Duration::from_millis(400);
/// Between one reading and the next.
const PASSO: Duration = Duration::from_millis(20);
/// How long a reading may take.
const PAZIENZA: Duration = Duration::from_secs(2);

/// All grants that were ever given, as they were a moment ago.
#[derive(Debug)]
struct Istantanea {
    per_soggetto: HashMap<String, Vec<Arc<Concessa>>>,
    per_numero: HashMap<i64, Arc<Concessa>>,
    /// When the reading began: what was committed before is in it.
    letta: Instant,
}

/// The grants in force. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Vigenti(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pool: PgPool,
    istantanea: ArcSwapOption<Istantanea>,
    /// One reads, the others wait for what it read. When the last reading began, if it failed.
    lettura: Mutex<Option<Instant>>,
    cambiata: watch::Sender<()>,
    reading: FailureLog,
    listening: FailureLog,
}

impl Vigenti {
    /// The grants of a database. The first call reads them. Calls that hold all of their pool's connections must not age
    /// the picture: `pool` is apart from theirs ([`Accanto::Abilitazioni`]).
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self(Arc::new(Inner {
            pool,
            istantanea: ArcSwapOption::empty(),
            lettura: Mutex::default(),
            cambiata: watch::Sender::new(()),
            reading: FailureLog::error("the grants cannot be read", "the grants can be read again"),
            listening: FailureLog::warning(
                "the steps of grants cannot be listened for: they are looked for every so often",
                "the steps of grants can be listened for again",
            ),
        }))
    }

    /// The grant of a subject that gives access on a day. Only grants of these enti are the subject's: of the others it is not
    /// told that there are any.
    ///
    /// # Errors
    /// As [`grants::scegli`]; [`Reason::DatabaseUnavailable`] where the grants have not been readable for a second.
    pub async fn per(&self, soggetto: &str, enti: &Enti, oggi: NaiveDate) -> Result<Arc<Concessa>> {
        let arrivo = Instant::now();
        let istantanea = self.fresca(ETA_MASSIMA).await?;
        let scelta = istantanea.scegli(soggetto, enti, oggi);
        if scelta.is_ok() || istantanea.letta >= arrivo {
            return scelta;
        }
        // A grant that was given a moment ago works at once, on an instance that has not heard of it too: nobody is
        // refused by a picture from before the call.
        self.leggi(arrivo).await?.scegli(soggetto, enti, oggi)
    }

    /// Whether a grant by its number still gives access on a day. A picture that is older than `eta` is renewed first.
    ///
    /// # Errors
    /// As [`Vigenti::per`].
    pub async fn vige(&self, numero: i64, oggi: NaiveDate, eta: Duration) -> Result<()> {
        let istantanea = self.fresca(eta).await?;
        let concessa = istantanea.per_numero.get(&numero);
        grants::scegli(concessa.map_or(&[], std::slice::from_ref), oggi).map(drop)
    }

    /// How old the picture is: `None` before the first.
    #[must_use]
    pub fn eta(&self) -> Option<Duration> {
        let istantanea = self.0.istantanea.load();
        istantanea.as_ref().map(|i| i.letta.elapsed())
    }

    /// Told each time another picture differs from the one before.
    #[must_use]
    pub fn cambiamenti(&self) -> watch::Receiver<()> {
        self.0.cambiata.subscribe()
    }

    /// Reads the grants when a step is announced, and every so often, for as long as it runs.
    pub async fn segui(self) {
        loop {
            match PgListener::connect_with(&self.0.pool).await {
                Ok(listener) => self.ascolta(listener).await,
                Err(error) => self.0.listening.failed(error),
            }
            self.rileggi().await;
            sleep(GIRO).await;
        }
    }

    /// Until the connection is lost.
    async fn ascolta(&self, mut listener: PgListener) {
        if let Err(error) = listener.listen(CANALE).await {
            self.0.listening.failed(error);
            return;
        }
        self.0.listening.succeeded();
        loop {
            let mut step = pin!(listener.try_recv());
            let heard = loop {
                // What was announced before LISTEN is read here too. Where it cannot be, the connection that listens may be to a
                // server that is not the one to listen to any more.
                if !self.rileggi().await {
                    return;
                }
                tokio::select! {
                    heard = &mut step => break heard,
                    () = sleep(GIRO) => {}
                }
            };
            if !matches!(heard, Ok(Some(_))) {
                return;
            }
        }
    }

    /// Whether they could be read.
    async fn rileggi(&self) -> bool {
        let read = self.leggi(Instant::now()).await;
        let read = read.map_err(|error| error.with_cause());
        self.0.reading.note(&read);
        read.is_ok()
    }

    async fn fresca(&self, eta: Duration) -> Result<Arc<Istantanea>> {
        let fresca = |i: &Arc<Istantanea>| i.letta.elapsed() < eta;
        if let Some(istantanea) = self.0.istantanea.load_full().filter(fresca) {
            return Ok(istantanea);
        }
        self.leggi(Instant::now()).await
    }

    /// A picture that was begun at `dal` or later: read now, unless somebody else did meanwhile.
    async fn leggi(&self, dal: Instant) -> Result<Arc<Istantanea>> {
        let mut fallita = self.0.lettura.lock().await;
        let present = self.0.istantanea.load_full();
        if let Some(istantanea) = present.as_ref().filter(|i| i.letta >= dal) {
            return Ok(Arc::clone(istantanea));
        }
        // Those who waited for a reading that failed do not try in turn: the last of a hundred would wait for minutes.
        if fallita.is_some_and(|begun| begun >= dal) {
            return Err(unreadable());
        }
        // Whoever is refused has the grants read: not more often than this, however many they are.
        if let Some(present) = &present {
            sleep_until(present.letta + PASSO).await;
        }
        let letta = Instant::now();
        // Should this reading be given up half-way, the next one is begun anew.
        *fallita = None;
        let read = timeout(PAZIENZA, grants::leggi(&self.0.pool)).await;
        let concesse = read.unwrap_or_else(|_| Err(unreadable()));
        let concesse = concesse.inspect_err(|_| *fallita = Some(letta))?;
        let nuova = Arc::new(Istantanea::new(concesse, letta));
        self.0.istantanea.store(Some(Arc::clone(&nuova)));
        if present.is_none_or(|present| present.per_numero != nuova.per_numero) {
            self.0.cambiata.send_replace(());
        }
        Ok(nuova)
    }
}

fn unreadable() -> Error {
    Error::new(
        Reason::DatabaseUnavailable,
        "the grants cannot be read; try again",
    )
}

impl Istantanea {
    fn new(concesse: Vec<Concessa>, letta: Instant) -> Self {
        let mut per_soggetto: HashMap<String, Vec<Arc<Concessa>>> = HashMap::new();
        let mut per_numero = HashMap::new();
        for concessa in concesse.into_iter().map(Arc::new) {
            let soggetto = concessa.aa07.soggetto.clone();
            per_numero.insert(concessa.aa07.id, Arc::clone(&concessa));
            per_soggetto.entry(soggetto).or_default().push(concessa);
        }
        Self {
            per_soggetto,
            per_numero,
            letta,
        }
    }

    fn scegli(&self, soggetto: &str, enti: &Enti, oggi: NaiveDate) -> Result<Arc<Concessa>> {
        let concesse = self.per_soggetto.get(soggetto);
        let concesse = concesse.map_or(&[][..], Vec::as_slice);
        if concesse.iter().all(|c| enti.ha(&c.aa07.ente)) {
            return grants::scegli(concesse, oggi);
        }
        let sue = concesse.iter().filter(|c| enti.ha(&c.aa07.ente));
        grants::scegli(&sue.cloned().collect::<Vec<_>>(), oggi)
    }
}
