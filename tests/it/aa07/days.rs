//! On which days a grant gives access, and what becomes of rows that this program would not write.

use omnia::{
    abilitazione::grants::{self, Azione},
    error::Reason,
};

use super::sql;
use crate::abilitazione::{
    DoorScene, NOW, clock, day, motivo, new_request, operatore, revoke, scene,
};

async fn valid(test_scene: &DoorScene, soggetto: &str, oggi: &str) -> Result<i64, Reason> {
    grants::valid_for(&test_scene.db.serving, soggetto, day(oggi))
        .await
        .map(|aa07| aa07.id)
        .map_err(|error| error.reason)
}

#[tokio::test]
async fn a_grant_holds_on_its_days_and_no_other() {
    let test_scene = scene().await;
    let missing = Err(Reason::GrantMissing);
    assert_eq!(valid(&test_scene, "client", "2026-11-23").await, missing);
    let id = test_scene
        .grant(&new_request(
            "client",
            "mef-rgs",
            "2026-03-01",
            "2026-12-31",
        ))
        .await;
    for (oggi, expected) in [
        ("2026-02-28", Err(Reason::GrantNotValid)),
        ("2026-03-01", Ok(id)),
        ("2026-12-31", Ok(id)),
        ("2027-01-01", Err(Reason::GrantNotValid)),
    ] {
        assert_eq!(valid(&test_scene, "client", oggi).await, expected, "{oggi}");
    }
    // Exact: no case folding, no blanks, no pattern.
    for other in ["Client", "client ", "clien_", "%", ""] {
        assert_eq!(
            valid(&test_scene, other, "2026-11-23").await,
            missing,
            "{other}"
        );
    }
    let pool = &test_scene.db.owner;
    let (carla, why) = (operatore("carla"), motivo("prova"));
    let now = clock(NOW);
    for (azione, expected) in [
        (Azione::Sospensione, Err(Reason::GrantSuspended)),
        (Azione::Riattivazione, Ok(id)),
        (Azione::Revoca, Err(Reason::GrantRevoked)),
    ] {
        grants::advance(pool, &now, id, azione, &carla, &why)
            .await
            .unwrap();
        assert_eq!(valid(&test_scene, "client", "2026-11-23").await, expected);
    }
}

/// A request gives nothing, and neither does one that was refused, nor is it told that there was one.
#[tokio::test]
async fn a_request_is_no_grant() {
    let test_scene = scene().await;
    let request = new_request("client", "mef-rgs", "2026-01-01", "2026-12-31");
    let (anna, why) = (operatore("anna"), motivo("prova"));
    let (pool, now) = (&test_scene.db.serving, clock(NOW));
    let table = test_scene.policy.table();
    let id = grants::record_request(pool, &now, &table, &request, &anna, &why)
        .await
        .unwrap();
    let missing = Err(Reason::GrantMissing);
    assert_eq!(valid(&test_scene, "client", "2026-11-23").await, missing);
    grants::advance(pool, &now, id, Azione::Verifica, &anna, &why)
        .await
        .unwrap();
    assert_eq!(valid(&test_scene, "client", "2026-11-23").await, missing);
    grants::advance(pool, &now, id, Azione::Revoca, &anna, &why)
        .await
        .unwrap();
    assert_eq!(valid(&test_scene, "client", "2026-11-23").await, missing);
    assert_eq!(grants::read_approved(pool).await.unwrap(), []);
}

/// A grant ends at Rome's midnight, an hour before UTC's in winter.
#[tokio::test]
async fn the_day_is_romes() {
    let test_scene = scene().await;
    test_scene
        .grant(&new_request(
            "client",
            "mef-rgs",
            "2026-01-01",
            "2026-12-31",
        ))
        .await;
    let path = "/inps.omnia.monitoraggio.v1.DecreeService/ListDecrees";
    for (instant, expected) in [
        (
            "2025-12-31T22:59:59Z",
            "PermissionDenied ERROR_REASON_GRANT_NOT_VALID",
        ),
        ("2025-12-31T23:00:00Z", "allow"),
        ("2026-12-31T22:59:59Z", "allow"),
        (
            "2026-12-31T23:00:00Z",
            "PermissionDenied ERROR_REASON_GRANT_NOT_VALID",
        ),
    ] {
        let clock = clock(instant);
        let token = test_scene
            .key
            .token(
                crate::abilitazione::ISSUER,
                crate::abilitazione::AUDIENCE,
                "client",
                1,
                &clock,
            )
            .unwrap();
        let authorizer = test_scene.authorizer(&clock, test_scene.db.serving.clone());
        let esito = crate::abilitazione::knock(authorizer, path, Some(&token)).await;
        assert_eq!(esito.text(), expected, "{instant}");
    }
}

/// Rows that this program would not write, put there by hand with the table's triggers off.
#[tokio::test]
async fn a_register_that_contradicts_itself_refuses() {
    let test_scene = scene().await;
    let owner = &test_scene.db.owner;
    sql::execute(
        owner,
        "alter table abilitazione_evento disable trigger user",
    )
    .await
    .unwrap();
    for (soggetto, normative) in [("twice", "{A}"), ("twice", "{B}"), ("mixed", "{*,A}")] {
        let id = sql::write_request(owner, soggetto, "mef-rgs", normative).await;
        sql::activate(owner, id).await.unwrap();
    }
    for soggetto in ["twice", "mixed"] {
        let found = valid(&test_scene, soggetto, "2026-11-23").await;
        assert_eq!(found, Err(Reason::Internal), "{soggetto}");
    }
    // One that cannot be read does not keep the others from being read.
    let read = grants::read_approved(&test_scene.db.serving).await.unwrap();
    let subjects: Vec<&str> = read.iter().map(|c| c.aa07.soggetto.as_str()).collect();
    assert_eq!(subjects, ["twice", "twice"]);
}

#[tokio::test]
async fn what_was_ever_given_is_read_with_its_state() {
    let test_scene = scene().await;
    let mut ids = Vec::new();
    for soggetto in ["a", "b", "c"] {
        let fresh = new_request(soggetto, "mef-rgs", "2026-01-01", "2026-12-31");
        ids.push(test_scene.grant(&fresh).await);
    }
    revoke(&test_scene.db.owner, &clock(NOW), ids[0]).await;
    let (carla, why) = (operatore("carla"), motivo("prova"));
    let suspend = Azione::Sospensione;
    grants::advance(
        &test_scene.db.serving,
        &clock(NOW),
        ids[2],
        suspend,
        &carla,
        &why,
    )
    .await
    .unwrap();
    let read: Vec<String> = grants::read_approved(&test_scene.db.serving)
        .await
        .unwrap()
        .iter()
        .map(|c| format!("{} {} {}", c.aa07.soggetto, c.stato, c.versione))
        .collect();
    assert_eq!(read, ["a REVOCATA 4", "b ATTIVA 3", "c SOSPESA 4"]);
}
