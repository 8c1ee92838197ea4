use std::collections::{BTreeMap, HashMap};

use aws_lc_rs::digest::{SHA256, digest};

use super::{calendar::month_of_extract, *};
use crate::valori::{Month, parse_date};

fn decreti(righe: u64, seme: u64, rilevazione: u32) -> String {
    let folder = tempfile::tempdir().unwrap();
    let opzioni = SampleOptions {
        rows: righe,
        seed: seme,
        rilevazione,
    };
    let sources = generate_sample(opzioni, folder.path(), |_| {}).unwrap();
    fs::read_to_string(sources.decreti).unwrap()
}

/// What the tests look at in a row.
#[derive(Debug, PartialEq, Eq)]
struct SeenRow {
    norm: String,
    dated: Month,
    /// Last day of validity, hours, authorised, whether the code is a person's.
    fixed: [String; 4],
    autorizzati: u64,
    erogati: u64,
}

/// By natural key.
fn rows(text: &str) -> HashMap<String, SeenRow> {
    let mut rows = HashMap::new();
    for line in text.lines().skip(1) {
        let f: Vec<&str> = line.split(',').collect();
        let key = [f[0], f[1], f[2], f[3], f[4], f[7], f[8], f[5]].join(" ");
        let row = SeenRow {
            norm: f[0].to_owned(),
            dated: Month::of(parse_date(f[4]).unwrap()),
            fixed: [f[6], f[9], f[10], f[12]].map(str::to_owned),
            autorizzati: cents(f[10]),
            erogati: cents(f[11]),
        };
        assert_eq!(rows.insert(key, row), None, "{line}");
    }
    rows
}

fn cents(text: &str) -> u64 {
    text.replace('.', "").parse().unwrap()
}

#[test]
fn the_same_seed_gives_the_same_bytes_for_ever() {
    let hex = |text: String| -> String {
        let digest = digest(&SHA256, text.as_bytes());
        digest.as_ref().iter().map(|b| format!("{b:02x}")).collect()
    };
    expect_test::expect!["eaa823db18b6f140886e13bfe35960b48826a391717b8d2ca9b2b8a14398741d"]
        .assert_eq(&hex(decreti(5_000, 1, 1)));
    expect_test::expect!["7e2f37ec227ca9ba059ca687c1ba3df29cccecd288acc848529558b0c2f7ad01"]
        .assert_eq(&hex(decreti(5_000, 1, 3)));
    assert_ne!(decreti(100, 1, 1), decreti(100, 2, 1));
}

#[test]
fn as_many_rows_as_asked_and_no_key_twice() {
    for righe in [1, 2, 50, 999, 20_000] {
        assert_eq!(rows(&decreti(righe, 7, 1)).len() as u64, righe);
    }
}

#[test]
fn each_extract_adds_changes_and_drops() {
    let mut before = rows(&decreti(10_000, 3, 1));
    for k in 2..14 {
        let now = rows(&decreti(10_000, 3, k));
        let month = month_of_extract(k);
        assert!(now.values().all(|row| row.dated <= month), "{k}");
        // What is new was decreed in the month.
        let new = now.iter().filter(|(key, _)| !before.contains_key(*key));
        let new: Vec<_> = new.map(|(_, row)| row).collect();
        assert!(new.iter().all(|row| row.dated == month), "{k}");
        assert!((100..350).contains(&new.len()), "{k}: {}", new.len());
        // What is gone had never been paid.
        let gone = before.iter().filter(|(key, _)| !now.contains_key(*key));
        let gone: Vec<_> = gone.map(|(_, row)| row).collect();
        assert!(gone.iter().all(|row| row.erogati == 0), "{k}");
        assert!((20..100).contains(&gone.len()), "{k}: {}", gone.len());
        // Of what stays only the payments grow.
        let mut changed = 0;
        for (key, row) in &now {
            let Some(old) = before.get(key) else { continue };
            assert_eq!(row.fixed, old.fixed, "{key}");
            assert!(row.erogati >= old.erogati, "{key}");
            changed += u32::from(row.erogati > old.erogati);
        }
        assert!((200..1_000).contains(&changed), "{k}: {changed}");
        before = now;
    }
}

#[test]
fn what_is_paid_grows_with_the_age_of_the_decrees() {
    let mut by_age: BTreeMap<i32, (u64, u64)> = BTreeMap::new();
    for k in 1..=12 {
        for row in rows(&decreti(5_000, 1, k)).values() {
            let age = month_of_extract(k).since(row.dated);
            let sums = by_age.entry(age).or_default();
            sums.0 += row.autorizzati;
            sums.1 += row.erogati;
        }
    }
    let paid: Vec<String> = [0, 1, 2, 3, 6, 9, 12, 24]
        .iter()
        .map(|age| {
            let (autorizzati, erogati) = by_age[age];
            format!("{age}: {} %\n", erogati * 100 / autorizzati)
        })
        .collect();
    expect_test::expect![[r#"
        0: 1 %
        1: 8 %
        2: 17 %
        3: 30 %
        6: 59 %
        9: 79 %
        12: 89 %
        24: 90 %
    "#]]
    .assert_eq(&paid.concat());
}

#[test]
fn the_caps_are_used_up_alike_whatever_the_size() {
    let mut caps: BTreeMap<&str, u64> = BTreeMap::new();
    for (norm, _, cents) in STANZIAMENTI.lines().filter_map(tables::cap) {
        *caps.entry(norm).or_default() += cents;
    }
    // Of the first extract: later ones have lost rows, and not the same.
    let print = |righe| {
        let mut used: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        for row in rows(&decreti(righe, 1, 1)).into_values() {
            let sums = used.entry(row.norm).or_default();
            sums.0 += row.autorizzati;
            sums.1 += row.erogati;
        }
        for (norm, (autorizzati, erogati)) in &used {
            assert!(
                *erogati > autorizzati / 4 && *erogati < *autorizzati,
                "{norm}"
            );
        }
        let used = used.iter();
        let lines = used.map(|(norm, (autorizzati, _))| match caps.get(norm.as_str()) {
            // To the nearest hundredth, so that the cents that rounding loses do not show.
            Some(cap) => format!("{norm} {} %\n", (autorizzati * 1_000 / cap + 5) / 10),
            None => format!("{norm} no cap\n"),
        });
        lines.collect::<String>()
    };
    let small = print(1_000);
    expect_test::expect![[r#"
        DL109-2018-ART44 57 %
        DL243-2016-ART1BIS 91 %
        DL48-2023-ART30 105 %
        DL75-2023-ART42 24 %
        DLGS148-2015-ART22BIS 39 %
        DLGS148-2015-ART22TER no cap
        DLGS148-2015-ART44C11BIS 55 %
        DLGS148-2015-ART44C11TER 71 %
        DLGS148-2015-ART44C7 65 %
        DLGS72-2018-ART1 20 %
    "#]]
    .assert_eq(&small);
    assert_eq!(small, print(60_000));
}
