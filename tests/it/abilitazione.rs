//! Callers for the tests of access: a key of their own, grants, and the door.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, NaiveDate, Utc};
use http::{HeaderMap, Request, Response, header::AUTHORIZATION};
use http_body_util::Full;
use omnia::{
    abilitazione::QuotaSettings,
    abilitazione::{
        Abilitazione, AccessLayer, ActivePolicy, Ambito, AmbitoCodes, Authorizer, GrantCache,
        QuotaUsage,
        authn::{Authenticator, IssuerKind, Jwks, KeySource, TrustedIssuer},
        grants::{
            self, Azione, Ente, ImprontaModulo, LimitiAa07, MotivoAa07, Operatore, ProtocolloPec,
            RichiestaAa07, StatoAa07,
        },
    },
    clock::Clock,
    contract::vocabulary::Vocabulary,
    demo::demo_key::{self, DemoKey},
    grpc::deadline::DeadlineLayer,
};
use sqlx::PgPool;
use tonic::{Status, body::Body};
use tonic_types::StatusExt as _;
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::{shipped_policy, test_bench};

pub(crate) const ISSUER: &str = "https://issuer.example";
pub(crate) const AUDIENCE: &str = "omnia-is-monitoraggio";
pub(crate) const PACKAGE: &str = "/inps.omnia.monitoraggio.v1.";
/// Noon in Rome.
pub(crate) const NOW: &str = "2026-11-23T11:00:00Z";

pub(crate) fn clock(rfc3339: &str) -> Clock {
    let now: DateTime<Utc> = rfc3339.parse().unwrap();
    Clock::from_fn(move || now)
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn everything() -> Ambito {
    Ambito::new(AmbitoCodes::All, AmbitoCodes::All)
}

pub(crate) fn operatore(nome: &str) -> Operatore {
    Operatore::parse(nome, None).unwrap()
}

pub(crate) fn motivo(testo: &str) -> MotivoAa07 {
    MotivoAa07::parse(testo).unwrap()
}

/// Who records and who approves.
pub(crate) const OPERATORI: [&str; 2] = ["anna", "bruno"];

/// Revokes a grant.
pub(crate) async fn revoke(pool: &PgPool, clock: &Clock, id: i64) {
    let (operatore, motivo) = (operatore("carla"), motivo("prova"));
    let stato = grants::advance(pool, clock, id, Azione::Revoca, &operatore, &motivo).await;
    assert_eq!(stato.unwrap(), StatoAa07::Revocata);
}

/// A request without limits.
pub(crate) fn new_request(soggetto: &str, profilo: &str, dal: &str, al: &str) -> RichiestaAa07 {
    RichiestaAa07 {
        protocollo_pec: ProtocolloPec::parse("INPS.0001").unwrap(),
        impronta_modulo: ImprontaModulo::of(b"modulo"),
        soggetto: soggetto.to_owned(),
        ente: Ente::Mef,
        profilo: profilo.to_owned(),
        ambito: everything(),
        valida_dal: day(dal),
        valida_al: day(al),
        limiti: LimitiAa07::default(),
        sostituisce: None,
    }
}

/// A database, a key and the shipped policy.
pub(crate) struct DoorScene {
    pub db: test_bench::TestDatabase,
    pub key: DemoKey,
    pub policy: ActivePolicy,
    pub vocabulary: Vocabulary,
    // The key's files.
    dir: tempfile::TempDir,
}

pub(crate) async fn scene() -> DoorScene {
    let dir = tempfile::tempdir().unwrap();
    let vocabulary = Vocabulary::of_contract().unwrap();
    DoorScene {
        db: test_bench::database().await,
        key: demo_key::create_or_load(dir.path()).unwrap(),
        policy: shipped_policy::policy().await,
        vocabulary,
        dir,
    }
}

impl DoorScene {
    pub(crate) async fn grant(&self, fresh: &RichiestaAa07) -> i64 {
        // Long ago, so that no grant is refused for being over.
        let then = clock("2020-01-01T00:00:00Z");
        let table = self.policy.table();
        grants::record_and_approve(&self.db.owner, &then, &table, fresh, OPERATORI, "prova")
            .await
            .unwrap()
    }

    /// A token that is good at [`NOW`] for an hour.
    pub(crate) fn token(&self, soggetto: &str) -> String {
        self.key
            .token(ISSUER, AUDIENCE, soggetto, 1, &clock(NOW))
            .unwrap()
    }

    pub(crate) fn authorizer(&self, clock: &Clock, pool: PgPool) -> Authorizer {
        let jwks = Jwks::from_file(&demo_key::jwks_path(self.dir.path())).unwrap();
        let emittente = TrustedIssuer::new(
            IssuerKind::Oidc,
            ISSUER,
            vec![AUDIENCE.to_owned()],
            KeySource::fixed(jwks, clock.clone()),
        );
        Authorizer::new(
            Authenticator::new(vec![emittente], 0, clock.clone()),
            GrantCache::new(pool.clone()),
            self.policy.clone(),
            QuotaUsage::new(QuotaSettings::default(), pool, clock.clone()),
            self.vocabulary.clone(),
            clock.clone(),
        )
    }

    /// Knocks at the door at [`NOW`].
    pub(crate) async fn knock(&self, path: &str, bearer: Option<&str>) -> DoorOutcome {
        let authorizer = self.authorizer(&clock(NOW), self.db.serving.clone());
        knock(authorizer, path, bearer).await
    }
}

/// What happened at the door.
pub(crate) struct DoorOutcome {
    /// What the service behind it was handed, if the request got there.
    pub reached: Option<Reached>,
    pub status: Status,
}

pub(crate) struct Reached {
    pub headers: HeaderMap,
    pub abilitazione: Option<Abilitazione>,
}

impl DoorOutcome {
    /// `"UNAUTHENTICATED ERROR_REASON_TOKEN_MISSING"`, or `"allow"`.
    pub(crate) fn text(&self) -> String {
        match (&self.reached, self.status.get_details_error_info()) {
            (Some(_), None) => "allow".to_owned(),
            (None, Some(info)) => format!("{:?} {}", self.status.code(), info.reason),
            (reached, info) => panic!("reached: {}, {info:?}", reached.is_some()),
        }
    }
}

pub(crate) async fn knock(authorizer: Authorizer, path: &str, bearer: Option<&str>) -> DoorOutcome {
    let reached = Arc::new(Mutex::new(None));
    let behind = Arc::clone(&reached);
    let door =
        AccessLayer::new(authorizer, 64 * 1024).layer(service_fn(move |request: Request<Body>| {
            *behind.lock().unwrap() = Some(Reached {
                headers: request.headers().clone(),
                abilitazione: request.extensions().get().cloned(),
            });
            async { Ok::<_, Infallible>(Response::new(Body::empty())) }
        }));
    // A stream is let in only where something could end it.
    let vocabulary = Vocabulary::of_contract().unwrap();
    let streams = vocabulary
        .iter()
        .map(|(rpc, words)| (rpc.to_owned(), words.streams()));
    let service = DeadlineLayer::new(streams.collect(), Duration::from_secs(60)).layer(door);
    let mut request = Request::post(path);
    if let Some(bearer) = bearer {
        request = request.header(AUTHORIZATION, format!("Bearer {bearer}"));
    }
    // One message, and nothing in it.
    let message = Full::from(&[0; 5][..]);
    let request = request.body(Body::new(message)).unwrap();
    let answer = tokio::time::timeout(Duration::from_secs(30), service.oneshot(request))
        .await
        .unwrap()
        .unwrap();
    let status = Status::from_header_map(answer.headers()).unwrap_or_else(|| Status::ok(""));
    let reached = reached.lock().unwrap().take();
    DoorOutcome { reached, status }
}
