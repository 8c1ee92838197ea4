//! The steps of a grant: what they refuse, replacement, and two at once.

use omnia::{
    abilitazione::grants::{self, Azione, RichiestaAa07, StatoAa07},
    error::{Error, Reason},
};

use crate::abilitazione::{DoorScene, NOW, clock, day, motivo, new_request, operatore, scene};

/// By the role of the service, at [`NOW`].
async fn step(
    test_scene: &DoorScene,
    id: i64,
    azione: Azione,
    nome: &str,
) -> Result<StatoAa07, Error> {
    let why = motivo("prova");
    let pool = &test_scene.db.serving;
    grants::advance(pool, &clock(NOW), id, azione, &operatore(nome), &why).await
}

async fn record(test_scene: &DoorScene, richiesta: &RichiestaAa07) -> i64 {
    let (anna, why) = (operatore("anna"), motivo("prova"));
    let table = test_scene.policy.table();
    grants::record_request(
        &test_scene.db.serving,
        &clock(NOW),
        &table,
        richiesta,
        &anna,
        &why,
    )
    .await
    .unwrap()
}

/// Recorded by Anna and verified.
async fn verified(test_scene: &DoorScene, richiesta: &RichiestaAa07) -> i64 {
    let id = record(test_scene, richiesta).await;
    step(test_scene, id, Azione::Verifica, "anna")
        .await
        .unwrap();
    id
}

fn year(soggetto: &str) -> RichiestaAa07 {
    new_request(soggetto, "mef-rgs", "2026-01-01", "2026-12-31")
}

fn fact<'a>(error: &'a Error, key: &str) -> &'a str {
    let found = error.metadata.iter().find(|(k, _)| *k == key);
    &found.unwrap().1
}

#[tokio::test]
async fn a_step_that_cannot_be_names_the_present_state() {
    let test_scene = scene().await;
    let id = record(&test_scene, &year("client")).await;
    let refused = step(&test_scene, id, Azione::Sospensione, "bruno").await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.reason, Reason::TransitionIllegal);
    assert_eq!(fact(&refused, "stato"), "RICHIESTA");
    assert_eq!(fact(&refused, "azione"), "SOSPENSIONE");
    assert_eq!(fact(&refused, "abilitazione"), id.to_string());
    let unknown = step(&test_scene, id + 1, Azione::Revoca, "bruno").await;
    assert_eq!(unknown.unwrap_err().reason, Reason::GrantNotFound);
    // Time passes by itself.
    step(&test_scene, id, Azione::Verifica, "anna")
        .await
        .unwrap();
    let (bruno, why) = (operatore("bruno"), motivo("prova"));
    let later = clock("2026-12-31T23:00:00Z");
    let approve = Azione::Approvazione;
    let refused = grants::advance(&test_scene.db.serving, &later, id, approve, &bruno, &why).await;
    let refused = refused.unwrap_err();
    assert_eq!(fact(&refused, "stato"), "SCADUTA");
    // Nothing of what was refused is there.
    assert_eq!(
        grants::eventi(&test_scene.db.owner, id)
            .await
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn whoever_recorded_it_cannot_approve_it() {
    let test_scene = scene().await;
    let id = verified(&test_scene, &year("client")).await;
    for anna in ["anna", "ANNA"] {
        let refused = step(&test_scene, id, Azione::Approvazione, anna).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.reason, Reason::FourEyes);
        assert_eq!(fact(&refused, "abilitazione"), id.to_string());
    }
    let approved = step(&test_scene, id, Azione::Approvazione, "bruno").await;
    assert_eq!(approved.unwrap(), StatoAa07::Attiva);
    // The other steps may be taken by either.
    for azione in [Azione::Sospensione, Azione::Riattivazione, Azione::Revoca] {
        step(&test_scene, id, azione, "anna").await.unwrap();
    }
}

#[tokio::test]
async fn one_grant_a_subject_a_day() {
    let test_scene = scene().await;
    let first = verified(
        &test_scene,
        &new_request("client", "mef-rgs", "2026-03-01", "2026-12-31"),
    )
    .await;
    step(&test_scene, first, Azione::Approvazione, "bruno")
        .await
        .unwrap();
    let mut waiting = Vec::new();
    for (dal, al) in [
        ("2026-01-01", "2026-12-31"),
        ("2026-12-31", "2027-12-31"),
        ("2026-05-01", "2026-12-01"),
        ("2020-01-01", "2030-01-01"),
    ] {
        let id = verified(&test_scene, &new_request("client", "mef-sintesi", dal, al)).await;
        let refused = step(&test_scene, id, Azione::Approvazione, "bruno").await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.reason, Reason::GrantOverlaps, "{dal} {al}");
        assert_eq!(fact(&refused, "abilitazione"), first.to_string());
        assert_eq!(fact(&refused, "valida_dal"), "2026-03-01");
        assert_eq!(fact(&refused, "valida_al"), "2026-12-31");
        waiting.push(id);
    }
    // A suspended one still stands in the way.
    step(&test_scene, first, Azione::Sospensione, "bruno")
        .await
        .unwrap();
    let refused = step(&test_scene, waiting[0], Azione::Approvazione, "bruno").await;
    assert_eq!(refused.unwrap_err().reason, Reason::GrantOverlaps);
    // The next day, another subject, and after a revocation: no overlap.
    for fresh in [
        new_request("client", "mef-sintesi", "2027-01-01", "2027-12-31"),
        year("other"),
    ] {
        let id = verified(&test_scene, &fresh).await;
        step(&test_scene, id, Azione::Approvazione, "bruno")
            .await
            .unwrap();
    }
    step(&test_scene, first, Azione::Revoca, "bruno")
        .await
        .unwrap();
    step(&test_scene, waiting[0], Azione::Approvazione, "bruno")
        .await
        .unwrap();
}

#[tokio::test]
async fn another_scope_comes_by_replacement() {
    let test_scene = scene().await;
    let old = test_scene.grant(&year("client")).await;
    let mut wider = year("client");
    wider.profilo = "mlps-ammortizzatori".to_owned();
    wider.sostituisce = Some(old);
    let new = verified(&test_scene, &wider).await;
    // Until it is approved the old one gives access; at any moment exactly one does.
    let valid = async || {
        grants::valid_for(&test_scene.db.serving, "client", day("2026-11-23"))
            .await
            .map(|aa07| aa07.id)
    };
    assert_eq!(valid().await.unwrap(), old);
    let refused = step(&test_scene, new, Azione::Approvazione, "anna").await;
    assert_eq!(refused.unwrap_err().reason, Reason::FourEyes);
    assert_eq!(valid().await.unwrap(), old);
    step(&test_scene, new, Azione::Approvazione, "bruno")
        .await
        .unwrap();
    assert_eq!(valid().await.unwrap(), new);
    let eventi = grants::eventi(&test_scene.db.owner, old).await.unwrap();
    let last = eventi.last().unwrap();
    assert_eq!(
        (last.azione, last.a_stato),
        (Azione::Revoca, StatoAa07::Revocata)
    );
    assert_eq!(last.motivo, format!("replaced by grant {new}: prova"));
    assert_eq!(last.operatore, operatore("bruno"));
    // Not another subject's, not one that is no grant any more, and not for a day to come.
    let other = test_scene.grant(&year("other")).await;
    let table = test_scene.policy.table();
    for (sostituisce, dal) in [
        (other, "2026-01-01"),
        (old, "2026-01-01"),
        (new, "2026-11-24"),
    ] {
        let mut richiesta = new_request("client", "mef-rgs", dal, "2026-12-31");
        richiesta.sostituisce = Some(sostituisce);
        let (anna, why) = (operatore("anna"), motivo("prova"));
        let refused = grants::record_request(
            &test_scene.db.serving,
            &clock(NOW),
            &table,
            &richiesta,
            &anna,
            &why,
        )
        .await;
        assert_eq!(refused.unwrap_err().reason, Reason::InvalidRequest);
    }
    // What was to be replaced has ended meanwhile: nothing is in the way.
    wider.sostituisce = Some(new);
    let third = verified(&test_scene, &wider).await;
    step(&test_scene, new, Azione::Revoca, "carla")
        .await
        .unwrap();
    step(&test_scene, third, Azione::Approvazione, "bruno")
        .await
        .unwrap();
    assert_eq!(valid().await.unwrap(), third);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_at_once_one_wins() {
    let test_scene = scene().await;
    // The same step, by many.
    let id = verified(&test_scene, &year("client")).await;
    let all = (0..8).map(|_| step(&test_scene, id, Azione::Approvazione, "bruno"));
    let all = futures_util::future::join_all(all).await;
    let refused: Vec<&Error> = all.iter().filter_map(|one| one.as_ref().err()).collect();
    assert_eq!(refused.len(), 7);
    for error in refused {
        assert_eq!(error.reason, Reason::TransitionIllegal, "{error}");
        assert_eq!(fact(error, "stato"), "ATTIVA");
    }
    // Steps that exclude each other.
    let (a, b) = tokio::join!(
        step(&test_scene, id, Azione::Sospensione, "anna"),
        step(&test_scene, id, Azione::Riattivazione, "bruno"),
    );
    // Whether the suspension came first or not, its own step was legal.
    assert_eq!(a.unwrap(), StatoAa07::Sospesa);
    assert!(
        b.is_ok_and(|s| s == StatoAa07::Attiva)
            || grants::eventi(&test_scene.db.owner, id)
                .await
                .unwrap()
                .len()
                == 4
    );
    // Several requests of one subject, approved at once.
    let mut ids = Vec::new();
    for _ in 0..6 {
        ids.push(verified(&test_scene, &year("another")).await);
    }
    let all = ids
        .iter()
        .map(|id| step(&test_scene, *id, Azione::Approvazione, "bruno"));
    let all = futures_util::future::join_all(all).await;
    assert_eq!(all.iter().filter(|one| one.is_ok()).count(), 1);
    for error in all.into_iter().filter_map(Result::err) {
        assert_eq!(error.reason, Reason::GrantOverlaps, "{error}");
    }
}
