//! The composition root: what is made of what, and in which order calls pass through it.
//!
//! ```text
//! TCP ─► observe ─► connection ─► audit ─► protocol ─► deadline ─► access ─► ReportService, DecreeService, MonitoraggioService, AccessService, GrantService, FlightService ─► Postgres (serving role)
//!                                                                  └──► health, reflection (no token)
//! HTTP ─► pages of which origins ─► what needs no token, or a page of the Cruscotto, or a call by gRPC-Web, or the resource of a call: each becomes calls ─► observe
//! ```

mod authenticator;
mod cruscotto;
mod derivations;
mod health;
mod spelling;

use std::{collections::BTreeMap, time::Duration};

use tokio::time::{sleep, timeout};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tonic::{codec::CompressionEncoding, service::Routes};
use tonic_health::pb::health_server::HealthServer;
use tower::{ServiceBuilder, util::MapRequestLayer};

use crate::{
    abilitazione::{
        Access, AccessExplainer, AccessLayer, ActivePolicy, Authorizer, GrantCache, Grants,
        PolicyOnDisk, PolicySource, QuotaUsage, authn::ReplayStore,
    },
    audit::{AuditLayer, AuditLog, RefusalLimits, Refusals},
    clock::Clock,
    config::Settings,
    contract::{
        flight::protocol::flight_service_server::FlightServiceServer,
        proto::{
            FILE_DESCRIPTOR_SET, FLIGHT_DESCRIPTOR_SET, access_service_server::AccessServiceServer,
            grant_service_server::GrantServiceServer,
            monitoraggio_service_server::MonitoraggioServiceServer,
            report_service_server::ReportServiceServer,
        },
        vocabulary::Vocabulary,
    },
    crypto::key::AuditKey,
    decreto::{
        ExportSettings, encoded::decree_service_server::DecreeServiceServer,
        selection::DecreeSelections, service::Decrees,
    },
    error::Sentence,
    flight::{messages::MessagesLayer, service::FlightServer},
    grpc::{
        compression::as_the_request,
        deadline::DeadlineLayer,
        health::{HealthReporter, ServingStatus},
        observe::ObserveLayer,
        pages::{self, Signer},
        places::{Places, half},
        protocol::ProtocolLayer,
        stream_task::StreamLimits,
    },
    monitoraggio::service::{DifferenceStreams, MonitoraggioServer},
    postgres::{DatabaseConnections, SideConnections},
    report::{cache::ReportCache, service::ReportServer},
    rilevazione::RilevazioneRegister,
    telemetry::health_registry::HealthRegistry,
    transport::{
        self,
        bounded_read::Reader,
        connection::{TrustedProxies, client_connection},
        connection_io::Patience,
        files,
        reloader::Reloader,
        serve::serve as serve_connections,
        tls::{Acceptor, CertificatesOnDisk},
    },
};

pub use authenticator::authenticator;
pub use derivations::derivations;
use health::Health;

/// A generated server, each a type of its own: with the largest request that it reads, once it is expanded, and both ways of
/// compression.
macro_rules! compressed {
    ($server:expr, $limit:expr) => {
        $server
            .max_decoding_message_size($limit)
            .accept_compressed(CompressionEncoding::Gzip)
            .accept_compressed(CompressionEncoding::Zstd)
            .send_compressed(CompressionEncoding::Gzip)
            .send_compressed(CompressionEncoding::Zstd)
    };
}

/// What streams get to send their last message once their time to drain is over.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// What the quotas get to give back what was not used.
const CLOSING_QUOTAS: Duration = Duration::from_secs(1);
/// What the audit log gets to write what is queued, and that its chain ends.
const CLOSING_AUDIT: Duration = Duration::from_secs(3);

/// The access layer of the settings: issuers, policy, grants, quotas.
///
/// # Errors
/// A sentence: keys or policy that cannot be read, and everything that is wrong with them; a quota of a profile that
/// the policy does not have.
pub async fn access(
    settings: &Settings,
    database: &DatabaseConnections,
    clock: Clock,
) -> Result<AccessLayer, Sentence> {
    let dir = settings.access.policy_dir.clone();
    let read = move || PolicySource::of_settings(dir.as_deref());
    let sorgente = Reader::default().run(read).await.flatten()?;
    let politica = ActivePolicy::load(&sorgente, &Vocabulary::of_contract()?).await?;
    access_under(politica, settings, database, clock).await
}

/// As [`access`], under a policy that was read and checked.
///
/// # Errors
/// A sentence: keys that cannot be read, and everything that is wrong with them; a quota of a profile that the policy
/// does not have.
pub async fn access_under(
    politica: ActivePolicy,
    settings: &Settings,
    database: &DatabaseConnections,
    clock: Clock,
) -> Result<AccessLayer, Sentence> {
    let vocabulary = Vocabulary::of_contract()?;
    let Settings { access, quota, .. } = settings;
    let tabella = politica.table();
    if let Some(profilo) = quota.profilo.keys().find(|p| tabella.profilo(p).is_none()) {
        return Err(
            format!("settings: quota.profilo.{profilo}: the policy has no such profile").into(),
        );
    }
    let prove = ReplayStore::open(database.beside(SideConnections::Proofs));
    let chiamanti = authenticator(access, Some(prove), clock.clone()).await?;
    let vigenti = GrantCache::new(database.beside(SideConnections::Abilitazioni));
    let quote = database.beside(SideConnections::Quote);
    let consumo = QuotaUsage::new(quota.clone(), quote, clock.clone());
    let guardia = Authorizer::new(chiamanti, vigenti, politica, consumo, vocabulary, clock);
    Ok(AccessLayer::new(guardia, settings.server.max_request_bytes))
}

/// Opens this instance's chain of the audit log. `database` is of the serving role.
///
/// # Errors
/// A sentence: the database does not take it.
pub async fn audit(
    database: &DatabaseConnections,
    chiave: AuditKey,
    clock: Clock,
) -> Result<AuditLog, Sentence> {
    let host = nix::unistd::gethostname()?;
    let istanza = format!("{}:{}", host.to_string_lossy(), std::process::id());
    AuditLog::open(database.clone(), chiave, istanza, clock)
        .await
        .map_err(|error| format!("the audit log cannot be opened: {error}").into())
}

/// Serves on `ascolto` until `stop` is cancelled and what runs has drained; then closes the audit log's chain.
///
/// # Errors
/// The transport's, or a descriptor set that reflection cannot read.
pub async fn serve(
    settings: &Settings,
    database: &DatabaseConnections,
    access: AccessLayer,
    audit: AuditLog,
    ascolto: impl Into<Acceptor>,
    stop: CancellationToken,
) -> Result<(), Sentence> {
    let guardia = access.authorizer().clone();
    let limits = RefusalLimits {
        per_caller: settings.audit.refused_per_caller_per_minute,
        all: settings.audit.refused_per_minute,
        interval: Duration::from_secs(settings.audit.refused_counts_seconds),
    };
    let refusals = Refusals::new(audit.clone(), limits);
    let recorder = (&audit, &refusals);
    let outcome = serve_recorded(settings, database, access, recorder, ascolto.into(), stop).await;
    // Where the database is frozen nobody answers, and nothing of this may hold up the stop.
    if timeout(CLOSING_QUOTAS, guardia.close()).await.is_err() {
        tracing::error!("unused calls of the day were not given back in time");
    }
    refusals.close();
    if timeout(CLOSING_AUDIT, audit.close()).await.is_err() {
        tracing::error!("the chain of the audit log was not closed in time");
    }
    outcome
}

async fn serve_recorded(
    settings: &Settings,
    database: &DatabaseConnections,
    access: AccessLayer,
    (audit, refusals): (&AuditLog, &Refusals),
    ascolto: Acceptor,
    stop: CancellationToken,
) -> Result<(), Sentence> {
    let pool = database.pool().clone();
    // Cancelled only when the time to drain is over: until then exports go on.
    let arresto = CancellationToken::new();
    let limiti = StreamLimits {
        places: places(&settings.export),
        duration: Duration::from_secs(settings.export.deadline_seconds),
        shutdown: arresto.clone(),
    };
    let health = HealthReporter::default();
    health::set(&health, ServingStatus::NotServing);
    let salute = HealthRegistry::default();
    let _componenti = AbortOnDropHandle::new(tokio::spawn(tell(health.clone(), salute.clone())));
    let clock = access.authorizer().clock().clone();
    let policy = PolicyOnDisk::new(
        access.authorizer().policy().clone(),
        settings.access.policy_dir.clone(),
        access.authorizer().vocabulary().clone(),
        clock.clone(),
    );
    let policy = Reloader::new(policy, salute.component("policy"), clock.clone());
    let _policy = AbortOnDropHandle::new(tokio::spawn(policy.follow().await?));
    let _keys = AbortOnDropHandle::new(tokio::spawn(
        access
            .authorizer()
            .clone()
            .tell_keys(salute.component("keys")),
    ));
    let _certificates = match ascolto.tls() {
        Some(tls) => {
            let certificates = CertificatesOnDisk::new(tls.clone());
            let health = salute.component("tls");
            let certificates = Reloader::new(certificates, health, tls.clock().clone());
            Some(AbortOnDropHandle::new(tokio::spawn(
                certificates.follow().await?,
            )))
        }
        None => None,
    };
    let _grants = AbortOnDropHandle::new(tokio::spawn(access.authorizer().clone().watch()));
    let _anchors = AbortOnDropHandle::new(tokio::spawn(audit.clone().anchor_daily(pool.clone())));
    let _counts = AbortOnDropHandle::new(tokio::spawn(refusals.clone().write_regularly()));

    let limit = settings.server.max_request_bytes;
    let guardia = access.authorizer();
    let spiega = AccessExplainer::new(
        guardia.policy().clone(),
        guardia.vocabulary().clone(),
        Some(pool.clone()),
        guardia.clock().clone(),
    );
    let signer = Signer::new(&audit.key().derived(pages::PURPOSE));
    let grants = Grants::new(
        pool.clone(),
        guardia.policy().clone(),
        guardia.clock().clone(),
        signer.clone(),
    );
    let rilevazioni =
        RilevazioneRegister::new(pool.clone(), database.beside(SideConnections::Rilevazioni));
    let _latest = AbortOnDropHandle::new(tokio::spawn(rilevazioni.clone().follow()));
    let report_health = Health {
        reporter: health.clone(),
        authorizer: access.authorizer().clone(),
        rilevazioni: rilevazioni.clone(),
        audit: audit.clone(),
        pool: pool.clone(),
    };
    // It ends with the word that the instance serves no more.
    let _health = AbortOnDropHandle::new(tokio::spawn(report_health.report(stop.clone())));
    let in_memory = settings.report.rilevazioni_in_memoria;
    let memoria = ReportCache::new(pool.clone(), in_memory);
    let report = ReportServer::new(
        pool.clone(),
        rilevazioni.clone(),
        memoria,
        limiti.clone(),
        signer.clone(),
    );
    let batch_rows = settings.export.batch_rows;
    let differences = DifferenceStreams {
        limits: limiti.clone(),
        signer,
        batch_rows,
    };
    let monitoraggio =
        MonitoraggioServer::new(pool.clone(), rilevazioni.clone(), differences, in_memory);
    let selections = DecreeSelections::new(pool, rilevazioni, audit.key().clone());
    let flights = FlightServer::new(selections.clone(), limiti.clone(), batch_rows)?;
    let decrees = Decrees::new(selections, limiti, batch_rows);
    let health_service = HealthServer::new(health.service());
    let mut routes = Routes::new(compressed!(health_service, limit))
        .add_service(compressed!(ReportServiceServer::new(report), limit))
        .add_service(compressed!(
            MonitoraggioServiceServer::new(monitoraggio),
            limit
        ))
        .add_service(compressed!(GrantServiceServer::new(grants), limit))
        .add_service(compressed!(DecreeServiceServer::new(decrees), limit))
        .add_service(compressed!(FlightServiceServer::new(flights), limit))
        .add_service(compressed!(
            AccessServiceServer::new(Access::new(spiega)),
            limit
        ));
    if settings.server.reflection {
        // As bytes: the options of vocabulary.proto must survive.
        let reflection = || {
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
                .register_encoded_file_descriptor_set(FLIGHT_DESCRIPTOR_SET)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
                // So that grpcurl shows the details of an error and not their bytes.
                .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
        };
        routes = routes
            .add_service(compressed!(reflection().build_v1()?, limit))
            .add_service(compressed!(reflection().build_v1alpha()?, limit));
    }

    let rpc: BTreeMap<String, bool> = guardia
        .vocabulary()
        .iter()
        .map(|(rpc, words)| (rpc.to_owned(), words.streams()))
        .collect();
    let inoltro = TrustedProxies::parse(
        &settings.server.trusted_proxies,
        &settings.server.client_address_header,
    )?;
    let address_header = inoltro.header().clone();
    let stall = Duration::from_secs(settings.export.stall_seconds);
    let connections = transport::OpenConnections::new(transport::ConnectionLimits {
        all: files::connections_for(
            settings.server.max_connections,
            settings.database.max_connections,
        ),
        per_address: settings.server.max_connections_per_address,
        proxies: inoltro.clone(),
    });
    let patience = Patience {
        opening: Duration::from_secs(settings.server.preface_seconds),
        // The streams on it are ended first, and get as long again to say so.
        writing: 2 * stall,
        // What no stream ends by itself.
        answer: 3 * stall,
    };
    let service = ServiceBuilder::new()
        .layer(MessagesLayer)
        .layer(ObserveLayer)
        .layer(client_connection(inoltro))
        .layer(AuditLayer::new(
            audit.clone(),
            refusals.clone(),
            rpc.clone(),
        ))
        .layer(ProtocolLayer)
        .layer(DeadlineLayer::new(rpc, stall))
        .layer(access)
        .layer(MapRequestLayer::new(as_the_request))
        .service(routes.prepare());
    let pages = cruscotto::pages(settings, database, audit.key(), &address_header, clock)?;
    let serves = move || health.serves();
    let service = spelling::spelt(service, settings, pages, address_header, serves)?;
    let incoming = ascolto.connections(connections, patience);
    let server = serve_connections(incoming, service, stop.clone());
    let drain = Duration::from_secs(settings.server.drain_seconds);
    tokio::select! {
        () = server => Ok(()),
        // It waits for streams without bound: this is the bound.
        () = async {
            stop.cancelled().await;
            sleep(drain).await;
            arresto.cancel();
            sleep(LAST_WORDS).await;
        } => Ok(()),
    }
}

/// How many exports there may be, in all and of one subject.
fn places(export: &ExportSettings) -> Places {
    let all = export.max_concurrent;
    Places::new(all, export.max_per_subject.unwrap_or_else(|| half(all)))
}

/// Passes on how each component is, under its name.
async fn tell(health: HealthReporter, salute: HealthRegistry) {
    let mut stati = salute.subscribe();
    loop {
        let now = stati.borrow_and_update().clone();
        for (nome, bene) in now {
            let status = match bene {
                true => ServingStatus::Serving,
                false => ServingStatus::NotServing,
            };
            health.set_service_status(nome, status);
        }
        if stati.changed().await.is_err() {
            return;
        }
    }
}
