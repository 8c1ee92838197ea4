//! Health as the calls experience it.
//!
//! ```text
//! grants in memory ───── older than they may be? ──┐
//! latest rilevazione ─── older than it may be? ────┤
//! audit log ──────────── last record written? ─────┼──► SERVING, or NOT_SERVING: looked at ten times a second
//! pool of the calls ──── does a query get through? ┘
//! ```
//!
//! Nothing is measured for health alone but the last: what a call is refused for is what is looked at, so that a balancer learns of it
//! when the callers do, and not at the next turn of some slower clock.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sqlx::PgPool;
use tokio::time::{sleep, timeout};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tonic_health::ServingStatus;

use crate::{
    abilitazione::Authorizer, audit::AuditLog, grpc::health::HealthReporter,
    rilevazione::RilevazioneRegister, telemetry::FailureLog,
};

/// How often it is looked at.
const TURN: Duration = Duration::from_millis(100);
/// Both are read several times a second. A call that finds the one or the other older waits for a reading that has not come through
/// for all this time.
const OLDEST_PICTURE: Duration = Duration::from_millis(1500);
/// Between two queries.
const PROBE: Duration = Duration::from_millis(500);
/// What a pool gives a call, and the query a moment more.
const PATIENCE: Duration = Duration::from_secs(6);

/// The services that are as well as the whole, which has no name.
const SERVICES: [&str; 7] = [
    "",
    "inps.omnia.monitoraggio.v1.MonitoraggioService",
    "inps.omnia.monitoraggio.v1.ReportService",
    "inps.omnia.monitoraggio.v1.DecreeService",
    "inps.omnia.monitoraggio.v1.AccessService",
    "inps.omnia.monitoraggio.v1.GrantService",
    "arrow.flight.protocol.FlightService",
];

/// What a call depends on.
pub(super) struct Health {
    pub(super) reporter: HealthReporter,
    pub(super) authorizer: Authorizer,
    pub(super) rilevazioni: RilevazioneRegister,
    pub(super) audit: AuditLog,
    pub(super) pool: PgPool,
}

impl Health {
    /// Reports until a stop is asked for, and that it serves no more then.
    pub(super) async fn report(self, stop: CancellationToken) {
        let answers = Arc::new(AtomicBool::new(false));
        let _probe =
            AbortOnDropHandle::new(tokio::spawn(probe(self.pool.clone(), Arc::clone(&answers))));
        let log = FailureLog::error("calls are not answered", "calls are answered again");
        let mut said = None;
        loop {
            let fault = self.fault(answers.load(Ordering::Relaxed));
            match fault {
                None => log.succeeded(),
                // At the start nothing is known yet.
                Some(fault) if said.is_none() => tracing::debug!(fault, "not serving yet"),
                Some(fault) => log.failed(fault),
            }
            if said != Some(fault) {
                let status = match fault {
                    None => ServingStatus::Serving,
                    Some(_) => ServingStatus::NotServing,
                };
                set(&self.reporter, status);
                said = Some(fault);
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = sleep(TURN) => {}
            }
        }
        set(&self.reporter, ServingStatus::NotServing);
    }

    /// Why a call that comes now would be refused.
    fn fault(&self, answers: bool) -> Option<&'static str> {
        let current = |age: Option<Duration>| age.is_some_and(|age| age < OLDEST_PICTURE);
        if !current(self.authorizer.age()) {
            Some("the grants cannot be read")
        } else if !current(self.rilevazioni.age()) {
            Some("the latest rilevazione cannot be read")
        } else if !self.audit.is_writable() {
            Some("the audit log cannot be written")
        } else if !answers {
            Some("the database does not answer")
        } else {
            None
        }
    }
}

/// Sets the state of all services.
pub(super) fn set(reporter: &HealthReporter, status: ServingStatus) {
    for service in SERVICES {
        reporter.set_service_status(service, status);
    }
}

/// Asks over the connections of the calls, and waits as long as a call would.
async fn probe(pool: PgPool, answers: Arc<AtomicBool>) {
    loop {
        let asked = timeout(PATIENCE, sqlx::query("select 1").execute(&pool)).await;
        answers.store(matches!(asked, Ok(Ok(_))), Ordering::Relaxed);
        sleep(PROBE).await;
    }
}
