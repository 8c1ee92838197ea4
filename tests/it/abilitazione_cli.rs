//! The subcommands grant, policy and token, as an operator runs them.

use std::{path::Path, process::Command};

use omnia::{
    abilitazione::{Sorgente, demo_key},
    clock::Clock,
};

use crate::banco;

/// Exit with success, standard output, standard error.
fn omnia(variables: &[(&str, &str)], arguments: &[&str]) -> (bool, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_omnia"))
        .args(arguments)
        .env_remove("DATABASE_URL")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.success(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn grants_are_registered_listed_and_revoked() {
    let db = banco::database().await;
    sqlx::raw_sql("insert into normativa values ('DL109-2018-ART44', ''), ('A', '')")
        .execute(&db.owner)
        .await
        .unwrap();
    let database = [
        ("OMNIA_DATABASE__URL", db.serving_url.as_str()),
        ("OMNIA_DATABASE__OWNER_URL", db.owner_url.as_str()),
    ];
    // Days around any day on which this test may run.
    let days = ["--dal", "2026-01-01", "--al", "2199-12-31"];
    let add = |rest: &[&str]| {
        let all = [&["grant", "add", "--ente", "MEF"], rest, &days].concat();
        omnia(&database, &all)
    };
    let one_norm = [
        "--soggetto",
        "rgs",
        "--profilo",
        "mef-rgs",
        "--normative",
        "A,DL109-2018-ART44",
    ];
    let (ok, out, err) = add(&[
        &one_norm[..],
        &["--tutte-le-prestazioni", "--operatore", "anna"],
    ]
    .concat());
    assert!(ok, "{err}");
    assert_eq!(out, "grant 1 registered\n");

    let (ok, out, err) = omnia(&database, &["grant", "list"]);
    assert!(ok, "{err}");
    let rows: Vec<Vec<&str>> = out
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        rows[1],
        [
            "1",
            "rgs",
            "MEF",
            "mef-rgs",
            "A,DL109-2018-ART44",
            "tutte",
            "2026-01-01",
            "2199-12-31",
            "valida",
            "anna"
        ]
    );

    let everything = ["--tutte-le-normative", "--tutte-le-prestazioni"];
    for (rest, why) in [
        (
            &["--soggetto", "rgs", "--profilo", "mef-rgs"][..],
            "the subject has grant 1",
        ),
        (
            &["--soggetto", "x", "--profilo", "mef"][..],
            "no profile `mef`",
        ),
    ] {
        let (ok, out, err) = add(&[rest, &everything].concat());
        assert!(
            !ok && out.is_empty() && err.starts_with("omnia: ") && err.contains(why),
            "{err}"
        );
    }
    for (rest, why) in [
        (
            &[
                "--soggetto",
                "x",
                "--profilo",
                "mef-rgs",
                "--tutte-le-prestazioni",
            ][..],
            "--tutte-le-normative",
        ),
        (
            &[
                "--soggetto",
                "x",
                "--profilo",
                "mef-rgs",
                "--normative",
                "",
                "--tutte-le-prestazioni",
            ][..],
            "code of a norm",
        ),
        (
            &[&one_norm[..], &everything].concat()[..],
            "cannot be used with",
        ),
    ] {
        let (ok, _, err) = add(rest);
        assert!(!ok && err.contains(why), "{err}");
    }

    let (ok, out, err) = omnia(&database, &["grant", "revoke", "1", "--operatore", "bruno"]);
    assert!(ok, "{err}");
    assert_eq!(out, "grant 1 revoked\n");
    let (_, out, _) = omnia(&database, &["grant", "list"]);
    assert!(
        out.lines()
            .nth(1)
            .unwrap()
            .trim_end()
            .ends_with("revocata  bruno"),
        "{out}"
    );
    let (ok, _, err) = omnia(&database, &["grant", "revoke", "1"]);
    assert!(
        !ok && err == "omnia: grant 1 was revoked already\n",
        "{err}"
    );
}

#[test]
fn a_policy_is_checked_and_shown() {
    let (ok, out, _) = omnia(&[], &["policy", "check"]);
    let version = Sorgente::embedded().versione();
    assert!(ok);
    assert_eq!(
        out,
        format!(
            "policy {version}: good; profiles: mef-rgs, mef-sintesi, mlps-ammortizzatori, mlps-consultazione\n"
        )
    );
    let (ok, out, _) = omnia(&[], &["policy", "matrix"]);
    let golden = include_str!("../policy_matrix.txt");
    assert!(
        ok && out.lines().count() > 60 && golden.starts_with(&out),
        "{out}"
    );

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_str().unwrap();
    let bad = Sorgente::embedded().policy.replace(", allow", ", Allow");
    std::fs::write(dir.path().join("policy.csv"), bad).unwrap();
    for (variables, arguments) in [
        (vec![], vec!["policy", "check", path]),
        (
            vec![("OMNIA_ACCESS__POLICY_DIR", path)],
            vec!["policy", "matrix"],
        ),
    ] {
        let (ok, out, err) = omnia(&variables, &arguments);
        assert!(!ok && out.is_empty());
        assert!(
            err.contains("policy.csv:6:") && err.contains("not `Allow`"),
            "{err}"
        );
    }
    let (ok, _, err) = omnia(&[], &["policy", "check", "/nonexistent"]);
    assert!(!ok && err.contains("/nonexistent/policy.csv"), "{err}");
}

#[test]
fn tokens_are_signed_only_where_the_service_trusts_the_demo_key() {
    let home = tempfile::tempdir().unwrap();
    let data = [("OMNIA_DATABASE__DATA_DIR", home.path().to_str().unwrap())];
    let token = ["token", "--soggetto", "mef-rgs-be", "--ore", "2"];
    let (ok, _, err) = omnia(&data, &token);
    assert!(
        !ok && err.contains("`omnia demo` makes the demo key"),
        "{err}"
    );

    let key = demo_key::create_or_load(&home.path().join("demo")).unwrap();
    let (ok, out, err) = omnia(&data, &token);
    assert!(ok, "{err}");
    assert_eq!(out.trim_end().split('.').count(), 3, "{out}");
    // What it says is what the library says for the same subject, but for the time of signing.
    let twin = key.token(
        "https://omnia.demo.invalid",
        "omnia-is-monitoraggio",
        "mef-rgs-be",
        2,
        &Clock::system(),
    );
    assert_eq!(out.split('.').next(), twin.unwrap().split('.').next());

    let elsewhere = tempfile::tempdir().unwrap();
    demo_key::create_or_load(elsewhere.path()).unwrap();
    let jwks = demo_key::jwks_path(elsewhere.path());
    let other = [data[0], ("OMNIA_ACCESS__JWKS", jwks.to_str().unwrap())];
    let (ok, out, err) = omnia(&other, &token);
    assert!(
        !ok && out.is_empty() && err.contains("does not trust the demo key"),
        "{err}"
    );
    let missing = Path::new("/nonexistent/jwks.json");
    let (ok, _, err) = omnia(
        &[data[0], ("OMNIA_ACCESS__JWKS", missing.to_str().unwrap())],
        &token,
    );
    assert!(!ok && err.contains("/nonexistent/jwks.json"), "{err}");

    for bad in [&["--ore", "0"], &["--ore", "721"], &["--soggetto", ""]] {
        let arguments = [
            &["token"],
            &bad[..],
            &["--soggetto", "x"][..usize::from(bad[0] == "--ore") * 2],
        ]
        .concat();
        assert!(!omnia(&data, &arguments).0, "{bad:?}");
    }
}
