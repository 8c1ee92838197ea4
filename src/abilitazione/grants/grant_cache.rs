//! The grants in force, in memory: what a call is decided by without asking the database.
//!
//! ```text
//! a step of a grant ── NOTIFY ──────┐
//! every 400 ms, should one be lost ─┴─► read ──► a snapshot of all ──► grant_for(soggetto, today) ──► the grant of a call
//!                                                  └── older than 1 s? ── read first, or DATABASE_UNAVAILABLE
//! ```
//!
//! A step bites on every instance within a second, whatever happens: a notification makes it a matter of milliseconds; the
//! poll covers a lost one; and where neither came through, the age of the picture is looked at by each call. So no call is ever
//! decided by a picture that was read more than a second ago.
//!
//! The database is asked for all grants at once: they are hundreds, not millions, and one picture is of one moment.

use std::{collections::HashMap, pin::pin, sync::Arc, time::Duration};

use chrono::NaiveDate;
use sqlx::{PgPool, postgres::PgListener};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use crate::{
    abilitazione::{
        authn::Enti,
        grants::{self, ApprovedGrant, NOTIFY_CHANNEL},
    },
    error::Result,
    postgres::snapshot::{Snapshot, SnapshotCell},
    telemetry::FailureLog,
};
#[cfg(doc)]
use crate::{error::Reason, postgres::SideConnections};

/// No call is decided by an older picture.
pub(crate) const MAX_AGE: Duration = Duration::from_secs(1);
/// How often the grants are read though nothing was said.
const POLL_INTERVAL: Duration = Duration::from_millis(400);
/// Between one reading and the next.
const MIN_READ_INTERVAL: Duration = Duration::from_millis(20);

/// All grants that were ever given.
#[derive(Debug)]
struct AllGrants {
    by_subject: HashMap<String, Vec<Arc<ApprovedGrant>>>,
    by_number: HashMap<i64, Arc<ApprovedGrant>>,
}

/// The grants in force. Cheap to clone.
#[derive(Debug, Clone)]
pub struct GrantCache(Arc<GrantCacheInner>);

#[derive(Debug)]
struct GrantCacheInner {
    pool: PgPool,
    grants: SnapshotCell<AllGrants>,
    listening: FailureLog,
}

impl GrantCache {
    /// The grants of a database. The first call reads them. Calls that hold all of their pool's connections must not age
    /// the picture: `pool` is apart from theirs ([`SideConnections::Abilitazioni`]).
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self(Arc::new(GrantCacheInner {
            pool,
            grants: SnapshotCell::new(
                MIN_READ_INTERVAL,
                "the grants cannot be read; try again",
                FailureLog::error("the grants cannot be read", "the grants can be read again"),
            ),
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
        let arrived_at = Instant::now();
        let known = self.fresh(MAX_AGE).await?;
        let selected = known.value.select(soggetto, enti, oggi);
        if selected.is_ok() || known.read_at >= arrived_at {
            return selected;
        }
        // A grant that was given a moment ago works at once, on an instance that has not heard of it too: nobody is
        // refused by a picture from before the call.
        let read = self.read(arrived_at).await?;
        read.value.select(soggetto, enti, oggi)
    }

    /// Whether a grant by its number still gives access on a day. A picture that is older than `max_age` is renewed first.
    ///
    /// # Errors
    /// As [`GrantCache::grant_for`].
    pub async fn check_in_force(
        &self,
        numero: i64,
        oggi: NaiveDate,
        max_age: Duration,
    ) -> Result<()> {
        let known = self.fresh(max_age).await?;
        let granted = known.value.by_number.get(&numero);
        grants::select_for_day(granted.map_or(&[], std::slice::from_ref), oggi).map(drop)
    }

    /// How old the picture is: `None` before the first.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        self.0.grants.age()
    }

    /// Told each time another picture differs from the one before.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<()> {
        self.0.grants.changes()
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
        let grants = &self.0.grants;
        grants.refresh(|| AllGrants::read(&self.0.pool)).await
    }

    async fn fresh(&self, max_age: Duration) -> Result<Arc<Snapshot<AllGrants>>> {
        let known = self.0.grants.latest();
        match known.filter(|known| known.read_at.elapsed() < max_age) {
            Some(known) => Ok(known),
            None => self.read(Instant::now()).await,
        }
    }

    async fn read(&self, since: Instant) -> Result<Arc<Snapshot<AllGrants>>> {
        let grants = &self.0.grants;
        grants.since(since, || AllGrants::read(&self.0.pool)).await
    }
}

impl AllGrants {
    async fn read(pool: &PgPool) -> Result<Self> {
        let mut by_subject: HashMap<String, Vec<Arc<ApprovedGrant>>> = HashMap::new();
        let mut by_number = HashMap::new();
        for grant in grants::read_approved(pool).await?.into_iter().map(Arc::new) {
            let subject = grant.aa07.soggetto.clone();
            by_number.insert(grant.aa07.id, Arc::clone(&grant));
            by_subject.entry(subject).or_default().push(grant);
        }
        Ok(Self {
            by_subject,
            by_number,
        })
    }

    fn select(&self, soggetto: &str, enti: &Enti, oggi: NaiveDate) -> Result<Arc<ApprovedGrant>> {
        let grants = self.by_subject.get(soggetto);
        let grants = grants.map_or(&[][..], Vec::as_slice);
        if grants.iter().all(|c| enti.contains(&c.aa07.ente)) {
            return grants::select_for_day(grants, oggi);
        }
        let own = grants.iter().filter(|c| enti.contains(&c.aa07.ente));
        grants::select_for_day(&own.cloned().collect::<Vec<_>>(), oggi)
    }
}

impl PartialEq for AllGrants {
    /// The subjects hold the same grants.
    fn eq(&self, other: &Self) -> bool {
        self.by_number == other.by_number
    }
}
