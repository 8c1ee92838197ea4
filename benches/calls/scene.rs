//! A private cluster, the service on it, the peer, and a caller with a grant.

use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    num::NonZeroU32,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
};

use chrono::Months;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use omnia::{
    abilitazione::AccessSettings,
    abilitazione::{
        Ambito, AmbitoCodes, DecisionTable, PolicySource,
        grants::{
            self, Ente, ImprontaModulo, LimitiAa07, Orari, ProtocolloPec, Quote, Reti,
            RichiestaAa07,
        },
    },
    clock::Clock,
    contract::vocabulary::Vocabulary,
    crypto::key::AuditKey,
    demo::{
        demo_key::{self, jwks_path},
        sample::{SampleOptions, generate_sample},
    },
    postgres::{
        Cluster, ClusterOptions, DATABASE, DatabaseConnections, Durability, SERVING_ROLE,
        SchemaName, migrate,
    },
    rilevazione::{Finding, LoadOutcome, load_extract},
};
use sqlx::PgPool;

use super::{peer, throw_away::throw_away_dir};

pub const SOGGETTO: &str = "bench";
/// The norm that the report is asked for.
pub const NORMATIVA: &str = "DL109-2018-ART44";
/// Of the extract that is loaded.
const ROWS: u64 = 10_000;

/// See the module.
pub struct CallsScene {
    pub service: String,
    pub peer: String,
    pub token: String,
    pub postgres_version: String,
    dir: PathBuf,
    owner: PgPool,
    cluster: Cluster,
    children: [Child; 2],
    _watchdog: ChildStdin,
}

impl CallsScene {
    pub async fn set_up() -> Self {
        let (dir, watchdog) = throw_away_dir();
        let cluster = Cluster::start(&ClusterOptions {
            dir: dir.join("cluster"),
            bin_dir: None,
            max_connections: 50,
            durability: Durability::Full,
        })
        .await
        .unwrap();
        let owner = PgPool::connect_with(cluster.owner_options()).await.unwrap();
        migrate(&DatabaseConnections::owner(
            cluster.owner_options(),
            SchemaName::default(),
        ))
        .await
        .unwrap();
        load(&owner, &dir).await;
        grant(&owner).await;
        let key = demo_key::create_or_load(&dir.join("chiave")).unwrap();
        let access = AccessSettings::default();
        let clock = Clock::system();
        let token = key.token(&access.issuer, &access.audience, SOGGETTO, 1, &clock);
        let (service, omnia) = start(&mut service(&cluster, &dir));
        let mut myself = Command::new(env::current_exe().unwrap());
        let (peer, other) = start(myself.env(peer::ROLE, "1"));
        Self {
            service,
            peer,
            token: token.unwrap(),
            postgres_version: sqlx::query_scalar("show server_version")
                .fetch_one(&owner)
                .await
                .unwrap(),
            dir,
            owner,
            cluster,
            children: [omnia, other],
            _watchdog: watchdog,
        }
    }

    /// The processes: the service, the peer, and Postgres's first.
    pub fn processes(&self) -> [u32; 3] {
        let file = self.dir.join("cluster/postgres/data/postmaster.pid");
        let postmaster = fs::read_to_string(file).unwrap();
        let [service, peer] = &self.children;
        let postmaster = postmaster.lines().next().unwrap().parse().unwrap();
        [service.id(), peer.id(), postmaster]
    }

    /// Calls that the audit log has.
    pub async fn records(&self) -> i64 {
        sqlx::query_scalar("select count(*) from audit_chiamata where tipo = 'CHIAMATA'")
            .fetch_one(&self.owner)
            .await
            .unwrap()
    }

    /// How many records a commit wrote.
    pub async fn records_a_row(&self) -> f64 {
        sqlx::query_scalar("select avg(octet_length(impronta) / 32)::float8 from audit_registro")
            .fetch_one(&self.owner)
            .await
            .unwrap()
    }

    pub async fn tear_down(mut self) {
        for child in &mut self.children {
            let pid = Pid::from_raw(child.id().cast_signed());
            kill(pid, Signal::SIGKILL).unwrap();
            child.wait().unwrap();
        }
        self.owner.close().await;
        self.cluster.stop().await.unwrap();
    }
}

fn service(cluster: &Cluster, dir: &Path) -> Command {
    let socket = cluster.socket_dir().display();
    let url =
        format!("postgres://{SERVING_ROLE}@localhost/{DATABASE}?host={socket}&sslmode=disable");
    let audit_key = dir.join("audit.key");
    AuditKey::create_or_load(&audit_key).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_omnia"));
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("OMNIA_") {
            command.env_remove(name);
        }
    }
    command
        .arg("serve")
        .env("OMNIA_DATABASE__URL", url)
        .env("OMNIA_ACCESS__JWKS", jwks_path(&dir.join("chiave")))
        .env("OMNIA_AUDIT__KEY_FILE", &audit_key)
        .env("OMNIA_SERVER__LISTEN", "127.0.0.1:0")
        .env("OMNIA_TELEMETRY__LOG", "warn")
        // Where the watchdog finds it.
        .current_dir(dir);
    command
}

/// Starts a server and reads where it serves.
fn start(command: &mut Command) -> (String, Child) {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let address = line.trim().strip_prefix("Serving on ").unwrap().to_owned();
    (address, child)
}

/// Something to report on: how much of it there is does not change what a call costs (`sizes`).
async fn load(owner: &PgPool, dir: &Path) {
    let opzioni = SampleOptions {
        rows: ROWS,
        seed: 1,
        rilevazione: 1,
    };
    let fonti = generate_sample(opzioni, &dir.join("estratto"), |_| {}).unwrap();
    let mut findings: Vec<Finding> = Vec::new();
    let esito = load_extract(owner, &fonti, &Clock::system(), &mut findings).await;
    assert!(matches!(esito, Ok(LoadOutcome::Loaded(_))), "{findings:?}");
}

/// With everything that a grant may ask to be checked, and quotas that are never used up.
async fn grant(owner: &PgPool) {
    let sorgente = PolicySource::of_settings(None).unwrap();
    let tabella = DecisionTable::build(&sorgente, &Vocabulary::of_contract().unwrap())
        .await
        .unwrap();
    let clock = Clock::system();
    let richiesta = RichiestaAa07 {
        protocollo_pec: ProtocolloPec::parse("INPS.0001").unwrap(),
        impronta_modulo: ImprontaModulo::of(b"bench"),
        soggetto: SOGGETTO.to_owned(),
        ente: Ente::Mlps,
        profilo: "mlps-ammortizzatori".to_owned(),
        ambito: Ambito::new(AmbitoCodes::All, AmbitoCodes::All),
        valida_dal: clock.today(),
        valida_al: clock.today() + Months::new(1),
        limiti: LimitiAa07 {
            reti: Reti::parse(&["127.0.0.0/8"]).unwrap(),
            orari: Orari::parse(&["lun-dom 00:00-24:00"]).unwrap(),
            quote: Quote {
                al_secondo: NonZeroU32::new(10_000_000),
                esportazioni: NonZeroU32::new(8),
                al_giorno: NonZeroU32::new(1_000_000_000),
            },
            ..LimitiAa07::default()
        },
        sostituisce: None,
    };
    grants::record_and_approve(
        owner,
        &clock,
        &tabella,
        &richiesta,
        ["anna", "bruno"],
        "bench",
    )
    .await
    .unwrap();
}
