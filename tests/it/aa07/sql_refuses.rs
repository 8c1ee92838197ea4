//! What the tables themselves refuse, to the serving role and to the owner of the data alike.

use sqlx::PgPool;

use super::sql::{self, StepRow, step_row, up_to_attiva};
use crate::test_bench;

const STATI: [&str; 6] = [
    "RICHIESTA",
    "VERIFICATA",
    "ATTIVA",
    "SOSPESA",
    "REVOCATA",
    "RIFIUTATA",
];
const AZIONI: [&str; 6] = [
    "RICHIESTA",
    "VERIFICA",
    "APPROVAZIONE",
    "SOSPENSIONE",
    "RIATTIVAZIONE",
    "REVOCA",
];
/// The picture, by hand.
const LEGAL: [(&str, &str, &str); 8] = [
    ("VERIFICA", "RICHIESTA", "VERIFICATA"),
    ("APPROVAZIONE", "VERIFICATA", "ATTIVA"),
    ("SOSPENSIONE", "ATTIVA", "SOSPESA"),
    ("RIATTIVAZIONE", "SOSPESA", "ATTIVA"),
    ("REVOCA", "ATTIVA", "REVOCATA"),
    ("REVOCA", "SOSPESA", "REVOCATA"),
    ("REVOCA", "RICHIESTA", "RIFIUTATA"),
    ("REVOCA", "VERIFICATA", "RIFIUTATA"),
];

fn code(esito: Result<(), sqlx::Error>) -> String {
    sql::code(&esito.unwrap_err())
}

/// Steps from the request to a state.
fn up_to(stato: &str) -> Vec<StepRow<'static>> {
    let active_steps = up_to_attiva();
    let further = |last| [&active_steps[1..], &[last]].concat();
    match stato {
        "RICHIESTA" => vec![],
        "VERIFICATA" => active_steps[1..2].to_vec(),
        "ATTIVA" => active_steps[1..].to_vec(),
        "SOSPESA" => further(step_row(4, "SOSPENSIONE", "ATTIVA", "SOSPESA")),
        "REVOCATA" => further(step_row(4, "REVOCA", "ATTIVA", "REVOCATA")),
        _ => vec![step_row(2, "REVOCA", "RICHIESTA", "RIFIUTATA")],
    }
}

/// Both roles, every state, every step, every state after and every state that the step may say it comes from.
#[tokio::test]
async fn only_the_steps_of_the_picture_can_be_written() {
    let db = test_bench::database().await;
    for (role, pool) in [("serving", &db.serving), ("owner", &db.owner)] {
        for stato in STATI {
            let id = sql::write_request(pool, &format!("{role}-{stato}"), "mef-rgs", "{*}").await;
            let before = up_to(stato);
            for passo in &before {
                sql::write_steps(pool, id, &[*passo]).await.unwrap();
            }
            let versione = i32::try_from(before.len()).unwrap() + 2;
            for azione in AZIONI {
                for da in STATI {
                    for a in STATI {
                        let fresh = StepRow {
                            operatore: "bruno",
                            ..step_row(versione, azione, da, a)
                        };
                        let legal = da == stato && LEGAL.contains(&(azione, da, a));
                        // What is written is not kept, so that all are tried from one state.
                        let written = try_step(pool, id, fresh).await;
                        assert_eq!(written.is_ok(), legal, "{role} {stato}: {fresh:?}");
                    }
                }
            }
            // Nor a step beside the last one, before it, or after a gap.
            for versione in [0, 1, versione - 1, versione + 1] {
                let beside = step_row(versione, "REVOCA", stato, "REVOCATA");
                assert!(
                    try_step(pool, id, beside).await.is_err(),
                    "{role} {versione}"
                );
            }
        }
    }
}

async fn try_step(pool: &PgPool, id: i64, passo: StepRow<'_>) -> Result<(), sqlx::Error> {
    let mut tx = pool.begin_with("begin read write").await?;
    sqlx::query(
        "insert into abilitazione_evento (abilitazione, versione, azione, da_stato, a_stato, istante, operatore, motivo,
                                          operatore_chiave)
         values ($1, $2, $3, $4, $5, now(), $6, 'prova', $6)",
    )
    .bind(id)
    .bind(passo.versione)
    .bind(passo.azione)
    .bind(passo.da)
    .bind(passo.a)
    .bind(passo.operatore)
    .execute(&mut *tx)
    .await?;
    tx.rollback().await
}

#[tokio::test]
async fn nothing_is_changed_or_deleted() {
    let db = test_bench::database().await;
    let id = sql::write_request(&db.owner, "client", "mef-rgs", "{*}").await;
    sql::activate(&db.owner, id).await.unwrap();
    for statement in [
        "update abilitazione set profilo = 'mlps-ammortizzatori'",
        "update abilitazione set valida_al = '2199-12-31' where false",
        "update abilitazione_evento set motivo = 'x'",
        "delete from abilitazione_evento where versione = 3",
        "delete from abilitazione",
        "truncate abilitazione, abilitazione_evento",
        "truncate abilitazione cascade",
    ] {
        // restrict_violation of the trigger; insufficient_privilege.
        assert_eq!(
            code(sql::execute(&db.owner, statement).await),
            "23001",
            "{statement}"
        );
        assert_eq!(
            code(sql::execute(&db.serving, statement).await),
            "42501",
            "{statement}"
        );
    }
}

#[tokio::test]
async fn a_request_without_its_first_step_is_not_committed() {
    let db = test_bench::database().await;
    let insert = "insert into abilitazione (soggetto, ente, applicazione, profilo, normative, prestazioni, valida_dal,
                                            valida_al, protocollo_pec, impronta_modulo)
                  values ('client', 'MEF', 'x', 'mef-rgs', '{*}', '{*}', '2026-01-01', '2026-12-31', 'x', sha256('x'))";
    assert_eq!(code(sql::execute(&db.serving, insert).await), "23503");
    // Nor one without its form.
    let without = insert.replace("'x', sha256('x')", "null, null");
    assert_eq!(code(sql::execute(&db.serving, &without).await), "23514");
}

#[tokio::test]
async fn one_grant_a_subject_a_day() {
    let db = test_bench::database().await;
    let mut ids = Vec::new();
    for soggetto in ["client", "client", "client", "other"] {
        ids.push(sql::write_request(&db.serving, soggetto, "mef-rgs", "{*}").await);
    }
    sql::activate(&db.serving, ids[0]).await.unwrap();
    sql::activate(&db.serving, ids[3]).await.unwrap();
    assert_eq!(code(sql::activate(&db.serving, ids[1]).await), "23P01");
    let suspend = step_row(4, "SOSPENSIONE", "ATTIVA", "SOSPESA");
    sql::write_steps(&db.serving, ids[0], &[suspend])
        .await
        .unwrap();
    assert_eq!(code(sql::activate(&db.serving, ids[1]).await), "23P01");
    let revoke = step_row(5, "REVOCA", "SOSPESA", "REVOCATA");
    sql::write_steps(&db.serving, ids[0], &[revoke])
        .await
        .unwrap();
    for id in [ids[1], ids[2]] {
        let verify = step_row(2, "VERIFICA", "RICHIESTA", "VERIFICATA");
        sql::write_steps(&db.serving, id, &[verify]).await.unwrap();
    }
    // Two in one statement do see each other.
    let both = format!(
        "insert into abilitazione_evento (abilitazione, versione, azione, da_stato, a_stato, istante, operatore, motivo,
                                          operatore_chiave)
         values ({}, 3, 'APPROVAZIONE', 'VERIFICATA', 'ATTIVA', now(), 'bruno', 'x', 'bruno'),
                ({}, 3, 'APPROVAZIONE', 'VERIFICATA', 'ATTIVA', now(), 'bruno', 'x', 'bruno')",
        ids[1], ids[2]
    );
    assert_eq!(code(sql::execute(&db.serving, &both).await), "23P01");
    // A snapshot from before another's approval would not show it.
    let old = format!(
        "set transaction isolation level repeatable read;
         insert into abilitazione_evento (abilitazione, versione, azione, da_stato, a_stato, istante, operatore, motivo,
                                          operatore_chiave)
         values ({}, 3, 'APPROVAZIONE', 'VERIFICATA', 'ATTIVA', now(), 'bruno', 'x', 'bruno')",
        ids[1]
    );
    assert_eq!(code(sql::execute(&db.serving, &old).await), "23514");
    // Two at once: one.
    let approve = |id| {
        let mut approval = step_row(3, "APPROVAZIONE", "VERIFICATA", "ATTIVA");
        approval.operatore = "bruno";
        let pool = db.serving.clone();
        async move { sql::write_steps(&pool, id, &[approval]).await }
    };
    let (a, b) = tokio::join!(approve(ids[1]), approve(ids[2]));
    let refused = if a.is_ok() { b } else { a };
    assert_eq!(code(refused), "23P01");
}

#[tokio::test]
async fn every_step_is_announced() {
    let db = test_bench::database().await;
    let mut listener = sqlx::postgres::PgListener::connect_with(&db.owner)
        .await
        .unwrap();
    listener
        .listen(omnia::abilitazione::grants::NOTIFY_CHANNEL)
        .await
        .unwrap();
    let id = sql::write_request(&db.serving, "client", "mef-rgs", "{*}").await;
    let heard = listener.recv().await.unwrap();
    assert_eq!(heard.payload(), id.to_string());
    sql::activate(&db.serving, id).await.unwrap();
    assert_eq!(listener.recv().await.unwrap().payload(), id.to_string());
}
