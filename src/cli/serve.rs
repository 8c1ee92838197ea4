//! `omnia serve`: the service, on the database and the keys that the settings name.

use std::{pin::pin, process::ExitCode, time::Duration};

use clap::Args;
use tokio::net::TcpListener;

use super::stop::Stop;
use crate::{
    abilitazione::AccessLayer,
    app,
    audit::AuditLog,
    clock::Clock,
    config::Settings,
    crypto::key::AuditKey,
    error::Sentence,
    output::stdio::{errln, outln},
    postgres::{self, Postgres},
    transport::{
        files,
        tls::{Acceptor, ServerTls},
    },
};

/// What `sysexits.h` calls EX_UNAVAILABLE: nothing is wrong with the settings, and a later start may succeed.
const DATABASE_LOST: u8 = 69;

const EXIT_CODES: &str = "\
Exit codes: 0 stopped as it was asked to; 1 it cannot start as it is set up, or did not stop in good order; 69 its private
PostgreSQL could not be kept running: start it again later; 130, 143 ended at once by a second Ctrl-C or SIGTERM.";

/// Serve until Ctrl-C or SIGTERM. A second one ends it at once.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Serve {}

impl Serve {
    /// Runs the service to its end.
    ///
    /// # Errors
    /// A sentence: settings, database, policy, keys or address.
    pub(super) async fn run(self, settings: &Settings) -> Result<ExitCode, Sentence> {
        let stop = Stop::on_signals(Duration::from_secs(settings.server.drain_seconds))?;
        files::raise();
        let opened = stop.unless_asked(postgres::open(&settings.database)).await;
        let Some(postgres) = opened.transpose()? else {
            return Ok(ExitCode::SUCCESS);
        };
        let serving = serve(settings, &postgres, &stop);
        let outcome = supervised(&postgres, &stop, serving).await;
        ended(postgres, &stop, outcome).await
    }
}

/// What became of a service.
pub(super) enum End {
    /// It stopped as it was asked to.
    Stopped,
    /// Its private cluster could not be kept running.
    DatabaseLost(Sentence),
}

/// Runs `serving`, and the private cluster's server, until the one ends or the other cannot be kept running.
///
/// # Errors
/// Those of `serving`.
pub(super) async fn supervised(
    postgres: &Postgres,
    stop: &Stop,
    serving: impl Future<Output = Result<(), Sentence>>,
) -> Result<End, Sentence> {
    stop.guard(postgres.emergency().await);
    let mut serving = pin!(serving);
    tokio::select! {
        outcome = &mut serving => outcome.map(|()| End::Stopped),
        why = postgres.supervise() => {
            stop.token().cancel();
            // What it can still say to its callers; all of it has its bounds.
            let _ = serving.await;
            Ok(End::DatabaseLost(why))
        }
    }
}

/// Closes the database, whatever happened: a private cluster must not be left behind.
///
/// # Errors
/// Those of `outcome`, or a cluster that had to be forced.
pub(super) async fn ended(
    postgres: Postgres,
    stop: &Stop,
    outcome: Result<End, Sentence>,
) -> Result<ExitCode, Sentence> {
    let stopped = postgres.stop_by(stop.deadline()).await;
    match outcome? {
        End::Stopped => stopped.map(|()| ExitCode::SUCCESS),
        End::DatabaseLost(why) => {
            errln!("omnia: {why}");
            Ok(ExitCode::from(DATABASE_LOST))
        }
    }
}

async fn serve(settings: &Settings, postgres: &Postgres, stop: &Stop) -> Result<(), Sentence> {
    let prepared = stop.unless_asked(prepare(settings, postgres)).await;
    let Some((access, audit, acceptor)) = prepared.transpose()? else {
        return Ok(());
    };
    let database = postgres.serving();
    let stop = stop.token().clone();
    app::serve(settings, database, access, audit, acceptor, stop).await
}

async fn prepare(
    settings: &Settings,
    postgres: &Postgres,
) -> Result<(AccessLayer, AuditLog, Acceptor), Sentence> {
    if postgres.is_private() {
        postgres::migrate(postgres.owner()).await?;
    } else {
        postgres::check_schema(postgres.serving()).await?;
    }
    let database = postgres.serving();
    let clock = Clock::system();
    let tls = ServerTls::open(&settings.tls, clock.clone())?;
    let access = app::access(settings, database, clock.clone()).await?;
    let listener = listen(settings).await?;
    let audit = app::audit(database, audit_key(settings)?, clock).await?;
    outln!("Serving on {}", listener.local_addr()?);
    Ok((access, audit, Acceptor::new(listener, tls)))
}

/// The key of the audit log: the one set, or that of the private cluster.
///
/// # Errors
/// A sentence: none is set, or it cannot be read.
pub(super) fn audit_key(settings: &Settings) -> Result<AuditKey, Sentence> {
    match &settings.audit.key_file {
        Some(file) => AuditKey::from_file(file),
        None if settings.database.url.is_none() => {
            AuditKey::create_or_load(&postgres::data_dir(&settings.database)?.join("audit.key"))
        }
        None => Err(
            "set audit.key_file: the key that hides natural persons in the audit log, the same for all instances \
             (`openssl rand -hex 32` makes one)"
                .into(),
        ),
    }
}

/// Opens the address of the settings.
///
/// # Errors
/// A sentence with the address.
pub(super) async fn listen(settings: &Settings) -> Result<TcpListener, Sentence> {
    let address = settings.server.listen;
    TcpListener::bind(address)
        .await
        .map_err(|error| format!("cannot listen on {address}: {error}").into())
}
