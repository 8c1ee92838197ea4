//! Text from outside reaches neither a spreadsheet nor a terminal as it came.

use std::fs;

use super::{omnia, run, with_database};
use crate::{
    rilevazione::{DECRETI, STANZIAMENTI},
    test_bench,
};

/// What a terminal obeys, and what shows a line in another order than it has.
const ATTACK: &str = "\u{1b}[2Jowned\u{7}\u{9b}31m\u{202e}txt\u{2028}fine\u{feff}";

fn is_harmless(text: &str) -> bool {
    let allowed = |c: char| matches!(c, '\n' | '\t');
    !text.contains(|c: char| {
        (c.is_control() && !allowed(c))
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' | '\u{200b}' | '\u{feff}')
    })
}

#[tokio::test]
async fn a_list_of_rejects_holds_no_formula() {
    let db = test_bench::database().await;
    let dir = tempfile::tempdir().unwrap();
    let decreti = dir.path().join("decreti.csv");
    let stanziamenti = dir.path().join("stanziamenti.csv");
    let rifiuti = dir.path().join("rifiuti.csv");
    let formulas = [
        "=HYPERLINK(\"http://x\",\"y\")",
        "+1",
        "-1",
        "@SUM(A1)",
        "＝1+1",
        "－1",
        "\u{200b}=1",
        "\t=1",
    ];
    let mut text = format!("{DECRETI}\n");
    for formula in formulas {
        let quoted = formula.replace('"', "\"\"");
        text.push_str(&format!(
            "DL48-2023-ART30,CIGS,333-145,1/2023,2023-12-22,2024-01-01,2024-12-31,\"{quoted}\",7012345662,1.00,1.00,1.00\n"
        ));
    }
    fs::write(&decreti, text).unwrap();
    fs::write(&stanziamenti, format!("{STANZIAMENTI}\n")).unwrap();
    let (code, _, err) = run(&mut with_database(
        &db,
        &[
            "load",
            "--data-riferimento",
            "2024-01-31",
            "--decreti",
            decreti.to_str().unwrap(),
            "--stanziamenti",
            stanziamenti.to_str().unwrap(),
            "--rifiuti",
            rifiuti.to_str().unwrap(),
        ],
    ));
    assert_eq!(code, Some(1), "{err}");
    let list = fs::read_to_string(&rifiuti).unwrap();
    // Without it a spreadsheet takes à for Ã.
    let list = list.strip_prefix('\u{feff}').expect("a byte order mark");
    let mut reader = csv::Reader::from_reader(list.as_bytes());
    let cells: Vec<String> = reader
        .records()
        .map(Result::unwrap)
        .filter(|record| &record[3] == "cf_azienda")
        .map(|record| record[4].to_owned())
        .collect();
    assert_eq!(cells.len(), formulas.len(), "{list}");
    for (cell, formula) in cells.iter().zip(formulas) {
        assert!(cell.starts_with('\''), "{formula:?} went out as {cell:?}");
    }
    assert!(is_harmless(list), "{list:?}");
}

#[tokio::test]
async fn a_header_does_not_drive_the_terminal() {
    let db = test_bench::database().await;
    let dir = tempfile::tempdir().unwrap();
    let decreti = dir.path().join("decreti.csv");
    let stanziamenti = dir.path().join("stanziamenti.csv");
    fs::write(
        &decreti,
        format!("{DECRETI},\"{ATTACK}\r\nomnia: loaded\"\n"),
    )
    .unwrap();
    fs::write(&stanziamenti, format!("{STANZIAMENTI}\n")).unwrap();
    let (code, out, err) = run(&mut with_database(
        &db,
        &[
            "load",
            "--data-riferimento",
            "2024-01-31",
            "--decreti",
            decreti.to_str().unwrap(),
            "--stanziamenti",
            stanziamenti.to_str().unwrap(),
        ],
    ));
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(is_harmless(&err), "{err:?}");
    assert!(err.contains("owned"), "{err}");
    // A line end in it makes no line of ours.
    assert!(!err.contains("\nomnia: loaded"), "{err}");
}

#[test]
fn nor_does_a_policy_a_token_or_a_command_line() {
    let dir = tempfile::tempdir().unwrap();
    let policy = omnia::abilitazione::PolicySource::embedded().policy;
    fs::write(
        dir.path().join("policy.csv"),
        format!("{policy}\np, {ATTACK}, {ATTACK}, {ATTACK}, {ATTACK}, {ATTACK}\n{ATTACK}, a\n"),
    )
    .unwrap();
    let (code, out, err) = run(&mut omnia(&[
        "policy",
        "check",
        dir.path().to_str().unwrap(),
    ]));
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(is_harmless(&err) && err.contains("owned"), "{err:?}");

    let nonsense = format!("--{ATTACK}");
    for arguments in [
        &[nonsense.as_str()][..],
        &["policy", "check", ATTACK],
        &["policy", "explain", "--profilo", ATTACK, "--rpc", ATTACK],
        &["audit", "cf", ATTACK],
        &["--config", ATTACK, "policy", "check"],
    ] {
        let (code, out, err) = run(&mut omnia(arguments));
        assert_ne!(code, Some(0));
        assert!(
            is_harmless(&out) && is_harmless(&err),
            "{arguments:?}: {out:?} {err:?}"
        );
    }
}

/// A grant of before names were checked, in a listing.
#[tokio::test]
async fn nor_does_what_the_database_holds() {
    let db = test_bench::database().await;
    sqlx::query(
        "with richiesta as (
             insert into abilitazione (soggetto, ente, applicazione, profilo, normative, prestazioni, valida_dal,
                                       valida_al, protocollo_pec, impronta_modulo)
             values ($1, 'MEF', 'x', 'mef-rgs', '{*}', '{*}', '2026-01-01', '2099-12-31', 'x', sha256('x'))
             returning id)
         insert into abilitazione_evento (abilitazione, versione, azione, a_stato, istante, operatore, motivo,
                                          operatore_chiave)
         select id, 1, 'RICHIESTA', 'RICHIESTA', now(), $1, $1, 'anna' from richiesta",
    )
    .bind(format!("x{ATTACK}\nomnia: fine"))
    .execute(&db.owner)
    .await
    .unwrap();
    for arguments in [&["grant", "list"][..], &["grant", "show", "1"]] {
        let (code, out, err) = run(&mut with_database(&db, arguments));
        assert_eq!(code, Some(0), "{err}");
        assert!(is_harmless(&out) && out.contains("owned"), "{out:?}");
        assert!(!out.contains("\nomnia: fine"), "{out}");
    }
}
