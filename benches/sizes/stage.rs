//! What every scene stands on: a private cluster as the service runs it, a caller with a grant, the service as a process.

use std::{
    env,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
};

use chrono::Months;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use omnia::{
    abilitazione::{
        AccessSettings, Ambito, AmbitoCodes, DecisionTable, PolicySource,
        grants::{self, Ente, ImprontaModulo, LimitiAa07, ProtocolloPec, RichiestaAa07},
    },
    clock::Clock,
    contract::vocabulary::Vocabulary,
    crypto::key::AuditKey,
    demo::demo_key::{self, DemoKey, jwks_path},
    postgres::{
        Cluster, ClusterOptions, DatabaseConnections, Durability, SERVING_ROLE, SchemaName, migrate,
    },
};
use sqlx::PgPool;

/// The subject of the grant and of the token.
pub const SUBJECT: &str = "bench";
/// Sees every column of everything.
pub const PROFILE: &str = "mlps-ammortizzatori";

/// A cluster whose own database is migrated, and its version.
pub async fn cluster(dir: &Path, max_connections: u32) -> (Cluster, String) {
    let cluster = Cluster::start(&ClusterOptions {
        dir: dir.join("cluster"),
        bin_dir: None,
        max_connections,
        durability: Durability::Full,
    })
    .await
    .unwrap();
    let owner = DatabaseConnections::owner(cluster.owner_options(), SchemaName::default());
    migrate(&owner).await.unwrap();
    let version = sqlx::query_scalar("show server_version")
        .fetch_one(owner.pool())
        .await
        .unwrap();
    // No database is copied while somebody is connected to it.
    owner.pool().close().await;
    (cluster, version)
}

/// Gives the subject a grant on everything, within these limits.
pub async fn grant(owner: &PgPool, limiti: LimitiAa07) {
    let source = PolicySource::of_settings(None).unwrap();
    let table = DecisionTable::build(&source, &Vocabulary::of_contract().unwrap())
        .await
        .unwrap();
    let clock = Clock::system();
    let richiesta = RichiestaAa07 {
        protocollo_pec: ProtocolloPec::parse("INPS.0001").unwrap(),
        impronta_modulo: ImprontaModulo::of(b"bench"),
        soggetto: SUBJECT.to_owned(),
        ente: Ente::Mlps,
        profilo: PROFILE.to_owned(),
        ambito: Ambito::new(AmbitoCodes::All, AmbitoCodes::All),
        valida_dal: clock.today(),
        valida_al: clock.today() + Months::new(1),
        limiti,
        sostituisce: None,
    };
    let operators = ["anna", "bruno"];
    grants::record_and_approve(owner, &clock, &table, &richiesta, operators, "bench")
        .await
        .unwrap();
}

/// The key that the service trusts.
pub fn key(dir: &Path) -> DemoKey {
    demo_key::create_or_load(&dir.join("chiave")).unwrap()
}

/// A token of the subject.
pub fn token(key: &DemoKey, hours: u32) -> String {
    let (access, clock) = (AccessSettings::default(), Clock::system());
    key.token(&access.issuer, &access.audience, SUBJECT, hours, &clock)
        .unwrap()
}

/// The service on a database of the cluster, with nothing of this process's settings.
pub fn service(cluster: &Cluster, dir: &Path, database: &str) -> Command {
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
pub fn start(command: &mut Command) -> (String, Child) {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let address = line.trim().strip_prefix("Serving on ").unwrap().to_owned();
    (address, child)
}

/// Ends a server by a signal.
pub fn end(child: &mut Child, signal: Signal) -> ExitStatus {
    let pid = Pid::from_raw(child.id().cast_signed());
    kill(pid, signal).unwrap();
    child.wait().unwrap()
}
