//! A private cluster, the service on it, the peer, and a caller with a grant.

use std::{
    env, fs,
    num::NonZeroU32,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command},
};

use nix::sys::signal::Signal;
use omnia::{
    abilitazione::grants::{LimitiAa07, Orari, Quote, Reti},
    clock::Clock,
    demo::sample::{SampleOptions, generate_sample},
    postgres::{Cluster, DATABASE},
    rilevazione::{Finding, LoadOutcome, load_extract},
};
use sqlx::PgPool;

use super::{peer, stage, throw_away::throw_away_dir};

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
        let (cluster, postgres_version) = stage::cluster(&dir, 50).await;
        let owner = PgPool::connect_with(cluster.owner_options()).await.unwrap();
        load(&owner, &dir).await;
        stage::grant(&owner, limits()).await;
        let token = stage::token(&stage::key(&dir), 1);
        let (service, omnia) = stage::start(&mut stage::service(&cluster, &dir, DATABASE));
        let mut myself = Command::new(env::current_exe().unwrap());
        let (peer, other) = stage::start(myself.env(peer::ROLE, "1"));
        Self {
            service,
            peer,
            token,
            postgres_version,
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
            stage::end(child, Signal::SIGKILL);
        }
        self.owner.close().await;
        self.cluster.stop().await.unwrap();
    }
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
    let derived = omnia::app::derivations(omnia::blocks::block::ROWS_PER_BLOCK);
    let esito = load_extract(owner, &fonti, &derived, &Clock::system(), &mut findings).await;
    assert!(matches!(esito, Ok(LoadOutcome::Loaded(_))), "{findings:?}");
}

/// Everything that a grant may ask to be checked, and quotas that are never used up.
fn limits() -> LimitiAa07 {
    LimitiAa07 {
        reti: Reti::parse(&["127.0.0.0/8"]).unwrap(),
        orari: Orari::parse(&["lun-dom 00:00-24:00"]).unwrap(),
        quote: Quote {
            al_secondo: NonZeroU32::new(10_000_000),
            esportazioni: NonZeroU32::new(8),
            al_giorno: NonZeroU32::new(1_000_000_000),
        },
        ..LimitiAa07::default()
    }
}
