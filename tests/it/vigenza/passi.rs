//! New calls.

use std::time::Duration;

use omnia::abilitazione::{Ambito, Insieme, grants::Azione};

use super::{ACCESSO, diventa, esito, passo};
use crate::{
    abilitazione::nuova,
    chiamate::chiama,
    modello::NORMATIVE,
    servizio::{Cliente, Servizio, canale_a},
};

const UN_SECONDO: Duration = Duration::from_secs(1);

/// The same caller on two instances.
async fn due(servizio: &Servizio, soggetto: &str) -> [Cliente; 2] {
    let token = servizio.token(soggetto);
    let altra = servizio.altra_istanza().await;
    [
        servizio.come(soggetto),
        servizio.su(canale_a(altra), Some(&token)),
    ]
}

/// Suspends, resumes and revokes; each bites on both instances within a second.
async fn morde(servizio: &Servizio) {
    let id = servizio
        .abilita("be", "mef-rgs", crate::servizio::tutto())
        .await;
    let [mut una, mut altra] = due(servizio, "be").await;
    // A grant that was just given works on the first call, everywhere.
    assert_eq!(esito(&chiama(&mut una, ACCESSO, "").await), "OK");
    assert_eq!(esito(&chiama(&mut altra, ACCESSO, "").await), "OK");
    let mut prima = "OK";
    for (azione, poi) in [
        (Azione::Sospensione, "ERROR_REASON_GRANT_SUSPENDED"),
        (Azione::Riattivazione, "OK"),
        (Azione::Revoca, "ERROR_REASON_GRANT_REVOKED"),
    ] {
        passo(servizio, id, azione).await;
        let (a, b) = tokio::join!(
            diventa(&mut una, prima, poi),
            diventa(&mut altra, prima, poi)
        );
        assert!(a < UN_SECONDO && b < UN_SECONDO, "{azione}: {a:?}, {b:?}");
        prima = poi;
    }
}

#[tokio::test]
async fn a_step_bites_on_every_instance_within_a_second() {
    morde(&Servizio::avvia().await).await;
}

#[tokio::test]
async fn a_step_that_nobody_announces_bites_too() {
    let servizio = Servizio::avvia().await;
    sqlx::query("alter table abilitazione_evento disable trigger abilitazione_evento_annuncio")
        .execute(&servizio.db.owner)
        .await
        .unwrap();
    morde(&servizio).await;
}

#[tokio::test]
async fn a_connection_that_listens_may_be_lost() {
    let servizio = Servizio::avvia().await;
    let id = servizio
        .abilita("be", "mef-rgs", crate::servizio::tutto())
        .await;
    let mut cliente = servizio.come("be");
    diventa(&mut cliente, "OK", "OK").await;
    servizio.db.stacca().await;
    passo(&servizio, id, Azione::Revoca).await;
    // Calls that meet the loss itself are told to try again.
    let begin = tokio::time::Instant::now();
    loop {
        let answer = chiama(&mut cliente, ACCESSO, "").await;
        match esito(&answer) {
            "ERROR_REASON_GRANT_REVOKED" => break,
            "OK" => assert!(begin.elapsed() < UN_SECONDO, "still allowed"),
            "ERROR_REASON_AUDIT_UNAVAILABLE" | "ERROR_REASON_DATABASE_UNAVAILABLE" => {}
            other => panic!("{other}"),
        }
        assert!(begin.elapsed() < UN_SECONDO * 10);
    }
}

#[tokio::test]
async fn a_changed_scope_is_another_grant_that_takes_over_in_one_moment() {
    let servizio = Servizio::avvia().await;
    let codici = [omnia::valori::CodiceNormativa::parse(NORMATIVE[0]).unwrap()];
    servizio
        .carica(&crate::chiamate::estratto(), "2026-10-31")
        .await;
    let id = servizio
        .abilita("be", "mef-rgs", crate::servizio::tutto())
        .await;
    let [mut una, mut altra] = due(&servizio, "be").await;
    for cliente in [&mut una, &mut altra] {
        assert!(tutte(cliente).await);
    }
    let mut richiesta = nuova("be", "mef-rgs", "2026-01-01", "2026-12-31");
    richiesta.ambito = Ambito::new(Insieme::alcuni(codici).unwrap(), Insieme::Tutti);
    richiesta.sostituisce = Some(id);
    servizio.concedi(&richiesta).await;
    let begin = tokio::time::Instant::now();
    for cliente in [&mut una, &mut altra] {
        // Never an error on the way: no moment has no grant.
        while tutte(cliente).await {
            assert!(begin.elapsed() < UN_SECONDO, "the old scope still holds");
        }
    }
}

/// Whether the caller has all norms.
async fn tutte(cliente: &mut Cliente) -> bool {
    let access = cliente
        .accesso
        .get_my_access(omnia::contract::proto::GetMyAccessRequest {});
    let access = access.await.unwrap().into_inner();
    access.ambito.unwrap().tutte_le_normative
}

#[tokio::test]
async fn it_expires_by_itself_at_romes_midnight() {
    let servizio = Servizio::avvia().await;
    servizio
        .abilita("be", "mef-rgs", crate::servizio::tutto())
        .await;
    let mut cliente = servizio.come("be");
    // The token of the tests lives twelve hours.
    servizio.orologio("2026-12-31T22:59:00Z");
    let token = servizio.token("be");
    let mut cliente_ultimo = servizio.con_token(Some(&token));
    assert_eq!(esito(&chiama(&mut cliente_ultimo, ACCESSO, "").await), "OK");
    servizio.orologio("2026-12-31T23:00:00Z");
    assert_eq!(
        esito(&chiama(&mut cliente_ultimo, ACCESSO, "").await),
        "ERROR_REASON_GRANT_NOT_VALID"
    );
    assert_eq!(
        esito(&chiama(&mut cliente, ACCESSO, "").await),
        "ERROR_REASON_TOKEN_EXPIRED"
    );
}
