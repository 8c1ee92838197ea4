//! Four eyes: one person is one, whatever way she comes in, by the life cycle and by hand.

use omnia::{
    abilitazione::grants::{self, Azione, Operatore, StatoAa07},
    error::Reason,
    valori::name::key,
};
use sqlx::PgPool;

use super::sql::{self, up_to_attiva};
use crate::{
    abilitazione::{DoorScene, NOW, clock, motivo, new_request, scene},
    test_bench,
};

/// A subject or a name, and the person behind it.
type PersonNames = (&'static str, Option<&'static str>);

fn operatore((nome, utente): PersonNames) -> Operatore {
    Operatore::parse(nome, utente).unwrap()
}

/// All steps to the approval, in one transaction.
async fn by_hand(
    pool: &PgPool,
    recorder: PersonNames,
    approver: PersonNames,
) -> Result<(), sqlx::Error> {
    let mut tx = pool.begin_with("begin read write").await?;
    let id: i64 = sqlx::query_scalar(
        "insert into abilitazione (soggetto, ente, applicazione, profilo, normative, prestazioni, valida_dal,
                                   valida_al, protocollo_pec, impronta_modulo)
         values ($1, 'MEF', 'x', 'mef-rgs', '{*}', '{*}', '2026-01-01', '2026-12-31', 'x', sha256('x'))
         returning id",
    )
    .bind(format!("{recorder:?}-{approver:?}"))
    .fetch_one(&mut *tx)
    .await?;
    let [mut richiesta, verifica, mut approval] = up_to_attiva();
    (richiesta.operatore, richiesta.utente) = recorder;
    (approval.operatore, approval.utente) = approver;
    for passo in [richiesta, verifica, approval] {
        sqlx::query(
            "insert into abilitazione_evento
                 (abilitazione, versione, azione, da_stato, a_stato, istante, operatore, utente, motivo,
                  operatore_chiave, utente_chiave)
             values ($1, $2, $3, $4, $5, now(), $6, $7, 'prova', $8, $9)",
        )
        .bind(id)
        .bind(passo.versione)
        .bind(passo.azione)
        .bind(passo.da)
        .bind(passo.a)
        .bind(passo.operatore)
        .bind(passo.utente)
        .bind(key(passo.operatore))
        .bind(passo.utente.map(key))
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await
}

/// Every pair of a few names, in every place and in either case: what the program takes, the table takes, and nothing else.
#[tokio::test]
async fn the_table_and_the_program_say_the_same() {
    let db = test_bench::database().await;
    let mut all: Vec<PersonNames> = Vec::new();
    for nome in ["anna", "BE", "аnna"] {
        all.extend([None, Some("Anna"), Some("bruno"), Some("ｂе")].map(|utente| (nome, utente)));
    }
    let mut taken = 0;
    for recorder in &all {
        for approver in &all {
            let two = operatore(*recorder).is_other_person(&operatore(*approver));
            let esito = by_hand(&db.serving, *recorder, *approver).await;
            assert_eq!(esito.is_ok(), two, "{recorder:?} {approver:?}: {esito:?}");
            if let Err(error) = esito {
                assert_eq!(sql::code(&error), "23514", "{recorder:?} {approver:?}");
            }
            taken += usize::from(two);
        }
    }
    assert!((1..all.len() * all.len() / 2).contains(&taken), "{taken}");
}

/// The spellings of two persons, of which each is one: by NFC and NFD, blanks, width, case, accents and look-alikes.
#[tokio::test]
async fn a_person_is_one_however_the_name_is_spelt() {
    let db = test_bench::database().await;
    let niccolo = [
        "niccolò rossi",
        "niccolo\u{300} rossi",
        "niccolò  rossi",
        "niccolò\u{a0}rossi",
        "ｎｉｃｃｏｌò rossi",
        "niccоlò rossi",
        "NICCOLÒ ROSSI",
        "Niccolo' Rossi",
    ];
    for nome in niccolo {
        for (recorder, approver) in [
            ((niccolo[0], None), (nome, None)),
            (("be", Some(niccolo[0])), ("other-be", Some(nome))),
            (("be", Some(niccolo[0])), (nome, None)),
            ((nome, None), ("be", Some(niccolo[0]))),
        ] {
            assert!(!operatore(recorder).is_other_person(&operatore(approver)));
            let refused = by_hand(&db.serving, recorder, approver).await.unwrap_err();
            assert_eq!(sql::code(&refused), "23514", "{recorder:?} {approver:?}");
        }
        by_hand(&db.serving, (nome, None), ("bruno", None))
            .await
            .unwrap();
    }
    for unseen in ["anna\u{200b}", "\u{202e}anna", "an\u{ad}na", "an\u{9b}na"] {
        assert!(Operatore::parse(unseen, None).is_err(), "{unseen:?}");
        assert!(Operatore::parse("be", Some(unseen)).is_err(), "{unseen:?}");
    }
}

/// The key of a name may not be left out, not even by the owner: a step without it would be compared with nothing.
#[tokio::test]
async fn no_step_is_written_without_its_key() {
    let db = test_bench::database().await;
    let id = sql::write_request(&db.owner, "client", "mef-rgs", "{*}").await;
    for (columns, values) in [
        ("", ""),
        (", operatore_chiave", ", ''"),
        (", operatore_chiave, utente", ", 'bruno', 'carla'"),
        (
            ", operatore_chiave, utente, utente_chiave",
            ", 'bruno', 'carla', ' '",
        ),
        (", operatore_chiave, utente_chiave", ", 'bruno', 'carla'"),
    ] {
        let step = format!(
            "insert into abilitazione_evento (abilitazione, versione, azione, da_stato, a_stato, istante, operatore, motivo{columns})
             values ({id}, 2, 'VERIFICA', 'RICHIESTA', 'VERIFICATA', now(), 'bruno', 'x'{values})"
        );
        for pool in [&db.owner, &db.serving] {
            let refused = sql::execute(pool, &step).await.unwrap_err();
            assert_eq!(sql::code(&refused), "23514", "{columns}");
        }
    }
}

/// A request of before names had keys: the plain names are compared by the table, and the keys by the program.
#[tokio::test]
async fn a_request_of_before_is_approved_by_another() {
    let test_scene = scene().await;
    let pool = &test_scene.db.owner;
    let id = sql::write_request(pool, "client", "mef-rgs", "{*}").await;
    sqlx::raw_sql(
        "alter table abilitazione_evento disable trigger abilitazione_evento_immutabile,
             drop constraint abilitazione_evento_chiavi;
         update abilitazione_evento set operatore_chiave = null",
    )
    .execute(pool)
    .await
    .unwrap();
    let [_, verifica, mut approval] = up_to_attiva();
    sql::write_steps(pool, id, &[verifica]).await.unwrap();
    approval.operatore = "ANNA";
    let refused = sql::write_steps(pool, id, &[approval]).await.unwrap_err();
    assert_eq!(sql::code(&refused), "23514");
    for same in ["ANNA", "аnna", "ａｎｎａ"] {
        let refused = step(&test_scene, id, Azione::Approvazione, (same, None)).await;
        assert_eq!(refused, Err(Reason::FourEyes), "{same}");
    }
    let approved = step(&test_scene, id, Azione::Approvazione, ("bruno", None)).await;
    assert_eq!(approved, Ok(StatoAa07::Attiva));
}

#[tokio::test]
async fn the_table_knows_a_person_by_either_name() {
    let db = test_bench::database().await;
    for (recorder, approver) in [
        (("anna", None), ("bruno", None)),
        (("be", Some("anna")), ("be", Some("bruno"))),
        (("be", Some("anna")), ("be2", None)),
        (("be", Some("anna")), ("bruno", None)),
    ] {
        by_hand(&db.serving, recorder, approver).await.unwrap();
    }
    for (recorder, approver) in [
        (("anna", None), ("anna", None)),
        (("anna", None), ("ANNA", None)),
        (("be", Some("anna")), ("be", None)),
        (("be", None), ("be", Some("bruno"))),
        (("be", Some("anna")), ("be2", Some("Anna"))),
        (("inps-be", Some("anna")), ("anna", None)),
        (("Anna", None), ("inps-be", Some("anna"))),
        (("inps-be", Some("anna")), ("anna", Some("bruno"))),
    ] {
        let refused = by_hand(&db.serving, recorder, approver).await.unwrap_err();
        assert_eq!(sql::code(&refused), "23514", "{recorder:?} {approver:?}");
    }
    // All steps in one statement, the approval before the request that it would be compared with.
    let id = sql::write_request(&db.serving, "client", "mef-rgs", "{*}").await;
    let [_, verifica, mut approval] = up_to_attiva();
    approval.operatore = "anna";
    for order in [[verifica, approval], [approval, verifica]] {
        let refused = sql::write_steps(&db.serving, id, &order).await.unwrap_err();
        assert_eq!(sql::code(&refused), "23514");
    }
}

/// A temporary table comes first in the search path, unless the path says otherwise.
#[tokio::test]
async fn no_table_of_the_session_stands_in_for_the_steps() {
    let db = test_bench::database().await;
    let id = sql::write_request(&db.owner, "client", "mef-rgs", "{*}").await;
    let standing = sql::write_request(&db.owner, "client", "mef-rgs", "{*}").await;
    let [_, verifica, _] = up_to_attiva();
    sql::write_steps(&db.owner, id, &[verifica]).await.unwrap();
    sql::activate(&db.owner, standing).await.unwrap();
    let approve = |by: &str| {
        format!(
            "insert into public.abilitazione_evento
                 (abilitazione, versione, azione, da_stato, a_stato, istante, operatore, motivo, operatore_chiave)
             values ({id}, 3, 'APPROVAZIONE', 'VERIFICATA', 'ATTIVA', now(), '{by}', 'x', '{by}')"
        )
    };
    for (by, refusal) in [("anna", "23514"), ("bruno", "23P01")] {
        // In it another recorded the request, and there is no second grant.
        let shadowed = format!(
            "create temporary table abilitazione_evento (like public.abilitazione_evento) on commit drop;
             insert into pg_temp.abilitazione_evento (abilitazione, versione, azione, a_stato, istante, operatore, motivo)
             values ({id}, 1, 'RICHIESTA', 'RICHIESTA', now(), 'zoe', 'x');
             {}",
            approve(by)
        );
        let refused = sql::execute(&db.owner, &shadowed).await.unwrap_err();
        assert_eq!(sql::code(&refused), refusal, "{by}");
    }
}

async fn step(
    test_scene: &DoorScene,
    id: i64,
    azione: Azione,
    chi: PersonNames,
) -> Result<StatoAa07, Reason> {
    let (pool, why) = (&test_scene.db.serving, motivo("prova"));
    grants::advance(pool, &clock(NOW), id, azione, &operatore(chi), &why)
        .await
        .map_err(|error| error.reason)
}

/// Anna records through a back end that says who she is; the machine knows her by her own name alone.
#[tokio::test]
async fn a_back_end_and_the_machine_are_two_ways_of_one_person() {
    let test_scene = scene().await;
    let request = new_request("client", "mef-rgs", "2026-01-01", "2026-12-31");
    let anna: PersonNames = ("inps-be", Some("anna"));
    let id = grants::record_request(
        &test_scene.db.serving,
        &clock(NOW),
        &test_scene.policy.table(),
        &request,
        &operatore(anna),
        &motivo("PEC"),
    )
    .await
    .unwrap();
    step(&test_scene, id, Azione::Verifica, anna).await.unwrap();
    for same in [
        ("anna", None),
        ("ANNA", None),
        ("other-be", Some("Anna")),
        ("inps-be", None),
    ] {
        let refused = step(&test_scene, id, Azione::Approvazione, same).await;
        assert_eq!(refused, Err(Reason::FourEyes), "{same:?}");
    }
    let approved = step(&test_scene, id, Azione::Approvazione, ("bruno", None)).await;
    assert_eq!(approved, Ok(StatoAa07::Attiva));
}
