//! The register of AA07 grants.

use omnia::{
    abilitazione::{
        Ambito, Insieme,
        aa07::{self, NuovaAbilitazione, RegistroError, Stato},
    },
    error::Reason,
    valori::{CodiceNormativa, CodicePrestazione},
};

use crate::abilitazione::{NOW, Scena, clock, day, everything, nuova, scena};

async fn add(scena: &Scena, nuova: &NuovaAbilitazione) -> Result<i64, String> {
    aa07::add(
        &scena.db.owner,
        &clock(NOW),
        &scena.politica.tabella(),
        nuova,
        "anna",
    )
    .await
    .map_err(|error| error.to_string())
}

async fn valid(scena: &Scena, soggetto: &str, oggi: &str) -> Result<i64, Reason> {
    aa07::valid_for(&scena.db.servizio, soggetto, day(oggi))
        .await
        .map(|aa07| aa07.id)
        .map_err(|error| error.reason)
}

#[tokio::test]
async fn a_grant_is_read_as_it_was_registered() {
    let scena = scena().await;
    sqlx::raw_sql(
        "insert into normativa values ('DL109-2018-ART44', 'a'), ('DLGS148-2015', 'b');
         insert into prestazione values ('CIGS', 'c')",
    )
    .execute(&scena.db.owner)
    .await
    .unwrap();
    let norm = |code| CodiceNormativa::parse(code).unwrap();
    let mut nuova = nuova("client", "mef-rgs", "2026-01-01", "2026-12-31");
    nuova.ambito = Ambito::new(
        Insieme::alcuni([norm("DLGS148-2015"), norm("DL109-2018-ART44")]).unwrap(),
        Insieme::alcuni([CodicePrestazione::parse("CIGS").unwrap()]).unwrap(),
    );
    let id = add(&scena, &nuova).await.unwrap();

    let aa07 = aa07::valid_for(&scena.db.servizio, "client", day("2026-11-23"))
        .await
        .unwrap();
    assert_eq!(
        (aa07.id, aa07.soggetto.as_str(), aa07.ente.as_str()),
        (id, "client", "MEF")
    );
    assert_eq!(
        (aa07.profilo.as_str(), &aa07.ambito),
        ("mef-rgs", &nuova.ambito)
    );
    assert_eq!(
        (aa07.valida_dal, aa07.valida_al),
        (nuova.valida_dal, nuova.valida_al)
    );
    assert_eq!(aa07.applicazione, aa07::APPLICAZIONE);

    let listed = aa07::list(&scena.db.owner).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].aa07, aa07);
    assert_eq!(listed[0].registrata, (clock(NOW).now(), "anna".to_owned()));
    assert_eq!(listed[0].revocata, None);
}

#[tokio::test]
async fn what_should_not_be_a_grant_is_refused() {
    let scena = scena().await;
    let good = || nuova("client", "mef-rgs", "2026-01-01", "2026-12-31");
    let with = |change: fn(&mut NuovaAbilitazione)| {
        let mut nuova = good();
        change(&mut nuova);
        nuova
    };
    for (nuova, why) in [
        (
            with(|n| n.profilo = "mef".to_owned()),
            "no profile `mef`; it has mef-rgs, mef-sintesi",
        ),
        (
            with(|n| n.profilo = "decreti".to_owned()),
            "no profile `decreti`",
        ),
        (with(|n| n.soggetto = String::new()), "a subject is"),
        (with(|n| n.soggetto = " client".to_owned()), "a subject is"),
        (with(|n| n.soggetto = "a\nb".to_owned()), "a subject is"),
        (
            with(|n| n.valida_dal = "2027-01-01".parse().unwrap()),
            "is before the first",
        ),
        (
            with(|n| n.valida_al = "2026-11-22".parse().unwrap()),
            "has passed",
        ),
        (
            with(|n| {
                let unknown = CodiceNormativa::parse("DL1-1900").unwrap();
                n.ambito = Ambito::new(Insieme::alcuni([unknown]).unwrap(), Insieme::Tutti);
            }),
            "no such normative: DL1-1900",
        ),
        (
            with(|n| {
                let unknown = CodicePrestazione::parse("CIGO").unwrap();
                n.ambito = Ambito::new(Insieme::Tutti, Insieme::alcuni([unknown]).unwrap());
            }),
            "no such prestazioni: CIGO",
        ),
    ] {
        let refused = add(&scena, &nuova).await.unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }
    let nobody = aa07::add(
        &scena.db.owner,
        &clock(NOW),
        &scena.politica.tabella(),
        &good(),
        " ",
    )
    .await;
    assert!(matches!(nobody, Err(RegistroError::Operatore)));
    assert_eq!(aa07::list(&scena.db.owner).await.unwrap(), []);
    assert!(add(&scena, &good()).await.is_ok());
}

#[tokio::test]
async fn one_grant_a_subject_a_day() {
    let scena = scena().await;
    let first = add(
        &scena,
        &nuova("client", "mef-rgs", "2026-03-01", "2026-12-31"),
    )
    .await
    .unwrap();
    for (dal, al) in [
        ("2026-01-01", "2026-12-31"),
        ("2026-12-31", "2027-12-31"),
        ("2026-05-01", "2026-12-01"),
        ("2020-01-01", "2030-01-01"),
    ] {
        let refused = add(&scena, &nuova("client", "mef-sintesi", dal, al))
            .await
            .unwrap_err();
        assert!(
            refused.contains(&format!("has grant {first}, valid from 2026-03-01")),
            "{refused}"
        );
    }
    // The next day, another subject, and after a revocation: no overlap.
    add(
        &scena,
        &nuova("client", "mef-sintesi", "2027-01-01", "2027-12-31"),
    )
    .await
    .unwrap();
    add(
        &scena,
        &nuova("other", "mef-rgs", "2026-03-01", "2026-12-31"),
    )
    .await
    .unwrap();
    aa07::revoke(&scena.db.owner, &clock(NOW), first, "anna")
        .await
        .unwrap();
    let second = add(
        &scena,
        &nuova("client", "mef-sintesi", "2026-03-01", "2026-12-31"),
    )
    .await
    .unwrap();
    assert_eq!(valid(&scena, "client", "2026-11-23").await, Ok(second));
}

#[tokio::test]
async fn of_many_that_register_at_once_one_succeeds() {
    let scena = scena().await;
    let new = nuova("client", "mef-rgs", "2026-01-01", "2026-12-31");
    let all = futures_util::future::join_all((0..8).map(|_| add(&scena, &new))).await;
    assert_eq!(all.iter().filter(|one| one.is_ok()).count(), 1, "{all:?}");
    assert_eq!(aa07::list(&scena.db.owner).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_grant_holds_on_its_days_and_no_other() {
    let scena = scena().await;
    assert_eq!(
        valid(&scena, "client", "2026-11-23").await,
        Err(Reason::GrantMissing)
    );
    let id = scena
        .grant(&nuova("client", "mef-rgs", "2026-03-01", "2026-12-31"))
        .await;
    for (oggi, expected) in [
        ("2026-02-28", Err(Reason::GrantNotValid)),
        ("2026-03-01", Ok(id)),
        ("2026-12-31", Ok(id)),
        ("2027-01-01", Err(Reason::GrantNotValid)),
    ] {
        assert_eq!(valid(&scena, "client", oggi).await, expected, "{oggi}");
    }
    // Exact: no case folding, no blanks, no pattern.
    for other in ["Client", "client ", "clien_", "%", ""] {
        assert_eq!(
            valid(&scena, other, "2026-11-23").await,
            Err(Reason::GrantMissing),
            "{other}"
        );
    }
    aa07::revoke(&scena.db.owner, &clock(NOW), id, "bruno")
        .await
        .unwrap();
    assert_eq!(
        valid(&scena, "client", "2026-11-23").await,
        Err(Reason::GrantNotValid)
    );

    let listed = &aa07::list(&scena.db.owner).await.unwrap()[0];
    assert_eq!(
        listed.revocata,
        Some((clock(NOW).now(), "bruno".to_owned()))
    );
    assert_eq!(listed.stato(day("2026-11-23")), Stato::Revocata);
    let again = aa07::revoke(&scena.db.owner, &clock(NOW), id, "bruno").await;
    assert!(matches!(again, Err(RegistroError::GiaRevocata(i)) if i == id));
    let unknown = aa07::revoke(&scena.db.owner, &clock(NOW), id + 1, "bruno").await;
    assert!(matches!(unknown, Err(RegistroError::Sconosciuta(_))));
}

/// A grant ends at Rome's midnight, an hour before UTC's in winter.
#[tokio::test]
async fn the_day_is_romes() {
    let scena = scena().await;
    scena
        .grant(&nuova("client", "mef-rgs", "2026-01-01", "2026-12-31"))
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
        let token = scena
            .key
            .token(
                crate::abilitazione::ISSUER,
                crate::abilitazione::AUDIENCE,
                "client",
                1,
                &clock,
            )
            .unwrap();
        let guardia = scena.guardia(&clock, scena.db.servizio.clone());
        let esito = crate::abilitazione::knock(guardia, path, Some(&token)).await;
        assert_eq!(esito.text(), expected, "{instant}");
    }
}

/// Rows that this program would not write, put there by hand.
#[tokio::test]
async fn a_register_that_contradicts_itself_refuses() {
    let scena = scena().await;
    let insert = |soggetto: &'static str, normative: &'static str| {
        sqlx::query(
            "insert into abilitazione (soggetto, ente, applicazione, profilo, normative, prestazioni,
                                       valida_dal, valida_al, registrata_il, registrata_da)
             values ($1, 'MEF', 'x', 'mef-rgs', $2::text[], '{*}', '2026-01-01', '2026-12-31', now(), 'x')",
        )
        .bind(soggetto)
        .bind(normative)
        .execute(&scena.db.owner)
    };
    insert("twice", "{A}").await.unwrap();
    insert("twice", "{B}").await.unwrap();
    assert_eq!(
        valid(&scena, "twice", "2026-11-23").await,
        Err(Reason::Internal)
    );
    insert("mixed", "{*,A}").await.unwrap();
    assert_eq!(
        valid(&scena, "mixed", "2026-11-23").await,
        Err(Reason::Internal)
    );
    assert!(
        insert("none", "{}").await.is_err(),
        "the table itself refuses it"
    );
}

#[tokio::test]
async fn the_scope_cuts_the_rows() {
    let scena = scena().await;
    sqlx::raw_sql(
        "insert into normativa values ('A', ''), ('B', ''), ('C', '');
         insert into prestazione values ('CIGO', ''), ('CIGS', '');
         insert into stanziamento (normativa, prestazione, anno, importo, dal_rilevazione)
         select normativa, prestazione, 2026, 1, 1 from normativa, prestazione",
    )
    .execute(&scena.db.owner)
    .await
    .unwrap();
    let norms = |codes: &[&str]| {
        Insieme::alcuni(
            codes
                .iter()
                .map(|code| CodiceNormativa::parse(code).unwrap()),
        )
        .unwrap()
    };
    let cigs = || Insieme::alcuni([CodicePrestazione::parse("CIGS").unwrap()]).unwrap();
    for (ambito, expected) in [
        (everything(), "A/CIGO A/CIGS B/CIGO B/CIGS C/CIGO C/CIGS"),
        (Ambito::new(norms(&["B"]), Insieme::Tutti), "B/CIGO B/CIGS"),
        (Ambito::new(norms(&["C", "A"]), cigs()), "A/CIGS C/CIGS"),
        (Ambito::new(norms(&["Z"]), cigs()), ""),
    ] {
        let mut query = sqlx::QueryBuilder::new(
            "select normativa || '/' || prestazione from stanziamento where anno = 2026",
        );
        ambito.restringi(&mut query);
        query.push(" order by 1");
        let rows: Vec<String> = query
            .build_query_scalar()
            .fetch_all(&scena.db.servizio)
            .await
            .unwrap();
        assert_eq!(rows.join(" "), expected, "{ambito:?}");
    }
}
