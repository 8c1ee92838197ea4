//! Random worlds for the model: extracts that follow each other, and filters to ask with.

use std::collections::BTreeSet;

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

use crate::model::{
    CF, CODIFICHE, Day, MATRICOLE, ModelCriterio, ModelExtract, ModelFilter, ModelRow,
    ModelStanziamento, NORMATIVE, NUMERI, PRESTAZIONI, PROVISIONAL,
};

/// How many cases a property is tried with: `few`, or so many times as many as `MORE_CASES` says (`make test-long`).
pub fn cases(few: u32) -> u32 {
    let more = std::env::var("MORE_CASES").map(|times| times.parse::<u32>().unwrap());
    few * more.unwrap_or(1)
}

/// Tries a property with `few` worlds ([`cases`]): `check` panics on one that does not have it.
pub fn each<W, F>(few: u32, worlds: &impl Strategy<Value = W>, check: impl Fn(W) -> F)
where
    W: std::fmt::Debug,
    F: Future<Output = ()>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let config = Config {
        cases: cases(few),
        max_shrink_iters: 20,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(worlds, |world| {
            runtime.block_on(check(world));
            Ok(())
        })
        .unwrap();
}

/// Small alphabets, so that keys, decrees and days collide often.
pub fn row() -> impl Strategy<Value = ModelRow> {
    let codes = (
        prop::sample::select(&NORMATIVE[..]),
        prop::sample::select(&PRESTAZIONI[..]),
        prop::sample::select(&CODIFICHE[..]),
        prop::sample::select(&NUMERI[..]),
        prop::sample::select(&[CF[0], CF[1], CF[2], PROVISIONAL[0]][..]),
        prop::sample::select(&MATRICOLE[..]),
    );
    let amount = prop_oneof![Just(0_u64), 0_u64..10_000_000, 0_u64..9_999_999_999_999_999];
    (
        codes,
        0..30_u32,
        0..1200_u32,
        0..400_u32,
        0..100_000_u64,
        amount.clone(),
        amount,
    )
        .prop_map(
            |(
                (normativa, prestazione, codifica, numero, cf, matricola),
                data,
                dal,
                length,
                ore,
                autorizzati,
                erogati,
            )| ModelRow {
                normativa,
                prestazione,
                codifica,
                numero,
                data,
                dal,
                al: dal + length,
                cf,
                matricola,
                ore,
                autorizzati,
                erogati,
            },
        )
}

fn stanziamento() -> impl Strategy<Value = ModelStanziamento> {
    let norms = prop::sample::select(&NORMATIVE[..2]);
    let importo = prop_oneof![Just(0_u64), 0_u64..100_000_000_000];
    (
        norms,
        prop::sample::select(&PRESTAZIONI[..]),
        2021..2027_u32,
        importo,
        prop::sample::select(&["", "LIMITE", "PREVISIONE"][..]),
    )
        .prop_map(
            |(normativa, prestazione, anno, importo, tipo)| ModelStanziamento {
                normativa,
                prestazione,
                anno,
                importo,
                tipo,
            },
        )
}

/// The natural key.
fn row_key(r: &ModelRow) -> ([&'static str; 6], [Day; 2]) {
    let codes = [
        r.normativa,
        r.prestazione,
        r.codifica,
        r.numero,
        r.cf,
        r.matricola,
    ];
    (codes, [r.data, r.dal])
}

/// At least one row (an empty extract is refused), with distinct natural keys. The third norm never has an appropriation.
pub fn extract(righe: usize) -> impl Strategy<Value = ModelExtract> {
    (
        prop::collection::vec(row(), 1..righe),
        prop::collection::vec(stanziamento(), 1..10),
    )
        .prop_map(|(righe, stanziamenti)| {
            let mut keys = BTreeSet::new();
            let righe = righe
                .into_iter()
                .filter(|r| keys.insert(row_key(r)))
                .collect();
            let mut keys = BTreeSet::new();
            let stanziamenti = stanziamenti
                .into_iter()
                .filter(|s| keys.insert((s.normativa, s.prestazione, s.anno)))
                .collect();
            ModelExtract {
                rows: righe,
                stanziamenti,
            }
        })
}

/// The next extract of the same world: some rows dropped, some changed, some new.
pub fn following(before: ModelExtract, righe: usize) -> impl Strategy<Value = ModelExtract> {
    let len = before.rows.len();
    (
        extract(righe),
        prop::collection::vec(0..4_u8, len),
        0..10_000_u64,
    )
        .prop_map(move |(fresh, fate, more)| {
            let mut righe: Vec<ModelRow> = before
                .rows
                .iter()
                .zip(&fate)
                .filter(|(_, fate)| **fate != 0)
                .map(|(r, fate)| match fate {
                    1 => ModelRow {
                        erogati: r.erogati + more,
                        ..r.clone()
                    },
                    _ => r.clone(),
                })
                .collect();
            let mut keys: BTreeSet<_> = righe.iter().map(row_key).collect();
            righe.extend(fresh.rows.into_iter().filter(|r| keys.insert(row_key(r))));
            ModelExtract {
                rows: righe,
                stanziamenti: fresh.stanziamenti,
            }
        })
}

fn periodo() -> impl Strategy<Value = Option<(Option<Day>, Option<Day>, ModelCriterio)>> {
    let criterio = prop::sample::select(vec![
        ModelCriterio::Sovrapposizione,
        ModelCriterio::InizioValidita,
    ]);
    let ends = (prop::option::of(0..1600_u32), prop::option::of(0..500_u32));
    prop::option::of((ends, criterio).prop_map(|((dal, length), criterio)| {
        let al = length.map(|l| dal.unwrap_or(0) + l);
        (dal, al, criterio)
    }))
}

/// Filters of the report.
pub fn filtro_report() -> impl Strategy<Value = ModelFilter> {
    (
        prop::collection::btree_set(prop::sample::select(&NORMATIVE[..]), 0..3),
        prop::collection::btree_set(prop::sample::select(&PRESTAZIONI[..]), 0..2),
        periodo(),
    )
        .prop_map(|(normative, prestazioni, periodo)| ModelFilter {
            normative,
            prestazioni,
            periodo,
            ..Default::default()
        })
}

/// Filters of the detail: one norm, the five filters in any combination.
pub fn filtro_decreti() -> impl Strategy<Value = ModelFilter> {
    (
        prop::sample::select(&NORMATIVE[..]),
        prop::option::weighted(0.3, prop::sample::select(&CODIFICHE[..])),
        prop::option::weighted(0.3, prop::sample::select(&NUMERI[..])),
        prop::option::weighted(
            0.3,
            prop::sample::select(&[CF[0], CF[1], PROVISIONAL[0]][..]),
        ),
        prop::option::weighted(0.3, prop::sample::select(&MATRICOLE[..])),
        periodo(),
    )
        .prop_map(
            |(normativa, codifica, numero, cf, matricola, periodo)| ModelFilter {
                normative: BTreeSet::from([normativa]),
                codifica,
                numero,
                cf,
                matricola,
                periodo,
                ..Default::default()
            },
        )
}
