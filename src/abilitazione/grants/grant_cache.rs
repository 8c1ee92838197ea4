//! The grants in force, in memory: what a call is decided by without asking the database.
//!
//! ```text
//! a step of a grant ── NOTIFY ──┐
//! every 400 ms, should one be lost ─┴─► leggi ──► GrantSnapshot ──► per(soggetto, oggi) ──► the grant of a call
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
use crate::postgres::SideConnections;
use crate::{
    abilitazione::{
        authn::Enti,
        grants::{self, ApprovedGrant, NOTIFY_CHANNEL},
    },
    error::{Error, Reason, Result},
    telemetry::FailureLog,
};

/// No call is decided by an older picture.
pub(crate) const MAX_AGE: Duration = Duration::from_secs(1);
/// How often the grants are read though nothing was said.
const POLL_INTERVAL: Duration = Duration::from_millis(400);
/// Between one reading and the next.
const MIN_READ_INTERVAL: Duration = Duration::from_millis(20);
/// How long a reading may take.
const READ_TIMEOUT: Duration = Duration::from_secs(2);

/// All grants that were ever given, as they were a moment ago.
#[derive(Debug)]
struct GrantSnapshot {
    per_soggetto: HashMap<String, Vec<Arc<ApprovedGrant>>>,
    per_numero: HashMap<i64, Arc<ApprovedGrant>>,
    /// When the reading began: what was committed before is in it.
    letta: Instant,
}

/// The grants in force. Cheap to clone.
#[derive(Debug, Clone)]
pub struct GrantCache(Arc<GrantCacheInner>);

#[derive(Debug)]
struct GrantCacheInner {
    pool: PgPool,
    istantanea: ArcSwapOption<GrantSnapshot>,
    /// One reads, the others wait for what it read. When the last reading began, if it failed.
    lettura: Mutex<Option<Instant>>,
    cambiata: watch::Sender<()>,
    reading: FailureLog,
    listening: FailureLog,
}

impl GrantCache {
    /// The grants of a database. The first call reads them. Calls that hold all of their pool's connections must not age
    /// the picture: `pool` is apart from theirs ([`SideConnections::Abilitazioni`]).
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self(Arc::new(GrantCacheInner {
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
    /// As [`grants::select_for_day`]; [`Reason::DatabaseUnavailable`] where the grants have not been readable for a second.
    pub async fn grant_for(
        &self,
        soggetto: &str,
        enti: &Enti,
        oggi: NaiveDate,
    ) -> Result<Arc<ApprovedGrant>> {
        let arrivo = Instant::now();
        let istantanea = self.fresh(MAX_AGE).await?;
        let scelta = istantanea.select(soggetto, enti, oggi);
        if scelta.is_ok() || istantanea.letta >= arrivo {
            return scelta;
        }
        // A grant that was given a moment ago works at once, on an instance that has not heard of it too: nobody is
        // refused by a picture from before the call.
        self.read(arrivo).await?.select(soggetto, enti, oggi)
    }

    /// Whether a grant by its number still gives access on a day. A picture that is older than `eta` is renewed first.
    ///
    /// # Errors
    /// As [`GrantCache::grant_for`].
    pub async fn check_in_force(&self, numero: i64, oggi: NaiveDate, eta: Duration) -> Result<()> {
        let istantanea = self.fresh(eta).await?;
        let concessa = istantanea.per_numero.get(&numero);
        grants::select_for_day(concessa.map_or(&[], std::slice::from_ref), oggi).map(drop)
    }

    /// How old the picture is: `None` before the first.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        let istantanea = self.0.istantanea.load();
        istantanea.as_ref().map(|i| i.letta.elapsed())
    }

    /// Told each time another picture differs from the one before.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<()> {
        self.0.cambiata.subscribe()
    }

    /// Reads the grants when a step is announced, and every so often, for as long as it runs.
    pub async fn follow(self) {
        loop {
            match PgListener::connect_with(&self.0.pool).await {
                Ok(listener) => self.listen(listener).await,
                Err(error) => self.0.listening.failed(error),
            }
            self.refresh().await;
            sleep(POLL_INTERVAL).await;
        }
    }

    /// Until the connection is lost.
    async fn listen(&self, mut listener: PgListener) {
        if let Err(error) = listener.listen(NOTIFY_CHANNEL).await {
            self.0.listening.failed(error);
            return;
        }
        self.0.listening.succeeded();
        loop {
            let mut step = pin!(listener.try_recv());
            let heard = loop {
                // What was announced before LISTEN is read here too. Where it cannot be, the connection that listens may be to a
                // server that is not the one to listen to any more.
                if !self.refresh().await {
                    return;
                }
                tokio::select! {
                    heard = &mut step => break heard,
                    () = sleep(POLL_INTERVAL) => {}
                }
            };
            if !matches!(heard, Ok(Some(_))) {
                return;
            }
        }
    }

    /// Whether they could be read.
    async fn refresh(&self) -> bool {
        let read = self.read(Instant::now()).await;
        let read = read.map_err(|error| error.with_cause());
        self.0.reading.note(&read);
        read.is_ok()
    }

    async fn fresh(&self, eta: Duration) -> Result<Arc<GrantSnapshot>> {
        let fresca = |i: &Arc<GrantSnapshot>| i.letta.elapsed() < eta;
        if let Some(istantanea) = self.0.istantanea.load_full().filter(fresca) {
            return Ok(istantanea);
        }
        self.read(Instant::now()).await
    }

    /// A picture that was begun at `dal` or later: read now, unless somebody else did meanwhile.
    async fn read(&self, dal: Instant) -> Result<Arc<GrantSnapshot>> {
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
            sleep_until(present.letta + MIN_READ_INTERVAL).await;
        }
        let letta = Instant::now();
        // Should this reading be given up half-way, the next one is begun anew.
        *fallita = None;
        let read = timeout(READ_TIMEOUT, grants::read_approved(&self.0.pool)).await;
        let concesse = read.unwrap_or_else(|_| Err(unreadable()));
        let concesse = concesse.inspect_err(|_| *fallita = Some(letta))?;
        let nuova = Arc::new(GrantSnapshot::new(concesse, letta));
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

impl GrantSnapshot {
    fn new(concesse: Vec<ApprovedGrant>, letta: Instant) -> Self {
        let mut per_soggetto: HashMap<String, Vec<Arc<ApprovedGrant>>> = HashMap::new();
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

    fn select(&self, soggetto: &str, enti: &Enti, oggi: NaiveDate) -> Result<Arc<ApprovedGrant>> {
        let concesse = self.per_soggetto.get(soggetto);
        let concesse = concesse.map_or(&[][..], Vec::as_slice);
        if concesse.iter().all(|c| enti.contains(&c.aa07.ente)) {
            return grants::select_for_day(concesse, oggi);
        }
        let sue = concesse.iter().filter(|c| enti.contains(&c.aa07.ente));
        grants::select_for_day(&sue.cloned().collect::<Vec<_>>(), oggi)
    }
}
