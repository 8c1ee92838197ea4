//! Rilevazioni: each sees exactly the rows of its extract, whatever was loaded later.

use std::collections::BTreeMap;

use chrono::Datelike as _;
use omnia::{
    demo::sample::{SampleOptions, generate_sample},
    rilevazione::derived,
};
use proptest::{prelude::*, test_runner::TestRunner};

use super::{withdrawn::take_away, *};
use crate::{test_bench, worlds};

#[tokio::test]
async fn a_second_extract_adds_changes_and_drops() {
    let db = test_bench::database().await;
    let paid = A.replace(",100.00,1000.00,100.00", ",100.00,1000.00,250.00");
    let c = B.replace("145/2023", "146/2023");
    let first = ExtractFiles::of(&[A, B], &["DL48-2023-ART30,CIGS,2023,13.00"]);
    let second = ExtractFiles::of(
        &[&c, &paid],
        &[
            "DL48-2023-ART30,CIGS,2023,14.00",
            "DL48-2023-ART30,CIGS,2024,0.90",
        ],
    )
    .dated("2024-02-29");
    assert_eq!(
        first.must_load(&db.owner).await,
        LoadSummary {
            rilevazione: 1,
            rows: 2,
            added: 2,
            changed: 0,
            ended: 0,
            stanziamenti: 1,
            warnings: 0
        }
    );
    assert_eq!(
        second.must_load(&db.owner).await,
        LoadSummary {
            rilevazione: 2,
            rows: 2,
            added: 1,
            changed: 1,
            ended: 1,
            stanziamenti: 2,
            warnings: 0
        }
    );
    assert_eq!(visible(&db.owner, 1).await, [A, B]);
    assert_eq!(visible(&db.owner, 2).await, [paid, c]);
    assert_eq!(
        visible_stanziamenti(&db.owner, 1).await,
        lines(&first.fonti.stanziamenti)
    );
    assert_eq!(
        visible_stanziamenti(&db.owner, 2).await,
        lines(&second.fonti.stanziamenti)
    );
    // Those who serve see the same.
    assert_eq!(visible(&db.serving, 1).await, [A, B]);

    let rilevazioni: Vec<(i32, NaiveDate, String)> = sqlx::query_as(
        "select numero, data_riferimento, caricata_il::text from rilevazione order by numero",
    )
    .fetch_all(&db.owner)
    .await
    .unwrap();
    let when = "2026-11-23 11:00:00+00".to_owned();
    assert_eq!(
        rilevazioni,
        [
            (1, day("2024-01-31"), when.clone()),
            (2, day("2024-02-29"), when)
        ]
    );
}

#[tokio::test]
async fn the_same_extract_is_the_same_rilevazione() {
    let db = test_bench::database().await;
    let first = ExtractFiles::of(&[A], &[]);
    let second = ExtractFiles::of(&[B], &[]).dated("2024-02-29");
    first.must_load(&db.owner).await;
    second.must_load(&db.owner).await;
    let before = everything(&db.owner).await;
    for (n, again) in [(1, &first), (2, &second)] {
        assert_eq!(again.must_be_known(&db.owner).await, n);
    }
    assert_eq!(everything(&db.owner).await, before);
    // The same rows at another date are another rilevazione.
    let later = ExtractFiles::of(&[B], &[]).dated("2024-03-31");
    let riepilogo = later.must_load(&db.owner).await;
    assert_eq!(
        (riepilogo.rilevazione, riepilogo.added + riepilogo.ended),
        (3, 0)
    );
    assert_eq!(visible(&db.owner, 3).await, [B]);
}

#[tokio::test]
async fn dates_are_in_order_and_not_to_come() {
    let db = test_bench::database().await;
    ExtractFiles::of(&[A], &[]).must_load(&db.owner).await;
    for (data, sentence) in [
        (
            "2024-01-30",
            "the reference date 2024-01-30 is before 2024-01-31, that of rilevazione 1: extracts are loaded in their order",
        ),
        (
            "2026-11-24",
            "the reference date 2026-11-24 is after today, 2026-11-23",
        ),
    ] {
        let (esito, _) = ExtractFiles::of(&[B], &[])
            .dated(data)
            .load(&db.owner)
            .await;
        assert_eq!(esito.unwrap_err().to_string(), sentence);
    }
    assert_eq!(visible(&db.owner, 2).await, [A]);
    // A correction of the same day, and today's.
    ExtractFiles::of(&[B], &[]).must_load(&db.owner).await;
    ExtractFiles::of(&[A], &[])
        .dated("2026-11-23")
        .must_load(&db.owner)
        .await;
}

#[tokio::test]
async fn an_invented_world_through_three_extracts() {
    let db = test_bench::database().await;
    let mut loaded = Vec::new();
    for rilevazione in 1..=3 {
        let folder = tempfile::tempdir().unwrap();
        let opzioni = SampleOptions {
            rows: 3_000,
            seed: 5,
            rilevazione,
        };
        let fonti = generate_sample(opzioni, folder.path(), |_| {}).unwrap();
        let estratto = ExtractFiles { folder, fonti };
        let riepilogo = estratto.must_load(&db.owner).await;
        assert_eq!((riepilogo.warnings, riepilogo.stanziamenti), (0, 30));
        loaded.push(estratto);
    }
    for (estratto, n) in loaded.iter().zip(1..) {
        let all = lines(&estratto.fonti.decreti);
        let split = all.iter().map(|line| line.rsplit_once(',').unwrap());
        let (rows, persons): (Vec<String>, Vec<&str>) =
            split.map(|(row, person)| (row.to_owned(), person)).unzip();
        assert_eq!(visible(&db.owner, n).await, sorted(rows), "{n}");
        let told = persons.iter().filter(|person| **person == "S").count();
        assert!(told > 0);
        assert_eq!(provisional(&db.owner, n).await.len(), told, "{n}");
        assert_eq!(
            visible_stanziamenti(&db.owner, n).await,
            lines(&estratto.fonti.stanziamenti)
        );
    }
    // In each rilevazione the identifiers follow the order in which the rows are read.
    let out_of_order: i64 = sqlx::query_scalar(
        "select count(*)
         from (select id, lag(id) over (partition by dal_rilevazione
                                        order by normativa, data_decreto, numero_decreto, id) as before
               from dettaglio_decreto) rows
         where before > id",
    )
    .fetch_one(&db.owner)
    .await
    .unwrap();
    assert_eq!(out_of_order, 0);
}

/// Natural key: number, employer, norm.
type VersionKey = (u8, u8, u8);

/// Natural key → how much is paid, all of them small numbers: collisions are the point.
type VersionModel = BTreeMap<VersionKey, u8>;

fn rows(model: &VersionModel) -> Vec<String> {
    let row = |(&(key, person, norm), &paid): (&VersionKey, &u8)| {
        let normativa = ["DL109-2018-ART44", "DL48-2023-ART30"][usize::from(norm)];
        let cf = ["00743110157", "RCCMNL83S18D969H"][usize::from(person)];
        format!(
            "{normativa},CIGS,333-145,{key},2023-12-22,2023-10-01,2023-12-31,{cf},7012345662,1.00,900.00,{paid}.00"
        )
    };
    model.iter().map(row).collect()
}

fn caps(model: &BTreeMap<u8, u8>) -> Vec<String> {
    let row = |(year, cap): (&u8, &u8)| {
        format!("DL48-2023-ART30,CIGS,{},{cap}.00", 2020 + u16::from(*year))
    };
    model.iter().map(row).collect()
}

/// An extract; another number of an earlier one to load again; whether the latest is withdrawn first.
type VersionStep = (
    VersionModel,
    BTreeMap<u8, u8>,
    Option<prop::sample::Index>,
    bool,
);

fn steps() -> impl Strategy<Value = Vec<VersionStep>> {
    let detail = prop::collection::btree_map((0..4_u8, 0..2_u8, 0..2_u8), 0..3_u8, 1..10);
    let caps = prop::collection::btree_map(0..4_u8, 0..3_u8, 0..4);
    prop::collection::vec(
        (
            detail,
            caps,
            prop::option::weighted(0.2, any::<prop::sample::Index>()),
            prop::bool::weighted(0.3),
        ),
        1..7,
    )
}

#[test]
fn every_rilevazione_is_its_extract() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = ProptestConfig {
        cases: worlds::cases(24),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    TestRunner::new(config)
        .run(&steps(), |steps| {
            runtime.block_on(replay(steps));
            Ok(())
        })
        .unwrap();
}

/// What was loaded, and whether it was withdrawn since.
struct LoadedVersion {
    detail: VersionModel,
    stanziamenti: u64,
    estratto: ExtractFiles,
    withdrawn: bool,
}

fn extract(detail: &VersionModel, years: &BTreeMap<u8, u8>, day: usize) -> ExtractFiles {
    let text = |header: &str, rows: Vec<String>| {
        file(header, &rows.iter().map(String::as_str).collect::<Vec<_>>())
    };
    ExtractFiles::new(text(DECRETI, rows(detail)), text(STANZIAMENTI, caps(years)))
        .dated(&format!("2024-01-{day:02}"))
}

async fn replay(steps: Vec<VersionStep>) {
    let db = test_bench::database().await;
    let mut loaded: Vec<LoadedVersion> = Vec::new();
    for (detail, years, again, withdraw) in steps {
        let latest = loaded.iter().rposition(|l| !l.withdrawn);
        if let Some(at) = latest.filter(|_| withdraw) {
            let left = loaded[..at].iter().rposition(|l| !l.withdrawn);
            let then = take_away(&db, at as i32 + 1).await.unwrap();
            assert_eq!(then, left.map(|at| at as i32 + 1));
            loaded[at].withdrawn = true;
        }
        if let Some(index) = again.filter(|_| !loaded.is_empty()) {
            let at = index.index(loaded.len());
            if !loaded[at].withdrawn {
                assert_eq!(
                    loaded[at].estratto.must_be_known(&db.owner).await,
                    at as i32 + 1
                );
                continue;
            }
        }
        let latest = loaded.iter().rposition(|l| !l.withdrawn);
        // The first day that the latest leaves: of one that is withdrawn it may be the same.
        let day = latest.map_or(1, |at| {
            loaded[at].estratto.fonti.data_riferimento.day() as usize + 1
        });
        let estratto = extract(&detail, &years, day);
        let riepilogo = estratto.must_load(&db.owner).await;

        let none = VersionModel::new();
        let before = latest.map_or(&none, |at| &loaded[at].detail);
        let count = |f: &dyn Fn(&VersionKey) -> bool, of: &VersionModel| {
            of.keys().filter(|key| f(key)).count() as u64
        };
        let expected = LoadSummary {
            rilevazione: loaded.len() as i32 + 1,
            rows: detail.len() as u64,
            added: count(&|key| !before.contains_key(key), &detail),
            changed: count(
                &|key| before.get(key).is_some_and(|b| b != &detail[key]),
                &detail,
            ),
            ended: count(&|key| !detail.contains_key(key), before),
            stanziamenti: years.len() as u64,
            warnings: 0,
        };
        assert_eq!(riepilogo, expected);
        loaded.push(LoadedVersion {
            stanziamenti: years.len() as u64,
            detail,
            estratto,
            withdrawn: false,
        });
        for (n, l) in (1..).zip(&loaded) {
            assert_eq!(
                visible(&db.owner, n).await,
                lines(&l.estratto.fonti.decreti)
            );
            let caps = visible_stanziamenti(&db.owner, n).await;
            assert_eq!(caps.len() as u64, l.stanziamenti);
            assert_eq!(caps, lines(&l.estratto.fonti.stanziamenti));
        }
    }
    let n = loaded.len() as i32;
    assert_eq!(derived_otherwise(&db.owner, n).await, [""; 0]);
    let wrong = derived::verify(&db.owner, &all_derived(), |_, _, _| ())
        .await
        .unwrap();
    assert_eq!(wrong, []);
}

/// Sums by day of these rilevazioni that are not what their rows add up to.
async fn derived_otherwise(pool: &PgPool, n: i32) -> Vec<String> {
    sqlx::query_scalar(
        "with righe as (
             select n, normativa, prestazione, giorno,
                    coalesce(sum(importi_erogati) filter (where primo), 0) as inizia,
                    coalesce(sum(importi_erogati) filter (where not primo), 0) as finisce
             from generate_series(1, $1) n
             join dettaglio_decreto on n between dal_rilevazione and al_rilevazione
             cross join lateral (values (validita_dal, true), (validita_al, false)) g (giorno, primo)
             group by 1, 2, 3, 4),
         somme as (
             select n, normativa, prestazione, giorno, iniziano_erogati as inizia, finiscono_erogati as finisce
             from generate_series(1, $1) n
             join somma_giorno on n between dal_rilevazione and al_rilevazione)
         select a::text from (
             (select * from righe except select * from somme)
             union all
             (select * from somme except select * from righe)) a",
    )
    .bind(n)
    .fetch_all(pool)
    .await
    .unwrap()
}
