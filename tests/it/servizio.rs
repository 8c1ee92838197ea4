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
        Ambito, Insieme, Sorgente, Tabella,
        authn::FonteChiavi,
        grants::{self, Ente, Richiesta},
    },
    app,
    blocks::blocco::RIGHE_PER_BLOCCO,
    clock::Clock,
    config::Settings,
    contract::{
        proto::{
            access_service_client::AccessServiceClient, decree_service_client::DecreeServiceClient,
            grant_service_client::GrantServiceClient, report_service_client::ReportServiceClient,
        },
        vocabulary::Vocabulary,
    },
    crypto::chiave::Chiave,
    demo::demo_key::{self, DemoKey},
    rilevazione::{Esito, Fonti, Segnalazione, carica},
    transport::tls::{Ascolto, Tls},
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
    abilitazione::{OPERATORI, nuova},
    banco::{self, Database},
    modello::{self, Estratto},
};

/// A day on which the grants of the tests are valid.
pub const OGGI: &str = "2026-11-23T09:00:00Z";

/// The key of the audit logs of the tests.
pub const CHIAVE: [u8; 32] = [7; 32];

/// A server at work.
pub struct Servizio {
    pub db: Database,
    pub address: SocketAddr,
    pub clock: Clock,
    pub key: DemoKey,
    pub settings: Settings,
    pub tabella: Tabella,
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

pub type Canale = InterceptedService<Channel, Bearer>;

/// The clients of one caller.
#[derive(Clone)]
pub struct Cliente {
    pub report: ReportServiceClient<Canale>,
    pub decreti: DecreeServiceClient<Canale>,
    pub accesso: AccessServiceClient<Canale>,
    /// For whatever has no client of its own.
    pub canale: Canale,
    pub abilitazioni: GrantServiceClient<Canale>,
    pub volo: FlightServiceClient<Canale>,
    /// The subject of its token.
    pub soggetto: String,
}

impl Servizio {
    /// A server with the default settings.
    pub async fn avvia() -> Self {
        Self::avvia_con(|_| ()).await
    }

    /// A server with settings changed.
    pub async fn avvia_con(change: impl FnOnce(&mut Settings)) -> Self {
        Self::avvia_su(banco::database().await, change).await
    }

    /// A server with settings changed, on this database.
    pub async fn avvia_su(mut db: Database, change: impl FnOnce(&mut Settings)) -> Self {
        // What a failed call has in its cause is only in the log.
        let _ = tracing_subscriber::fmt()
            .with_env_filter("error")
            .with_test_writer()
            .try_init();
        let dir = tempfile::tempdir().unwrap();
        let key = demo_key::create_or_load(dir.path()).unwrap();
        let now = Arc::new(Mutex::new(OGGI.parse().unwrap()));
        let clock = Clock::from_fn({
            let now = Arc::clone(&now);
            move || *now.lock().unwrap()
        });
        let mut settings = Settings::default();
        settings.access.jwks = Some(FonteChiavi::File(demo_key::jwks_path(dir.path())));
        change(&mut settings);
        let options = db.serving_url.parse().unwrap();
        db.connections = banco::serving(options, settings.database.max_connections);
        db.servizio = db.connections.pool().clone();
        let sorgente = Sorgente::of_settings(settings.access.policy_dir.as_deref()).unwrap();
        let tabella = Tabella::build(&sorgente, &Vocabulary::of_contract().unwrap())
            .await
            .unwrap();
        let access = app::access(&settings, &db.connections, clock.clone())
            .await
            .unwrap();
        let audit = app::audit(&db.connections, Chiave::new(&CHIAVE), clock.clone())
            .await
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let server = tokio::spawn({
            let (settings, stop) = (settings.clone(), stop.clone());
            let connections = db.connections.clone();
            let tls = Tls::apri(&settings.tls, clock.clone()).unwrap();
            let ascolto = Ascolto::new(listener, tls);
            async move { app::serve(&settings, &connections, access, audit, ascolto, stop).await }
        });
        Self {
            db,
            address,
            clock,
            key,
            settings,
            tabella,
            now,
            stop,
            server,
            _dir: dir,
        }
    }

    /// Another instance on the same database, with the same keys, clock and settings. It stops with this one.
    pub async fn altra_istanza(&self) -> SocketAddr {
        let options = self.db.serving_url.parse().unwrap();
        let max = self.settings.database.max_connections;
        let connections = banco::serving(options, max);
        let access = app::access(&self.settings, &connections, self.clock.clone())
            .await
            .unwrap();
        let audit = app::audit(&connections, Chiave::new(&CHIAVE), self.clock.clone())
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
    pub async fn ferma(self) -> Database {
        self.stop.cancel();
        self.server.await.unwrap().unwrap();
        self.db
    }

    /// Asks the server to stop.
    pub fn chiedi_di_fermarsi(&self) {
        self.stop.cancel();
    }

    /// Sets the clock.
    pub fn orologio(&self, instant: &str) {
        *self.now.lock().unwrap() = instant.parse().unwrap();
    }

    /// Writes an extract and loads it; the number of its rilevazione.
    pub async fn carica(&self, estratto: &Estratto, data_riferimento: &str) -> i32 {
        let righe = self.settings.export.batch_rows;
        carica_in_blocchi(
            &self.db.owner,
            &self.clock,
            estratto,
            data_riferimento,
            righe,
        )
        .await
    }

    /// Gives a grant for 2026.
    pub async fn abilita(&self, soggetto: &str, profilo: &str, ambito: Ambito) -> i64 {
        let mut richiesta = nuova(soggetto, profilo, "2026-01-01", "2026-12-31");
        richiesta.ente = Ente::Mlps;
        richiesta.ambito = ambito;
        self.concedi(&richiesta).await
    }

    /// Gives a grant on everything that is valid by the machine's clock too: for a program.
    pub async fn abilita_oggi(&self, soggetto: &str, profilo: &str) -> i64 {
        self.concedi(&nuova(soggetto, profilo, "2020-01-01", "2199-12-31"))
            .await
    }

    /// Gives what is asked for: recorded by one operator, approved by another.
    pub async fn concedi(&self, richiesta: &Richiesta) -> i64 {
        let (db, clock) = (&self.db.owner, &self.clock);
        grants::concedi(db, clock, &self.tabella, richiesta, OPERATORI, "prova")
            .await
            .unwrap()
    }

    /// A caller with this profile on everything.
    pub async fn cliente(&self, profilo: &str) -> Cliente {
        let soggetto = format!("cliente-{profilo}");
        self.abilita(&soggetto, profilo, tutto()).await;
        self.come(&soggetto)
    }

    /// A caller with a good token, whatever its grant.
    pub fn come(&self, soggetto: &str) -> Cliente {
        self.con_token(Some(&self.token(soggetto)))
    }

    /// A good token.
    pub fn token(&self, soggetto: &str) -> String {
        let access = &self.settings.access;
        self.key
            .token(&access.issuer, &access.audience, soggetto, 12, &self.clock)
            .unwrap()
    }

    /// A caller with this token, or none.
    pub fn con_token(&self, token: Option<&str>) -> Cliente {
        self.su(self.canale(), token)
    }

    /// A caller with this token, or none, on this connection.
    pub fn su(&self, channel: Channel, token: Option<&str>) -> Cliente {
        cliente(channel, Bearer::new(token))
    }

    /// A caller with this token, or none, for whom a proxy speaks that says this of its address.
    pub fn da(&self, indirizzo: &str, token: Option<&str>) -> Cliente {
        let bearer = Bearer {
            indirizzo: Some(indirizzo.parse().unwrap()),
            ..Bearer::new(token)
        };
        cliente(self.canale(), bearer)
    }

    /// A caller that takes in no more than it reads, as far as HTTP/2 lets one.
    pub fn lento(&self, soggetto: &str) -> Cliente {
        let channel = Endpoint::from_shared(format!("http://{}", self.address))
            .unwrap()
            .initial_stream_window_size(4 * 1024)
            .initial_connection_window_size(64 * 1024)
            .connect_lazy();
        self.su(channel, Some(&self.token(soggetto)))
    }

    /// A connection of its own.
    pub fn canale(&self) -> Channel {
        canale_a(self.address)
    }
}

/// Writes an extract and loads it into a database; the number of its rilevazione.
pub async fn carica_in(
    owner: &PgPool,
    clock: &Clock,
    estratto: &Estratto,
    data_riferimento: &str,
) -> i32 {
    carica_in_blocchi(owner, clock, estratto, data_riferimento, RIGHE_PER_BLOCCO).await
}

/// As [`carica_in`], in blocks of so many rows.
pub async fn carica_in_blocchi(
    owner: &PgPool,
    clock: &Clock,
    estratto: &Estratto,
    data_riferimento: &str,
    righe_per_blocco: u32,
) -> i32 {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let fonti = Fonti {
        decreti: write("decreti.csv", modello::decreti_csv(&estratto.righe)),
        stanziamenti: write(
            "stanziamenti.csv",
            modello::stanziamenti_csv(&estratto.stanziamenti),
        ),
        normative: Some(write("normative.csv", modello::normative_csv())),
        prestazioni: Some(write("prestazioni.csv", modello::prestazioni_csv())),
        data_riferimento: data_riferimento.parse().unwrap(),
        righe_per_blocco,
    };
    let mut findings: Vec<Segnalazione> = Vec::new();
    match carica(owner, &fonti, clock, &mut findings).await {
        Ok(Esito::Caricata(riepilogo)) => riepilogo.rilevazione,
        other => panic!("{other:?} {findings:?}"),
    }
}

fn cliente(channel: Channel, bearer: Bearer) -> Cliente {
    let limit = 64 * 1024 * 1024;
    let soggetto = bearer.soggetto();
    let canale = InterceptedService::new(channel, bearer);
    Cliente {
        volo: FlightServiceClient::new(canale.clone()).max_decoding_message_size(limit),
        soggetto,
        report: ReportServiceClient::new(canale.clone()).max_decoding_message_size(limit),
        decreti: DecreeServiceClient::new(canale.clone()).max_decoding_message_size(limit),
        accesso: AccessServiceClient::new(canale.clone()),
        abilitazioni: GrantServiceClient::new(canale.clone()),
        canale,
    }
}

/// A connection to an instance.
pub fn canale_a(address: SocketAddr) -> Channel {
    Endpoint::from_shared(format!("http://{address}"))
        .unwrap()
        .connect_lazy()
}

impl Cliente {
    /// A call that the contract does not have.
    pub async fn qualsiasi(&mut self, path: &str) -> Result<usize, Status> {
        let mut grpc = tonic::client::Grpc::new(self.canale.clone());
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
pub fn tutto() -> Ambito {
    Ambito::new(Insieme::Tutti, Insieme::Tutti)
}

/// One norm.
pub fn solo(normativa: &str) -> Ambito {
    let normativa = CodiceNormativa::parse(normativa).unwrap();
    Ambito::new(Insieme::alcuni([normativa]).unwrap(), Insieme::Tutti)
}
