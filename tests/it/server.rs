//! The real server on a free port, over a test's own database, with a clock of the test's.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use arrow_flight::flight_service_client::FlightServiceClient;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use omnia::{
    abilitazione::{
        AccessLayer, ActivePolicy, Ambito, AmbitoCodes, DecisionTable,
        authn::KeyLocation,
        grants::{self, Ente, RichiestaAa07},
    },
    app::{self, derivations},
    blocks::block::ROWS_PER_BLOCK,
    clock::Clock,
    config::Settings,
    contract::proto::{
        access_service_client::AccessServiceClient, decree_service_client::DecreeServiceClient,
        grant_service_client::GrantServiceClient,
        monitoraggio_service_client::MonitoraggioServiceClient,
        report_service_client::ReportServiceClient,
    },
    crypto::key::AuditKey,
    demo::demo_key::{self, DemoKey},
    postgres::DatabaseConnections,
    rilevazione::{Finding, LoadOutcome, LoadSources, derived::Derivation, load_extract},
    transport::tls::{Acceptor, ServerTls},
    valori::CodiceNormativa,
};
use sqlx::PgPool;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use tonic::{
    Request, Status,
    metadata::AsciiMetadataValue,
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};

use crate::{
    abilitazione::{OPERATORI, new_request},
    model::{self, ModelExtract},
    shipped_policy,
    test_bench::{self, TestDatabase},
};

/// A day on which the grants of the tests are valid.
pub const TODAY: &str = "2026-11-23T09:00:00Z";

/// The key of the audit logs of the tests.
pub const AUDIT_KEY: [u8; 32] = [7; 32];

/// A server at work.
pub struct TestServer {
    pub db: TestDatabase,
    pub address: SocketAddr,
    pub clock: Clock,
    pub key: DemoKey,
    pub settings: Settings,
    pub policy: ActivePolicy,
    /// Of the policy that it started with.
    pub policy_table: Arc<DecisionTable>,
    now: Arc<Mutex<DateTime<Utc>>>,
    stop: CancellationToken,
    server: JoinHandle<Result<(), omnia::error::Sentence>>,
    // The key's files.
    _dir: tempfile::TempDir,
}

/// Puts a bearer token on every call, and what a proxy would say of the client's address.
#[derive(Clone)]
pub struct Bearer {
    token: Option<AsciiMetadataValue>,
    indirizzo: Option<AsciiMetadataValue>,
}

impl Bearer {
    pub fn new(token: Option<&str>) -> Self {
        Self {
            token: token.map(|t| format!("Bearer {t}").parse().unwrap()),
            indirizzo: None,
        }
    }

    /// As the token says, good or not.
    fn soggetto(&self) -> String {
        let read = || {
            let token = self.token.as_ref()?.to_str().ok()?;
            let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
            let claims: serde_json::Value = serde_json::from_slice(&claims).ok()?;
            Some(claims["sub"].as_str()?.to_owned())
        };
        read().unwrap_or_default()
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let metadata = request.metadata_mut();
        if let Some(value) = &self.token {
            metadata.insert("authorization", value.clone());
        }
        if let Some(value) = &self.indirizzo {
            metadata.insert("x-forwarded-for", value.clone());
        }
        Ok(request)
    }
}

pub type CallerChannel = InterceptedService<Channel, Bearer>;

/// The clients of one caller.
#[derive(Clone)]
pub struct CallerClients {
    pub report: ReportServiceClient<CallerChannel>,
    pub monitoraggio: MonitoraggioServiceClient<CallerChannel>,
    pub decreti: DecreeServiceClient<CallerChannel>,
    pub access: AccessServiceClient<CallerChannel>,
    /// For whatever has no client of its own.
    pub channel: CallerChannel,
    pub grants: GrantServiceClient<CallerChannel>,
    pub flight: FlightServiceClient<CallerChannel>,
    /// The subject of its token.
    pub soggetto: String,
}

impl TestServer {
    /// A server with the default settings.
    pub async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    /// A server with settings changed.
    pub async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::start_on(test_bench::database().await, change).await
    }

    /// A server with settings changed, on this database.
    pub async fn start_on(mut db: TestDatabase, change: impl FnOnce(&mut Settings)) -> Self {
        // What a failed call has in its cause is only in the log.
        let _ = tracing_subscriber::fmt()
            .with_env_filter("error")
            .with_test_writer()
            .try_init();
        let dir = tempfile::tempdir().unwrap();
        let key = demo_key::create_or_load(dir.path()).unwrap();
        let now = Arc::new(Mutex::new(TODAY.parse().unwrap()));
        let clock = Clock::from_fn({
            let now = Arc::clone(&now);
            move || *now.lock().unwrap()
        });
        let mut settings = Settings::default();
        settings.access.jwks = Some(KeyLocation::File(demo_key::jwks_path(dir.path())));
        change(&mut settings);
        let options = db.serving_url.parse().unwrap();
        db.connections = test_bench::serving(options, settings.database.max_connections);
        db.serving = db.connections.pool().clone();
        let access = access(&settings, &db.connections, &clock).await;
        let policy = access.authorizer().policy().clone();
        let audit = app::audit(&db.connections, AuditKey::new(&AUDIT_KEY), clock.clone())
            .await
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let server = tokio::spawn({
            let (settings, stop) = (settings.clone(), stop.clone());
            let connections = db.connections.clone();
            let tls = ServerTls::open(&settings.tls, clock.clone()).unwrap();
            let ascolto = Acceptor::new(listener, tls);
            async move { app::serve(&settings, &connections, access, audit, ascolto, stop).await }
        });
        Self {
            db,
            address,
            clock,
            key,
            settings,
            policy_table: policy.table(),
            policy,
            now,
            stop,
            server,
            _dir: dir,
        }
    }

    /// Another instance on the same database, with the same keys, clock and settings. It stops with this one.
    pub async fn another_instance(&self) -> SocketAddr {
        let options = self.db.serving_url.parse().unwrap();
        let max = self.settings.database.max_connections;
        let connections = test_bench::serving(options, max);
        let access = access(&self.settings, &connections, &self.clock).await;
        let audit = app::audit(&connections, AuditKey::new(&AUDIT_KEY), self.clock.clone())
            .await
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (settings, stop) = (self.settings.clone(), self.stop.clone());
        tokio::spawn(async move {
            app::serve(&settings, &connections, access, audit, listener, stop).await
        });
        address
    }

    /// Asks the server to stop and waits until it has. What it wrote is still there.
    pub async fn stop(self) -> TestDatabase {
        self.stop.cancel();
        self.server.await.unwrap().unwrap();
        self.db
    }

    /// Asks the server to stop.
    pub fn ask_to_stop(&self) {
        self.stop.cancel();
    }

    /// Sets the clock.
    pub fn set_clock(&self, instant: &str) {
        *self.now.lock().unwrap() = instant.parse().unwrap();
    }

    /// Writes an extract and loads it; the number of its rilevazione.
    pub async fn load(&self, estratto: &ModelExtract, data_riferimento: &str) -> i32 {
        let righe = self.settings.export.batch_rows;
        load_in_blocks(
            &self.db.owner,
            &self.clock,
            estratto,
            data_riferimento,
            righe,
        )
        .await
    }

    /// Gives a grant for 2026.
    pub async fn grant_scope(&self, soggetto: &str, profilo: &str, ambito: Ambito) -> i64 {
        let mut richiesta = new_request(soggetto, profilo, "2026-01-01", "2026-12-31");
        richiesta.ente = Ente::Mlps;
        richiesta.ambito = ambito;
        self.grant(&richiesta).await
    }

    /// Gives a grant on everything that is valid by the machine's clock too: for a program.
    pub async fn grant_today(&self, soggetto: &str, profilo: &str) -> i64 {
        self.grant(&new_request(soggetto, profilo, "2020-01-01", "2199-12-31"))
            .await
    }

    /// Gives what is asked for: recorded by one operator, approved by another.
    pub async fn grant(&self, richiesta: &RichiestaAa07) -> i64 {
        let (db, clock) = (&self.db.owner, &self.clock);
        grants::record_and_approve(db, clock, &self.policy_table, richiesta, OPERATORI, "prova")
            .await
            .unwrap()
    }

    /// A caller with this profile on everything.
    pub async fn clients_of(&self, profilo: &str) -> CallerClients {
        let soggetto = format!("cliente-{profilo}");
        self.grant_scope(&soggetto, profilo, whole_scope()).await;
        self.clients_as(&soggetto)
    }

    /// A caller with a good token, whatever its grant.
    pub fn clients_as(&self, soggetto: &str) -> CallerClients {
        self.clients_with(Some(&self.token(soggetto)))
    }

    /// A good token.
    pub fn token(&self, soggetto: &str) -> String {
        let access = &self.settings.access;
        self.key
            .token(&access.issuer, &access.audience, soggetto, 12, &self.clock)
            .unwrap()
    }

    /// A caller with this token, or none.
    pub fn clients_with(&self, token: Option<&str>) -> CallerClients {
        self.clients_over(self.channel(), token)
    }

    /// A caller with this token, or none, on this connection.
    pub fn clients_over(&self, channel: Channel, token: Option<&str>) -> CallerClients {
        caller_clients(channel, Bearer::new(token))
    }

    /// A caller with this token, or none, for whom a proxy speaks that says this of its address.
    pub fn clients_from(&self, indirizzo: &str, token: Option<&str>) -> CallerClients {
        let bearer = Bearer {
            indirizzo: Some(indirizzo.parse().unwrap()),
            ..Bearer::new(token)
        };
        caller_clients(self.channel(), bearer)
    }

    /// A caller that takes in no more than it reads, as far as HTTP/2 lets one.
    pub fn slow_clients(&self, soggetto: &str) -> CallerClients {
        let channel = Endpoint::from_shared(format!("http://{}", self.address))
            .unwrap()
            .initial_stream_window_size(4 * 1024)
            .initial_connection_window_size(64 * 1024)
            .connect_lazy();
        self.clients_over(channel, Some(&self.token(soggetto)))
    }

    /// A connection of its own.
    pub fn channel(&self) -> Channel {
        channel_to(self.address)
    }
}

/// The access layer of the settings, under a policy that is not checked again where it is the shipped one.
async fn access(
    settings: &Settings,
    connections: &DatabaseConnections,
    clock: &Clock,
) -> AccessLayer {
    let access = if settings.access.policy_dir.is_none() {
        let policy = shipped_policy::policy().await;
        app::access_under(policy, settings, connections, clock.clone()).await
    } else {
        app::access(settings, connections, clock.clone()).await
    };
    access.unwrap()
}

/// Writes an extract and loads it into a database; the number of its rilevazione.
pub async fn load_into(
    owner: &PgPool,
    clock: &Clock,
    estratto: &ModelExtract,
    data_riferimento: &str,
) -> i32 {
    load_in_blocks(owner, clock, estratto, data_riferimento, ROWS_PER_BLOCK).await
}

/// As [`load_into`], in blocks of so many rows.
pub async fn load_in_blocks(
    owner: &PgPool,
    clock: &Clock,
    estratto: &ModelExtract,
    data_riferimento: &str,
    rows_per_block: u32,
) -> i32 {
    let derivations = derivations(rows_per_block);
    load_deriving(owner, clock, estratto, data_riferimento, &derivations).await
}

/// As [`load_into`], with all this made of the rows.
pub async fn load_deriving(
    owner: &PgPool,
    clock: &Clock,
    estratto: &ModelExtract,
    data_riferimento: &str,
    derivations: &[Box<dyn Derivation>],
) -> i32 {
    let files = [
        model::decreti_csv(&estratto.rows),
        model::stanziamenti_csv(&estratto.stanziamenti),
    ];
    load_files(owner, clock, files, data_riferimento, derivations).await
}

/// Loads files with these texts, decrees and appropriations, of norms and benefits that the model knows.
pub async fn load_files(
    owner: &PgPool,
    clock: &Clock,
    [decreti, stanziamenti]: [String; 2],
    data_riferimento: &str,
    derivations: &[Box<dyn Derivation>],
) -> i32 {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let fonti = LoadSources {
        decreti: write("decreti.csv", decreti),
        stanziamenti: write("stanziamenti.csv", stanziamenti),
        normative: Some(write("normative.csv", model::normative_csv())),
        prestazioni: Some(write("prestazioni.csv", model::prestazioni_csv())),
        data_riferimento: data_riferimento.parse().unwrap(),
    };
    let mut findings: Vec<Finding> = Vec::new();
    match load_extract(owner, &fonti, derivations, clock, &mut findings).await {
        Ok(LoadOutcome::Loaded(riepilogo)) => riepilogo.rilevazione,
        other => panic!("{other:?} {findings:?}"),
    }
}

fn caller_clients(channel: Channel, bearer: Bearer) -> CallerClients {
    let limit = 64 * 1024 * 1024;
    let soggetto = bearer.soggetto();
    let canale = InterceptedService::new(channel, bearer);
    CallerClients {
        flight: FlightServiceClient::new(canale.clone()).max_decoding_message_size(limit),
        soggetto,
        report: ReportServiceClient::new(canale.clone()).max_decoding_message_size(limit),
        monitoraggio: MonitoraggioServiceClient::new(canale.clone())
            .max_decoding_message_size(limit),
        decreti: DecreeServiceClient::new(canale.clone()).max_decoding_message_size(limit),
        access: AccessServiceClient::new(canale.clone()),
        grants: GrantServiceClient::new(canale.clone()),
        channel: canale,
    }
}

/// A connection to an instance.
pub fn channel_to(address: SocketAddr) -> Channel {
    Endpoint::from_shared(format!("http://{address}"))
        .unwrap()
        .connect_lazy()
}

impl CallerClients {
    /// A call that the contract does not have.
    pub async fn call_any(&mut self, path: &str) -> Result<usize, Status> {
        let mut grpc = tonic::client::Grpc::new(self.channel.clone());
        grpc.ready()
            .await
            .map_err(|e| Status::from_error(e.into()))?;
        let codec = tonic_prost::ProstCodec::<(), ()>::default();
        let request = tonic::Request::new(());
        grpc.unary(request, path.parse().unwrap(), codec)
            .await
            .map(|_| 1)
    }
}

/// A scope without bounds.
pub fn whole_scope() -> Ambito {
    Ambito::new(AmbitoCodes::All, AmbitoCodes::All)
}

/// One norm.
pub fn only_normativa(normativa: &str) -> Ambito {
    let normativa = CodiceNormativa::parse(normativa).unwrap();
    Ambito::new(AmbitoCodes::only([normativa]).unwrap(), AmbitoCodes::All)
}
