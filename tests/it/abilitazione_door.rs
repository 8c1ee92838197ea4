//! The door, with real tokens and grants in a database.

use std::{
    fmt::Write as _,
    io::{self, Write},
    sync::{Arc, Mutex},
};

use expect_test::expect_file;
use omnia::abilitazione::matrix;

use crate::{
    aa07::sql,
    abilitazione::{
        AUDIENCE, DoorScene, ISSUER, NOW, PACKAGE, clock, knock, new_request, revoke, scene,
    },
};

const DAL: &str = "2026-01-01";
const AL: &str = "2026-12-31";

/// Callers who get nothing, with the token they bring.
async fn strangers(test_scene: &DoorScene) -> Vec<(&'static str, Option<String>)> {
    test_scene
        .grant(&new_request(
            "futuro",
            "mlps-ammortizzatori",
            "2026-11-24",
            AL,
        ))
        .await;
    test_scene
        .grant(&new_request(
            "scaduto",
            "mlps-ammortizzatori",
            DAL,
            "2026-11-22",
        ))
        .await;
    let revoked = test_scene
        .grant(&new_request("revocato", "mlps-ammortizzatori", DAL, AL))
        .await;
    revoke(&test_scene.db.owner, &clock(NOW), revoked).await;
    test_scene
        .grant(&new_request("buono", "mlps-ammortizzatori", DAL, AL))
        .await;
    let other = tempfile::tempdir().unwrap();
    let other = omnia::demo::demo_key::create_or_load(other.path()).unwrap();
    // All of them are of a subject whose grant gives everything.
    let token = |issuer, audience, from| {
        test_scene
            .key
            .token(issuer, audience, "buono", 1, &clock(from))
            .unwrap()
    };
    vec![
        ("no token", None),
        ("token: garbage", Some("garbage".to_owned())),
        (
            "token: of another key",
            Some(
                other
                    .token(ISSUER, AUDIENCE, "buono", 1, &clock(NOW))
                    .unwrap(),
            ),
        ),
        (
            "token: of another issuer",
            Some(token("https://evil.example", AUDIENCE, NOW)),
        ),
        (
            "token: for another audience",
            Some(token(ISSUER, "another", NOW)),
        ),
        (
            "token: expired",
            Some(token(ISSUER, AUDIENCE, "2026-11-23T10:00:00Z")),
        ),
        (
            "token: not valid yet",
            Some(token(ISSUER, AUDIENCE, "2026-11-23T11:00:01Z")),
        ),
        ("grant: none", Some(test_scene.token("nessuno"))),
        ("grant: not valid yet", Some(test_scene.token("futuro"))),
        ("grant: expired", Some(test_scene.token("scaduto"))),
        ("grant: revoked", Some(test_scene.token("revocato"))),
    ]
}

/// The policy as a text to review. To accept a change: `UPDATE_EXPECT=1 cargo test --test it policy_matrix`.
#[tokio::test]
async fn policy_matrix() {
    let test_scene = scene().await;
    let table = test_scene.policy.table();
    let mut text = matrix(&table, &test_scene.vocabulary);

    text.push_str("\nWhoever is not let in, in every call of the contract:\n");
    for (caller, token) in strangers(&test_scene).await {
        let mut outcomes = Vec::new();
        for (rpc, _) in test_scene.vocabulary.iter() {
            let esito = test_scene
                .knock(
                    &format!("/{}", omnia::contract::proto::path_of(rpc)),
                    token.as_deref(),
                )
                .await;
            outcomes.push(esito.text());
        }
        // A call that does not exist tells them no more.
        let unknown = test_scene
            .knock(
                &format!("{PACKAGE}DecreeService/NoSuchCall"),
                token.as_deref(),
            )
            .await;
        outcomes.push(unknown.text());
        outcomes.dedup();
        writeln!(text, "{caller:27}  {}", outcomes.join(" | ")).unwrap();
    }
    expect_file!["../policy_matrix.txt"].assert_eq(&text);
}

#[tokio::test]
async fn the_door_opens_as_the_matrix_says() {
    let test_scene = scene().await;
    let table = test_scene.policy.table();
    let (mut allowed, mut denied) = (0, 0);
    for profilo in table.profili() {
        test_scene
            .grant(&new_request(profilo.name(), profilo.name(), DAL, AL))
            .await;
        let token = test_scene.token(profilo.name());
        for (rpc, _) in test_scene.vocabulary.iter() {
            let esito = test_scene
                .knock(
                    &format!("/{}", omnia::contract::proto::path_of(rpc)),
                    Some(&token),
                )
                .await;
            if let Some(decisione) = profilo.decision(rpc) {
                assert_eq!(esito.text(), "allow", "{} {rpc}", profilo.name());
                let reached = esito.reached.unwrap();
                assert!(
                    !reached.headers.contains_key("authorization"),
                    "the token stays outside"
                );
                let abilitazione = reached.abilitazione.unwrap();
                assert_eq!(abilitazione.aa07().soggetto, profilo.name());
                assert_eq!(abilitazione.profilo().decision(rpc).unwrap(), decisione);
                allowed += 1;
            } else {
                assert_eq!(
                    esito.text(),
                    "PermissionDenied ERROR_REASON_CALL_DENIED",
                    "{} {rpc}",
                    profilo.name()
                );
                denied += 1;
            }
        }
        let unknown = test_scene
            .knock(&format!("{PACKAGE}DecreeService/NoSuchCall"), Some(&token))
            .await;
        assert_eq!(unknown.text(), "Unimplemented ERROR_REASON_CALL_UNKNOWN");
    }
    assert!(allowed > 0 && denied > 0, "{allowed} {denied}");
}

#[tokio::test]
async fn health_and_reflection_need_no_token_and_nothing_else_is_there() {
    let test_scene = scene().await;
    for path in [
        "/grpc.health.v1.Health/Check",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    ] {
        for bearer in [None, Some("garbage")] {
            let esito = test_scene.knock(path, bearer).await;
            assert_eq!(esito.text(), "allow", "{path}");
            let reached = esito.reached.unwrap();
            assert!(reached.abilitazione.is_none());
            assert!(!reached.headers.contains_key("authorization"));
        }
    }
    test_scene
        .grant(&new_request("buono", "mlps-ammortizzatori", DAL, AL))
        .await;
    let token = test_scene.token("buono");
    for path in [
        "/",
        "/metrics",
        "/inps.omnia.monitoraggio.v2.DecreeService/ListDecrees",
        "//inps.omnia.monitoraggio.v1.DecreeService/ListDecrees",
        "/inps.omnia.monitoraggio.v1.DecreeService/ListDecrees/",
        "/inps.omnia.monitoraggio.v1.DecreeService/listdecrees",
        "/inps.omnia.monitoraggio.v1.DecreeService%2FListDecrees",
        "/grpc.health.v1.Healthy/Check",
    ] {
        let esito = test_scene.knock(path, Some(&token)).await;
        assert_eq!(
            esito.text(),
            "Unimplemented ERROR_REASON_CALL_UNKNOWN",
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_revocation_holds_from_the_next_call_on() {
    let test_scene = scene().await;
    let path = format!("{PACKAGE}DecreeService/ListDecrees");
    let id = test_scene
        .grant(&new_request("buono", "mef-rgs", DAL, AL))
        .await;
    let token = test_scene.token("buono");
    assert_eq!(test_scene.knock(&path, Some(&token)).await.text(), "allow");
    revoke(&test_scene.db.owner, &clock(NOW), id).await;
    assert_eq!(
        test_scene.knock(&path, Some(&token)).await.text(),
        "PermissionDenied ERROR_REASON_GRANT_REVOKED"
    );
}

#[tokio::test]
async fn a_profile_that_the_policy_lost_gives_nothing() {
    let test_scene = scene().await;
    // The name of a role, which Casbin alone would let in.
    let id = sql::write_request(&test_scene.db.owner, "vecchio", "decreti", "{*}").await;
    sql::activate(&test_scene.db.owner, id).await.unwrap();
    let path = format!("{PACKAGE}DecreeService/ListDecrees");
    let esito = test_scene
        .knock(&path, Some(&test_scene.token("vecchio")))
        .await;
    assert_eq!(esito.text(), "PermissionDenied ERROR_REASON_CALL_DENIED");
}

#[tokio::test]
async fn without_a_database_nobody_gets_in_and_nothing_leaks() {
    let test_scene = scene().await;
    test_scene
        .grant(&new_request("buono", "mlps-ammortizzatori", DAL, AL))
        .await;
    let pool = test_scene.db.serving.clone();
    pool.close().await;
    let path = format!("{PACKAGE}DecreeService/ListDecrees");
    let esito = knock(
        test_scene.authorizer(&clock(NOW), pool),
        &path,
        Some(&test_scene.token("buono")),
    )
    .await;
    assert_eq!(
        esito.text(),
        "Unavailable ERROR_REASON_DATABASE_UNAVAILABLE"
    );
    assert!(!esito.status.message().to_lowercase().contains("pool"));
}

/// What the log says of a decision, and what it keeps to itself. Refusals are told by the audit layer (`audit::refused`).
#[tokio::test]
async fn decisions_are_logged_without_tokens_or_paths() {
    let test_scene = scene().await;
    test_scene
        .grant(&new_request("buono", "mef-sintesi", DAL, AL))
        .await;
    let token = test_scene.token("buono");
    let log = DoorLog::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::DEBUG)
        .with_writer(move || writer.clone())
        .finish();
    let listening = tracing::subscriber::set_default(subscriber);
    let garbage = "e30.e30.e30";
    let calls = [
        ("AccessService/GetMyAccess", token.as_str()),
        ("DecreeService/ListDecrees", &token),
        ("RSSMRA85T10A562S", &token),
        ("DecreeService/ListDecrees", garbage),
    ];
    // Twice: a line of code that another test's thread came by first is taken for one without a listener.
    for _ in 0..2 {
        for (rpc, bearer) in calls {
            test_scene
                .knock(
                    &format!("/{}", omnia::contract::proto::path_of(rpc)),
                    Some(bearer),
                )
                .await;
        }
        tracing::callsite::rebuild_interest_cache();
    }
    drop(listening);

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let who = r#"soggetto="buono" ente="MEF" profilo="mef-sintesi""#;
    let line = format!(r#"access allowed {who} rpc="AccessService/GetMyAccess""#);
    assert!(text.contains(&line), "{line} in {text}");
    assert!(!text.contains("access denied"), "{text}");
    for secret in [token.as_str(), garbage, "RSSMRA85T10A562S", "Bearer"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[derive(Clone, Default)]
struct DoorLog(Arc<Mutex<Vec<u8>>>);

impl Write for DoorLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
