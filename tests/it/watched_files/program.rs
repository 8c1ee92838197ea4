//! The program itself, with its policy, keys and certificates replaced under it.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;
use omnia::{abilitazione::AccessSettings, clock::Clock, demo::demo_key};
use tonic::{
    Code, Request,
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint},
};
use tonic_health::pb::health_check_response::ServingStatus;

use super::{ALL, Kept, Wrong};
use crate::{
    eventually::eventually,
    policy::{health, policy_dir},
    program::Program,
    test_bench,
    tls::TlsDir,
};

struct WatchingProgram {
    program: Program,
    channel: Channel,
    policy: Kept,
    keys: Kept,
    certificate: Kept,
    root: PathBuf,
    _dirs: (tempfile::TempDir, TlsDir),
}

impl WatchingProgram {
    async fn start(db: &test_bench::TestDatabase) -> Self {
        let (root, policies) = policy_dir();
        let tls = TlsDir::new();
        let pem = tls.dir.path();
        let program = Program::serve_with(|command| {
            command
                .env("OMNIA_DATABASE__URL", &db.serving_url)
                .env("OMNIA_ACCESS__POLICY_DIR", &policies)
                .env("OMNIA_SERVER__DRAIN_SECONDS", "0")
                .env("OMNIA_TLS__CERT_FILE", pem.join("server.pem"))
                .env("OMNIA_TLS__KEY_FILE", pem.join("server.key"));
        })
        .await;
        let address = &program.address;
        let client = ClientTlsConfig::new()
            .domain_name("localhost")
            .ca_certificate(Certificate::from_pem(&tls.authority.pem));
        let channel = Endpoint::from_shared(format!("https://{address}"))
            .unwrap()
            .tls_config(client)
            .unwrap()
            .connect_lazy();
        Self {
            channel,
            policy: Kept::of(&policies.join("policy.csv")),
            keys: Kept::of(&program.jwks()),
            certificate: Kept::of(&pem.join("server.pem")),
            program,
            root: root.path().to_owned(),
            _dirs: (root, tls),
        }
    }

    fn files(&self) -> [(&'static str, &Kept); 3] {
        [
            ("policy", &self.policy),
            ("keys", &self.keys),
            ("tls", &self.certificate),
        ]
    }

    async fn becomes(&self, component: &str, status: ServingStatus, what: &str) {
        let what = format!("{component} {status:?} {what}");
        eventually(&what, async || {
            health(&self.channel, component).await == Some(status)
        })
        .await;
    }

    /// What a call with a token of `issuer`'s key is told, under an unknown kid.
    async fn unknown_kid(&self) -> (Code, Duration) {
        let elsewhere = tempfile::tempdir().unwrap();
        let key = demo_key::create_or_load(elsewhere.path()).unwrap();
        let token = token(&key);
        let begun = Instant::now();
        let mut client = omnia::contract::proto::access_service_client::AccessServiceClient::new(
            self.channel.clone(),
        );
        let mut request = Request::new(omnia::contract::proto::GetMyAccessRequest {});
        let bearer = format!("Bearer {token}").parse().unwrap();
        request.metadata_mut().insert("authorization", bearer);
        let status = client.get_my_access(request).await.unwrap_err();
        (status.code(), begun.elapsed())
    }

    /// Asks it to stop; how long it took.
    async fn stop(&mut self) -> Duration {
        let begun = Instant::now();
        self.program.signal(Signal::SIGTERM);
        self.program.ends_within(Duration::from_secs(15)).await;
        begun.elapsed()
    }

    /// In kilobytes, the most that it ever had.
    fn peak_memory(&self) -> u64 {
        let status = Path::new("/proc").join(self.program.child.id().to_string());
        let status = fs::read_to_string(status.join("status")).unwrap();
        let line = status.lines().find(|l| l.starts_with("VmHWM")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

fn token(key: &demo_key::DemoKey) -> String {
    let access = AccessSettings::default();
    let clock = Clock::system();
    key.token(&access.issuer, &access.audience, "nessuno", 1, &clock)
        .unwrap()
}

/// Whatever stands in the place of a file is told within a moment, by the health of its component; and is over as soon as the
/// file is back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_file_is_told_and_is_over_when_the_file_is_back() {
    let db = test_bench::database().await;
    let mut program = WatchingProgram::start(&db).await;
    for (component, _) in program.files() {
        program
            .becomes(component, ServingStatus::Serving, "at the start")
            .await;
    }
    let before = program.peak_memory();
    for wrong in ALL {
        let what = format!("{wrong:?}");
        for (_, kept) in program.files() {
            kept.replace(wrong);
        }
        for (component, _) in program.files() {
            program
                .becomes(component, ServingStatus::NotServing, &what)
                .await;
        }
        // The service itself answers as ever.
        assert_eq!(
            health(&program.channel, "").await,
            Some(ServingStatus::Serving)
        );
        for (_, kept) in program.files() {
            kept.restore();
        }
        for (component, _) in program.files() {
            program
                .becomes(component, ServingStatus::Serving, &what)
                .await;
        }
    }
    let grown = program.peak_memory().saturating_sub(before);
    assert!(grown < 200 * 1024, "{grown} KiB for a huge file");
    program.stop().await;
}

/// A pipe in the place of the keys hangs no call; pipes everywhere do not keep the program from ending.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pipes_hang_neither_a_call_nor_the_end() {
    let db = test_bench::database().await;
    let mut program = WatchingProgram::start(&db).await;
    for (_, kept) in program.files() {
        kept.replace(Wrong::Pipe);
    }
    for (component, _) in program.files() {
        program
            .becomes(component, ServingStatus::NotServing, "Pipe")
            .await;
    }
    let (code, took) = tokio::time::timeout(Duration::from_secs(15), program.unknown_kid())
        .await
        .expect("a call with an unknown kid hangs");
    assert_eq!(code, Code::Unauthenticated);
    assert!(took < Duration::from_secs(6), "{took:?}");
    let took = program.stop().await;
    assert!(took < Duration::from_secs(8), "{took:?}");
    assert!(program.root.exists());
}
