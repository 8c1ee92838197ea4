//! A private cluster with a database of each size, each with a service of its own, and a caller with a grant on all.

use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    time::{Duration, Instant},
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
        grants::{self, Ente, ImprontaModulo, LimitiAa07, ProtocolloPec, RichiestaAa07},
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
use sqlx::{AssertSqlSafe, PgPool};

use super::throw_away::throw_away_dir;

const SOGGETTO: &str = "bench";
const OWNER: &str = "omnia";

/// See the module.
pub struct ReportScene {
    pub sizes: Vec<Size>,
    pub token: String,
    pub postgres_version: String,
    cluster: Cluster,
    _watchdog: ChildStdin,
}

/// One database and its service.
pub struct Size {
    pub rows: u64,
    pub loaded_in: Duration,
    pub address: String,
    pub owner: PgPool,
    child: Child,
}

impl ReportScene {
    pub async fn set_up(rows: &[u64]) -> Self {
        let (dir, watchdog) = throw_away_dir();
        let cluster = Cluster::start(&ClusterOptions {
            dir: dir.join("cluster"),
            bin_dir: None,
            max_connections: 100,
            durability: Durability::Full,
        })
        .await
        .unwrap();
        let template = PgPool::connect_with(cluster.owner_options()).await.unwrap();
        migrate(&DatabaseConnections::owner(
            cluster.owner_options(),
            SchemaName::default(),
        ))
        .await
        .unwrap();
        let postgres_version = sqlx::query_scalar("show server_version")
            .fetch_one(&template)
            .await
            .unwrap();
        template.close().await;
        let key = demo_key::create_or_load(&dir.join("chiave")).unwrap();
        let (access, clock) = (AccessSettings::default(), Clock::system());
        let token = key.token(&access.issuer, &access.audience, SOGGETTO, 4, &clock);
        let mut sizes = Vec::new();
        for rows in rows {
            sizes.push(Size::set_up(&cluster, &dir, *rows).await);
        }
        Self {
            sizes,
            token: token.unwrap(),
            postgres_version,
            cluster,
            _watchdog: watchdog,
        }
    }

    pub async fn tear_down(self) {
        for mut size in self.sizes {
            let pid = Pid::from_raw(size.child.id().cast_signed());
            kill(pid, Signal::SIGKILL).unwrap();
            size.child.wait().unwrap();
            size.owner.close().await;
        }
        self.cluster.stop().await.unwrap();
    }
}

impl Size {
    async fn set_up(cluster: &Cluster, dir: &Path, rows: u64) -> Self {
        let database = format!("righe_{rows}");
        let postgres = PgPool::connect_with(cluster.connect_options("postgres", OWNER))
            .await
            .unwrap();
        let create = format!("create database {database} template {DATABASE}");
        sqlx::raw_sql(AssertSqlSafe(create))
            .execute(&postgres)
            .await
            .unwrap();
        postgres.close().await;
        let owner = DatabaseConnections::owner(
            cluster.connect_options(&database, OWNER),
            SchemaName::default(),
        );
        let owner = owner.pool().clone();
        let loaded_in = load(&owner, &dir.join("estratto"), rows).await;
        // Autovacuum would, in the middle of something.
        for statement in ["vacuum analyze", "checkpoint"] {
            sqlx::raw_sql(statement).execute(&owner).await.unwrap();
        }
        grant(&owner).await;
        let (address, child) = start(&mut service(cluster, dir, &database));
        Self {
            rows,
            loaded_in,
            address,
            owner,
            child,
        }
    }

    /// Days that have a sum, over all norms and benefits.
    pub async fn days(&self) -> i64 {
        sqlx::query_scalar("select count(*) from somma_giorno")
            .fetch_one(&self.owner)
            .await
            .unwrap()
    }
}

async fn load(owner: &PgPool, folder: &Path, rows: u64) -> Duration {
    let opzioni = SampleOptions {
        rows,
        seed: 1,
        rilevazione: 1,
    };
    let fonti = generate_sample(opzioni, folder, |_| {}).unwrap();
    let mut findings: Vec<Finding> = Vec::new();
    let begin = Instant::now();
    let esito = load_extract(owner, &fonti, &Clock::system(), &mut findings).await;
    let lasted = begin.elapsed();
    match esito {
        Ok(LoadOutcome::Loaded(riepilogo)) => assert_eq!(riepilogo.rows, rows),
        other => panic!("{other:?} {findings:?}"),
    }
    fs::remove_dir_all(folder).unwrap();
    lasted
}

fn service(cluster: &Cluster, dir: &Path, database: &str) -> Command {
    let socket = cluster.socket_dir().display();
    let url =
        format!("postgres://{SERVING_ROLE}@localhost/{database}?host={socket}&sslmode=disable");
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
        limiti: LimitiAa07::default(),
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
