use expect_test::{Expect, expect};

use super::*;
use crate::valori::Month;

fn step(month: &str, known: i128, expected: i128, cap: Option<i128>) -> CurveStep {
    CurveStep {
        month: Month::parse(month).unwrap(),
        known,
        expected,
        cap,
    }
}

/// By month, from January on: known and expected.
fn year(amounts: &[(i128, i128)], cap: Option<i128>) -> Vec<CurveStep> {
    let january = Month::january(2026);
    let steps = (0..).zip(amounts).map(|(n, (known, expected))| CurveStep {
        month: january.plus(n),
        known: *known,
        expected: *expected,
        cap,
    });
    steps.collect()
}

fn drawn(steps: Vec<CurveStep>, passo: Passo, expected: &Expect) {
    let curve = Curve {
        title: "Importi autorizzati cumulati".into(),
        passo,
        steps,
    };
    let text = curve.to_string();
    for line in text.lines() {
        assert!(line.chars().count() <= WIDTH, "{line}");
        assert_eq!(line, line.trim_end());
    }
    expected.assert_eq(&format!("{text}\n"));
}

#[test]
fn known_then_expected_against_the_cap() {
    let amounts: Vec<_> = (1..=12)
        .map(|n: i128| (n.min(8) * 10_000, n * 10_000))
        .collect();
    drawn(
        year(&amounts, Some(100_000)),
        Passo::Mese,
        &expect![[r#"
            Importi autorizzati cumulati
              1.200,00 ┤                                                       ::::
                       │                                                  :::: ::::
              1.000,00 ┤═════════════════════════════════════════════╪╪╪╪═╪╪╪╪═╪╪╪╪═
                       │                                        :::: :::: :::: ::::
                       │                                   #### #### #### #### ####
                       │                              #### #### #### #### #### ####
                       │                         #### #### #### #### #### #### ####
                       │                    #### #### #### #### #### #### #### ####
                       │               #### #### #### #### #### #### #### #### ####
                       │          #### #### #### #### #### #### #### #### #### ####
                       │     #### #### #### #### #### #### #### #### #### #### ####
                       │#### #### #### #### #### #### #### #### #### #### #### ####
                     0 └────────────────────────────────────────────────────────────
                        gen  feb  mar  apr  mag  giu  lug  ago  set  ott  nov  dic
                        2026
            #### contabilizzato   :::: atteso   ════ stanziamento 1.000,00
        "#]],
    );
}

/// A cent less than the cap is below it, however it is rounded.
#[test]
fn what_has_not_reached_the_cap_ends_below_it() {
    let amounts = [(99_999, 99_999), (99_999, 100_000), (100_000, 100_001)];
    drawn(
        year(&amounts, Some(100_000)),
        Passo::Mese,
        &expect![[r#"
            Importi autorizzati cumulati
              1.000,00 ┤═════╪╪╪╪═╪╪╪╪═
                       │#### #### ####
                       │#### #### ####
                       │#### #### ####
                       │#### #### ####
                       │#### #### ####
                       │#### #### ####
                       │#### #### ####
                       │#### #### ####
                       │#### #### ####
                       │#### #### ####
                       │#### #### ####
                     0 └───────────────
                        gen  feb  mar
                        2026
            #### contabilizzato   :::: atteso   ════ stanziamento 1.000,00
        "#]],
    );
}

#[test]
fn amounts_far_over_the_cap() {
    let amounts = [(50, 50), (100, 100), (100_000_000_000, 100_000_000_000)];
    drawn(
        year(&amounts, Some(100)),
        Passo::Mese,
        &expect![[r#"
            Importi autorizzati cumulati
              1,00 mld ┤          ####
                       │          ####
                       │          ####
                       │          ####
                       │          ####
                       │          ####
                       │          ####
                       │          ####
                       │          ####
                       │          ####
                  1,00 ┤═════╪╪╪╪═╪╪╪╪═
                       │#### #### ####
                     0 └───────────────
                        gen  feb  mar
                        2026
            #### contabilizzato   ════ stanziamento 1,00
        "#]],
    );
}

#[test]
fn a_cap_of_zero_lies_on_the_axis() {
    drawn(
        year(&[(0, 0), (1, 200)], Some(0)),
        Passo::Mese,
        &expect![[r#"
            Importi autorizzati cumulati
                  2,00 ┤     ::::
                       │     ::::
                       │     ::::
                       │     ::::
                       │     ::::
                       │     ::::
                       │     ::::
                       │     ::::
                       │     ::::
                       │     ::::
                       │     ::::
                       │     ####
                     0 └══════════
                        gen  feb
                        2026
            #### contabilizzato   :::: atteso   ════ stanziamento 0,00
        "#]],
    );
}

#[test]
fn no_cap() {
    drawn(
        year(&[(100, 100), (300, 300)], None),
        Passo::Mese,
        &expect![[r#"
            Importi autorizzati cumulati
                  3,00 ┤     ####
                       │     ####
                       │     ####
                       │     ####
                       │     ####
                       │     ####
                       │     ####
                       │     ####
                       │#### ####
                       │#### ####
                       │#### ####
                       │#### ####
                     0 └──────────
                        gen  feb
                        2026
            #### contabilizzato   senza stanziamento
        "#]],
    );
}

#[test]
fn all_zero() {
    drawn(
        year(&[(0, 0); 12], Some(0)),
        Passo::Mese,
        &expect![[r#"
            Importi autorizzati cumulati
                     0 └════════════════════════════════════════════════════════════
                        gen  feb  mar  apr  mag  giu  lug  ago  set  ott  nov  dic
                        2026
            #### contabilizzato   ════ stanziamento 0,00   (tutti gli importi sono zero)
        "#]],
    );
    drawn(
        year(&[(0, 0); 2], None),
        Passo::Mese,
        &expect![[r#"
            Importi autorizzati cumulati
                     0 └──────────
                        gen  feb
                        2026
            #### contabilizzato   senza stanziamento   (tutti gli importi sono zero)
        "#]],
    );
    drawn(
        year(&[(0, 0); 2], Some(105_000)),
        Passo::Mese,
        &expect![[r#"
            Importi autorizzati cumulati
              1.050,00 ┤══════════
                       │
                       │
                       │
                       │
                       │
                       │
                       │
                       │
                       │
                       │
                       │
                     0 └──────────
                        gen  feb
                        2026
            #### contabilizzato   ════ stanziamento 1.050,00   (tutti gli importi sono zero)
        "#]],
    );
}

#[test]
fn one_month() {
    let steps = vec![step(
        "2026-07",
        30_000_000_000,
        30_000_000_000,
        Some(45_000_000_000),
    )];
    drawn(
        steps,
        Passo::Mese,
        &expect![[r#"
        Importi autorizzati cumulati
        450,00 mln ┤═════
                   │
                   │
                   │
                   │####
                   │####
                   │####
                   │####
                   │####
                   │####
                   │####
                   │####
                 0 └─────
                    lug
                    2026
        #### contabilizzato   ════ stanziamento 450.000.000,00
    "#]],
    );
}

#[test]
fn years_begin_anew_and_have_caps_of_their_own() {
    let quarter = |n: i32| {
        let month = Month::january(2024).plus(3 * n);
        let cumulated = i128::from(n % 4 + 1) * 30_000_000;
        let cap = [None, Some(100_000_000), Some(150_000_000)][n as usize / 4];
        CurveStep {
            month,
            known: cumulated,
            expected: cumulated,
            cap,
        }
    };
    drawn(
        (0..12).map(quarter).collect(),
        Passo::Trimestre,
        &expect![[r#"
            Importi autorizzati cumulati
              1,50 mln ┤                                        ════════════════════
                       │
                       │               ####                ####                ####
                       │               ####                ####                ####
              1,00 mln ┤               #### ═══════════════╪╪╪╪═               ####
                       │          #### ####           #### ####           #### ####
                       │          #### ####           #### ####           #### ####
                       │     #### #### ####      #### #### ####      #### #### ####
                       │     #### #### ####      #### #### ####      #### #### ####
                       │     #### #### ####      #### #### ####      #### #### ####
                       │#### #### #### #### #### #### #### #### #### #### #### ####
                       │#### #### #### #### #### #### #### #### #### #### #### ####
                     0 └────────────────────────────────────────────────────────────
                        T1   T2   T3   T4   T1   T2   T3   T4   T1   T2   T3   T4
                        2024                2025                2026
            #### contabilizzato   ════ stanziamento dell'anno
        "#]],
    );
    let year = |n: i32| step(&format!("{}-01", 2020 + n), 100, 100, Some(200));
    drawn(
        (0..6).map(year).collect(),
        Passo::Anno,
        &expect![[r#"
            Importi autorizzati cumulati
                  2,00 ┤══════════════════════════════
                       │
                       │
                       │
                       │
                       │
                       │#### #### #### #### #### ####
                       │#### #### #### #### #### ####
                       │#### #### #### #### #### ####
                       │#### #### #### #### #### ####
                       │#### #### #### #### #### ####
                       │#### #### #### #### #### ####
                     0 └──────────────────────────────
                        2020 2021 2022 2023 2024 2025
            #### contabilizzato   ════ stanziamento 2,00
        "#]],
    );
}

#[test]
fn the_last_years_of_many() {
    let month = |n: i32| CurveStep {
        month: Month::january(2010).plus(n),
        known: i128::from(n % 12 + 1) * 100,
        expected: i128::from(n % 12 + 1) * 100,
        cap: Some(900),
    };
    drawn(
        (0..150).map(month).collect(),
        Passo::Mese,
        &expect![[r#"
            Importi autorizzati cumulati
            (dal 2017-01; i passi precedenti sono nella tabella)
                 12,00 ┤           #           #           #           #           #
                       │          ##          ##          ##          ##          ##
                       │         ###         ###         ###         ###         ###
                  9,00 ┤════════╪╪╪╪════════╪╪╪╪════════╪╪╪╪════════╪╪╪╪════════╪╪╪╪══════
                       │       #####       #####       #####       #####       #####
                       │      ######      ######      ######      ######      ######
                       │     #######     #######     #######     #######     #######     #
                       │    ########    ########    ########    ########    ########    ##
                       │   #########   #########   #########   #########   #########   ###
                       │  ##########  ##########  ##########  ##########  ##########  ####
                       │ ########### ########### ########### ########### ########### #####
                       │##################################################################
                     0 └──────────────────────────────────────────────────────────────────
                        2017        2018        2019        2020        2021        2022
            #### contabilizzato   ════ stanziamento 9,00
        "#]],
    );
}
