//! How many connections there are, in all and of one address, and which one makes room for another.
//!
//! A new connection beyond the limit is let in where another one has no call under way: that one is closed. First goes one that has
//! said nothing for a second, the oldest of these; then the one whose last call ended longest ago. A client that means it
//! speaks within a round trip, and a client whose idle connection was closed opens another one at its next call. Where every
//! connection has a call under way the new one is closed: who works is not cut off for who comes.

use std::{
    collections::{BTreeMap, HashMap},
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{sync::Notify, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    telemetry::{self, Seldom},
    transport::connection::TrustedProxies,
};

/// A client gets so long to say its first word before others come first.
const FIRST_WORD: Duration = Duration::from_secs(1);
/// Closed connections that may still hold a file when the next one is accepted.
const CLOSING: usize = 8;
/// How long accepting waits for them.
const SETTLE: Duration = Duration::from_millis(200);

/// How many there may be.
#[derive(Debug, Clone)]
pub struct ConnectionLimits {
    /// In all.
    pub all: usize,
    /// Of one address, or of one IPv6 /64. Never more than half of all where there may be two.
    pub per_address: usize,
    /// Their addresses are not counted: they carry other people's calls.
    pub proxies: TrustedProxies,
}

/// The connections that are open. Cheap to clone.
#[derive(Debug, Clone)]
pub struct OpenConnections(Arc<OpenConnectionsInner>);

#[derive(Debug)]
struct OpenConnectionsInner {
    limits: ConnectionLimits,
    /// What times are counted from.
    start: Instant,
    table: Mutex<Table>,
    closed: Notify,
    refused: Seldom,
}

#[derive(Debug, Default)]
struct Table {
    last: u64,
    open: BTreeMap<u64, Arc<Open>>,
    of_address: HashMap<IpAddr, usize>,
    /// Closed by us, and not gone yet.
    closing: usize,
}

/// One connection, as far as it matters for who makes room.
#[derive(Debug)]
struct Open {
    /// `None`: a proxy's.
    address: Option<IpAddr>,
    began: Instant,
    spoken: AtomicBool,
    calls: AtomicUsize,
    /// Milliseconds after the start, when it last had no call any more.
    idle: AtomicU64,
    evicted: CancellationToken,
}

/// The place of one connection, free again when the last clone is dropped.
#[derive(Debug, Clone)]
pub struct Slot(Arc<Held>);

#[derive(Debug)]
struct Held {
    connections: OpenConnections,
    number: u64,
    open: Arc<Open>,
}

/// A call under way on a connection: as long as there is one, the connection makes no room.
#[derive(Debug)]
pub struct Busy(Slot);

impl OpenConnections {
    /// None yet.
    #[must_use]
    pub fn new(limits: ConnectionLimits) -> Self {
        let per_address = limits.per_address.min((limits.all / 2).max(1));
        Self(Arc::new(OpenConnectionsInner {
            limits: ConnectionLimits {
                per_address,
                ..limits
            },
            start: Instant::now(),
            table: Mutex::default(),
            closed: Notify::new(),
            refused: Seldom::default(),
        }))
    }

    /// A place for a connection from this address, for which another one may have to close. `None`: there is none.
    #[must_use]
    pub fn admit(&self, peer: IpAddr) -> Option<Slot> {
        let limits = &self.0.limits;
        let address = (!limits.proxies.is_trusted(peer)).then(|| network(peer));
        let now = Instant::now();
        let mut table = self.lock();
        let of_address = address.and_then(|address| table.of_address.get(&address));
        let room = if of_address.is_some_and(|n| *n >= limits.per_address) {
            self.make_room(&mut table, now, |open| open.address == address)
        } else if table.open.len() >= limits.all {
            self.make_room(&mut table, now, |_| true)
        } else {
            true
        };
        if !room {
            drop(table);
            telemetry::record_connection("refused");
            if let Some(times) = self.0.refused.now() {
                tracing::warn!(%peer, times, "too many connections, each with a call under way: the new one is closed");
            }
            return None;
        }
        table.last += 1;
        let number = table.last;
        let open = Arc::new(Open {
            address,
            began: now,
            spoken: AtomicBool::new(false),
            calls: AtomicUsize::new(0),
            idle: AtomicU64::new(self.millis(now)),
            evicted: CancellationToken::new(),
        });
        table.open.insert(number, Arc::clone(&open));
        if let Some(address) = address {
            *table.of_address.entry(address).or_default() += 1;
        }
        drop(table);
        telemetry::record_connection("accepted");
        telemetry::record_open(1);
        Some(Slot(Arc::new(Held {
            connections: self.clone(),
            number,
            open,
        })))
    }

    /// Closes the connection that is needed least; `false`: each has a call under way. For a process without a file left.
    pub fn close_one(&self) -> bool {
        self.make_room(&mut self.lock(), Instant::now(), |_| true)
    }

    /// Waits, not long, until those that were closed to make room have given back their files.
    pub async fn settle(&self) {
        let settled = async {
            loop {
                let closed = self.0.closed.notified();
                if self.lock().closing <= CLOSING {
                    return;
                }
                closed.await;
            }
        };
        // A task that does not get its turn is not waited for for ever.
        let _ = timeout(SETTLE, settled).await;
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().open.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn make_room(&self, table: &mut Table, now: Instant, of: impl Fn(&Open) -> bool) -> bool {
        let idle = table.open.iter().filter(|(_, open)| {
            // Read once: a call that begins after this look is cut, and its client tries again.
            open.calls.load(Ordering::Acquire) == 0 && of(open)
        });
        let victim = idle.min_by_key(|(_, open)| {
            let spoken = open.spoken.load(Ordering::Acquire);
            let silent = !spoken && now.duration_since(open.began) > FIRST_WORD;
            (!silent, open.idle.load(Ordering::Acquire))
        });
        let Some(number) = victim.map(|(number, _)| *number) else {
            return false;
        };
        if let Some(open) = table.forget(number) {
            table.closing += 1;
            open.evicted.cancel();
            telemetry::record_connection("evicted");
        }
        true
    }

    fn millis(&self, now: Instant) -> u64 {
        let since = now.duration_since(self.0.start).as_millis();
        u64::try_from(since).unwrap_or(u64::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // Each change is made whole before anything in it could panic.
        self.0.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn forget(&mut self, number: u64) -> Option<Arc<Open>> {
        let open = self.open.remove(&number)?;
        if let Some(address) = open.address
            && let Some(n) = self.of_address.get_mut(&address)
        {
            *n -= 1;
            if *n == 0 {
                self.of_address.remove(&address);
            }
        }
        Some(open)
    }
}

impl Slot {
    /// The client has sent its preface and its SETTINGS.
    pub fn spoken(&self) {
        self.0.open.spoken.store(true, Ordering::Release);
    }

    /// Whether it has.
    #[must_use]
    pub fn has_spoken(&self) -> bool {
        self.0.open.spoken.load(Ordering::Acquire)
    }

    /// A call has begun.
    #[must_use]
    pub fn busy(&self) -> Busy {
        self.0.open.calls.fetch_add(1, Ordering::AcqRel);
        Busy(self.clone())
    }

    /// Waits until the connection has to make room for another one.
    pub async fn evicted(&self) {
        self.0.open.evicted.cancelled().await;
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let Held {
            connections, open, ..
        } = &*self.0.0;
        let now = connections.millis(Instant::now());
        open.idle.store(now, Ordering::Release);
        open.calls.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        telemetry::record_open(-1);
        let mut table = self.connections.lock();
        if table.forget(self.number).is_none() {
            table.closing -= 1;
        }
        drop(table);
        self.connections.0.closed.notify_waiters();
    }
}

/// Whose connection it is: an IPv4 address, or an IPv6 /64, which is what one client is given.
#[must_use]
pub fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        v4 @ IpAddr::V4(_) => v4,
        IpAddr::V6(v6) => {
            let mut bits = v6.to_bits();
            bits &= !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from_bits(bits))
        }
    }
}

#[cfg(test)]
mod tests;
