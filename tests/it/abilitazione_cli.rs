//! The subcommands policy and token, as an operator runs them.

use std::{path::Path, process::Command};

use omnia::{abilitazione::PolicySource, clock::Clock, demo::demo_key};

/// Exit with success, standard output, standard error.
pub(crate) fn omnia(variables: &[(&str, &str)], arguments: &[&str]) -> (bool, String, String) {
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

#[test]
fn a_policy_is_checked_and_shown() {
    let (ok, out, _) = omnia(&[], &["policy", "check"]);
    let version = PolicySource::embedded().version();
    assert!(ok);
    assert_eq!(
        out,
        format!(
            "policy {version}: good; profiles: inps-controllo, inps-gestione, mef-rgs, mef-sintesi, mlps-ammortizzatori, mlps-consultazione\n"
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
    let bad = PolicySource::embedded()
        .policy
        .replace(", allow", ", Allow");
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
