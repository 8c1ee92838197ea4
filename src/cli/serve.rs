//! `omnia serve`: the service, on the database and the keys that the settings name.

use std::process::ExitCode;

use clap::Args;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;

use crate::{
    app,
    audit::Chiave,
    clock::Clock,
    config::Settings,
    error::Sentence,
    postgres,
    tls::{Ascolto, Tls},
    transport::files,
};

/// Serve until Ctrl-C or SIGTERM.
#[derive(Debug, Args)]
pub(super) struct Serve {}

impl Serve {
    /// Runs the service to its end.
    ///
    /// # Errors
    /// A sentence: settings, database, policy, keys or address.
    pub(super) async fn run(self, settings: &Settings) -> Result<ExitCode, Sentence> {
        files::raise();
        let postgres = postgres::open(&settings.database).await?;
        let outcome = serve(settings, &postgres).await;
        // Whatever happened, a private cluster must not be left behind.
        let stopped = postgres.stop().await;
        outcome.and(stopped).map(|()| ExitCode::SUCCESS)
    }
}

async fn serve(settings: &Settings, postgres: &postgres::Postgres) -> Result<(), Sentence> {
    if postgres.is_private() {
        postgres::migrate(postgres.owner()).await?;
    } else {
        postgres::check_schema(postgres.serving()).await?;
    }
    let database = postgres.serving();
    let clock = Clock::system();
    let tls = Tls::apri(&settings.tls, clock.clone())?;
    let access = app::access(settings, database, clock.clone()).await?;
    let listener = listen(settings).await?;
    let audit = app::audit(database, audit_key(settings)?, clock).await?;
    println!("Serving on {}", listener.local_addr()?);
    let ascolto = Ascolto::new(listener, tls);
    app::serve(
        settings,
        database,
        access,
        audit,
        ascolto,
        stop_on_signal()?,
    )
    .await
}

/// The key of the audit log: the one set, or that of the private cluster.
///
/// # Errors
/// A sentence: none is set, or it cannot be read.
pub(super) fn audit_key(settings: &Settings) -> Result<Chiave, Sentence> {
    match &settings.audit.key_file {
        Some(file) => Chiave::from_file(file),
        None if settings.database.url.is_none() => {
            Chiave::create_or_load(&postgres::data_dir(&settings.database)?.join("audit.key"))
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

/// A token that Ctrl-C or SIGTERM cancels.
///
/// # Errors
/// The system's, if signals cannot be had.
pub(super) fn stop_on_signal() -> Result<CancellationToken, Sentence> {
    let stop = CancellationToken::new();
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    let cancel = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => (),
            _ = terminate.recv() => (),
        }
        tracing::info!("stopping");
        cancel.cancel();
    });
    Ok(stop)
}
