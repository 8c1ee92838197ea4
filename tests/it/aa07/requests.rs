//! What a request is recorded as, and which requests are not.

use omnia::{
    abilitazione::{
        Ambito, AmbitoCodes,
        grants::{
            self, Certificati, EffectiveStato, Finalita, LimitiAa07, Orari, Quote, Reti,
            RichiestaAa07, StatoAa07, quota,
        },
    },
    error::{Error, Reason},
    valori::{CodiceNormativa, CodicePrestazione},
};

use crate::abilitazione::{DoorScene, NOW, clock, day, motivo, new_request, operatore, scene};

async fn record(test_scene: &DoorScene, richiesta: &RichiestaAa07) -> Result<i64, Error> {
    let (anna, why) = (operatore("anna"), motivo("PEC 1"));
    // As the service does: by its own role.
    let pool = &test_scene.db.serving;
    grants::record_request(
        pool,
        &clock(NOW),
        &test_scene.policy.table(),
        richiesta,
        &anna,
        &why,
    )
    .await
}

#[tokio::test]
async fn a_grant_is_read_as_it_was_recorded() {
    let test_scene = scene().await;
    sqlx::raw_sql(
        "insert into normativa values ('DL109-2018-ART44', 'a'), ('DLGS148-2015', 'b');
         insert into prestazione values ('CIGS', 'c')",
    )
    .execute(&test_scene.db.owner)
    .await
    .unwrap();
    let norm = |code| CodiceNormativa::parse(code).unwrap();
    let mut fresh = new_request("client", "mef-rgs", "2026-01-01", "2026-12-31");
    fresh.ambito = Ambito::new(
        AmbitoCodes::only([norm("DLGS148-2015"), norm("DL109-2018-ART44")]).unwrap(),
        AmbitoCodes::only([CodicePrestazione::parse("CIGS").unwrap()]).unwrap(),
    );
    fresh.limiti = LimitiAa07 {
        reti: Reti::parse(&["192.0.2.0/24", "2001:db8::/32", "198.51.100.7"]).unwrap(),
        orari: Orari::parse(&["lun-ven 08:00-18:30", "sab 08:00-13:00"]).unwrap(),
        finalita: Finalita::parse(&["1B361D49-33f4-4f1e-a88b-4e12661f2309"]).unwrap(),
        certificati: Certificati::parse(&["dns:be.mef.example"]).unwrap(),
        quote: Quote {
            al_secondo: Some(quota(50).unwrap()),
            esportazioni: None,
            al_giorno: Some(quota(2_147_483_647).unwrap()),
        },
    };
    let id = record(&test_scene, &fresh).await.unwrap();
    let (bruno, why) = (operatore("bruno"), motivo("modulo conforme"));
    for azione in [grants::Azione::Verifica, grants::Azione::Approvazione] {
        grants::advance(
            &test_scene.db.serving,
            &clock(NOW),
            id,
            azione,
            &bruno,
            &why,
        )
        .await
        .unwrap();
    }

    let aa07 = grants::valid_for(&test_scene.db.serving, "client", day("2026-11-23"))
        .await
        .unwrap();
    assert_eq!(
        (aa07.id, aa07.soggetto.as_str(), aa07.ente.as_str()),
        (id, "client", "MEF")
    );
    assert_eq!(
        (aa07.profilo.as_str(), &aa07.ambito),
        ("mef-rgs", &fresh.ambito)
    );
    assert_eq!(
        (aa07.valida_dal, aa07.valida_al),
        (fresh.valida_dal, fresh.valida_al)
    );
    assert_eq!(aa07.applicazione, grants::APPLICAZIONE);
    let limiti = LimitiAa07 {
        reti: aa07.reti.clone(),
        orari: aa07.orari.clone(),
        finalita: aa07.finalita.clone(),
        certificati: aa07.certificati.clone(),
        quote: aa07.quote,
    };
    assert_eq!(limiti, fresh.limiti);

    let listed = grants::list(&test_scene.db.owner).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].aa07, aa07);
    let modulo = (fresh.protocollo_pec, fresh.impronta_modulo);
    assert_eq!(listed[0].modulo, Some(modulo));
    assert_eq!(listed[0].sostituisce, None);
    assert_eq!(
        listed[0].effective_stato(day("2026-11-23")),
        EffectiveStato::Attiva
    );
    let eventi = grants::eventi(&test_scene.db.serving, id).await.unwrap();
    let steps: Vec<String> = eventi
        .iter()
        .map(|e| format!("{} {} {} {}", e.versione, e.azione, e.operatore, e.motivo))
        .collect();
    assert_eq!(
        steps,
        [
            "1 RICHIESTA anna PEC 1",
            "2 VERIFICA bruno modulo conforme",
            "3 APPROVAZIONE bruno modulo conforme"
        ]
    );
    assert!(eventi.iter().all(|e| e.istante == clock(NOW).now()));
    assert_eq!(eventi[1].da_stato, Some(StatoAa07::Richiesta));
    assert_eq!(eventi[2], listed[0].last);
}

#[tokio::test]
async fn what_should_not_be_a_grant_is_refused() {
    let test_scene = scene().await;
    let good = || new_request("client", "mef-rgs", "2026-01-01", "2026-12-31");
    let with = |change: fn(&mut RichiestaAa07)| {
        let mut fresh = good();
        change(&mut fresh);
        fresh
    };
    for (fresh, field, why) in [
        (
            with(|n| n.profilo = "mef".to_owned()),
            "profilo",
            "of the policy",
        ),
        (
            with(|n| n.profilo = "decreti".to_owned()),
            "profilo",
            "of the policy",
        ),
        (with(|n| n.soggetto = String::new()), "soggetto", "1 to 255"),
        (
            with(|n| n.soggetto = " client".to_owned()),
            "soggetto",
            "blanks",
        ),
        (
            with(|n| n.soggetto = "a\nb".to_owned()),
            "soggetto",
            "control",
        ),
        (
            with(|n| n.valida_dal = day("2027-01-01")),
            "valida_al",
            "before valida_dal",
        ),
        (
            with(|n| n.valida_al = day("2026-11-22")),
            "valida_al",
            "has passed",
        ),
        (
            with(|n| {
                let unknown = CodiceNormativa::parse("DL1-1900").unwrap();
                n.ambito = Ambito::new(AmbitoCodes::only([unknown]).unwrap(), AmbitoCodes::All);
            }),
            "ambito.normative",
            "norms of the catalogue",
        ),
        (
            with(|n| {
                let unknown = CodicePrestazione::parse("CIGO").unwrap();
                n.ambito = Ambito::new(AmbitoCodes::All, AmbitoCodes::only([unknown]).unwrap());
            }),
            "ambito.prestazioni",
            "benefits of the catalogue",
        ),
        (
            with(|n| n.sostituisce = Some(77)),
            "sostituisce",
            "active or suspended",
        ),
    ] {
        let refused = record(&test_scene, &fresh).await.unwrap_err();
        assert_eq!(refused.reason, Reason::InvalidRequest);
        let [violation] = refused.violations.as_slice() else {
            panic!("{refused}");
        };
        assert_eq!(violation.field, field);
        assert!(violation.defect.english.contains(why), "{refused}");
    }
    // Everything at once.
    let mut all = good();
    all.soggetto = String::new();
    all.profilo = "mef".to_owned();
    all.valida_dal = day("2026-11-24");
    all.valida_al = day("2026-11-22");
    all.sostituisce = Some(77);
    let norm = CodiceNormativa::parse("DL1-1900").unwrap();
    let benefit = CodicePrestazione::parse("CIGO").unwrap();
    all.ambito = Ambito::new(
        AmbitoCodes::only([norm]).unwrap(),
        AmbitoCodes::only([benefit]).unwrap(),
    );
    let refused = record(&test_scene, &all).await.unwrap_err();
    let fields: Vec<&str> = refused.violations.iter().map(|v| &*v.field).collect();
    assert_eq!(
        fields,
        [
            "soggetto",
            "profilo",
            "valida_al",
            "valida_al",
            "ambito.normative",
            "ambito.prestazioni",
            "sostituisce",
            "valida_dal"
        ]
    );
    assert_eq!(refused.metadata, [("valori", "DL1-1900,CIGO".to_owned())]);
    assert_eq!(grants::list(&test_scene.db.owner).await.unwrap(), []);
    assert!(record(&test_scene, &good()).await.is_ok());
}
