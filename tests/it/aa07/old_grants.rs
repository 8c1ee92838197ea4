//! Grants that were registered before there was a life cycle.

use std::{borrow::Cow, path::Path};

use omnia::abilitazione::grants::{self, EffectiveStato};
use sqlx::migrate::Migrator;

use crate::{abilitazione::day, test_bench};

/// The first migration of the life cycle.
const LIFE_CYCLE: i64 = 20_261_125_100_000;

#[tokio::test]
async fn old_grants_keep_what_they_give() {
    let db = test_bench::database().await;
    sqlx::raw_sql("drop schema public cascade; create schema public")
        .execute(&db.owner)
        .await
        .unwrap();
    let mut before: Migrator = Migrator::new(Path::new("migrations")).await.unwrap();
    before.migrations = Cow::Owned(
        before
            .iter()
            .filter(|m| m.version < LIFE_CYCLE)
            .cloned()
            .collect(),
    );
    before.run(&db.owner).await.unwrap();
    sqlx::raw_sql(
        "insert into abilitazione (soggetto, ente, applicazione, profilo, normative, prestazioni, valida_dal, valida_al,
                                   registrata_il, registrata_da, revocata_il, revocata_da)
         values ('buono', 'MEF', 'x', 'mef-rgs', '{*}', '{CIGS}', '2026-01-01', '2026-12-31',
                 '2025-12-01T10:00Z', 'anna', null, null),
                ('revocato', 'MLPS', 'x', 'mef-rgs', '{*}', '{*}', '2026-01-01', '2026-12-31',
                 '2025-12-01T10:00Z', 'anna', '2026-02-01T10:00Z', 'bruno'),
                ('scaduto', 'INPS', 'x', 'mef-rgs', '{*}', '{*}', '2025-01-01', '2025-12-31',
                 '2025-12-01T10:00Z', ' ', null, null)",
    )
    .execute(&db.owner)
    .await
    .unwrap();
    db.migrate().await;

    let today = day("2026-11-23");
    let grant_records = grants::list(&db.serving).await.unwrap();
    let found: Vec<_> = grant_records
        .iter()
        .map(|s| (s.aa07.soggetto.as_str(), s.effective_stato(today)))
        .collect();
    assert_eq!(
        found,
        [
            ("buono", EffectiveStato::Attiva),
            ("revocato", EffectiveStato::Revocata),
            ("scaduto", EffectiveStato::Scaduta),
        ]
    );
    assert!(grant_records.iter().all(|s| s.modulo.is_none()));
    let mut steps = Vec::new();
    for grant_record in &grant_records {
        for e in grants::eventi(&db.serving, grant_record.aa07.id)
            .await
            .unwrap()
        {
            steps.push(format!(
                "{} {} {} {}",
                grant_record.aa07.soggetto,
                e.azione,
                e.istante.date_naive(),
                e.operatore
            ));
        }
    }
    assert_eq!(
        steps,
        [
            "buono RICHIESTA 2025-12-01 anna",
            "buono VERIFICA 2025-12-01 omnia migrate",
            "buono APPROVAZIONE 2025-12-01 omnia migrate",
            "revocato RICHIESTA 2025-12-01 anna",
            "revocato VERIFICA 2025-12-01 omnia migrate",
            "revocato APPROVAZIONE 2025-12-01 omnia migrate",
            "revocato REVOCA 2026-02-01 bruno",
            "scaduto RICHIESTA 2025-12-01 unknown",
            "scaduto VERIFICA 2025-12-01 omnia migrate",
            "scaduto APPROVAZIONE 2025-12-01 omnia migrate",
        ]
    );
    let valid = grants::valid_for(&db.serving, "buono", today)
        .await
        .unwrap();
    assert_eq!(valid.id, grant_records[0].aa07.id);
    // And they go on from there.
    crate::abilitazione::revoke(
        &db.serving,
        &crate::abilitazione::clock(crate::abilitazione::NOW),
        valid.id,
    )
    .await;
}
