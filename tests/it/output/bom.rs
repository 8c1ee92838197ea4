//! Editors of Windows put a byte order mark before a text: it is no part of it.

use std::{fs, path::Path};

use omnia::abilitazione::PolicySource;

use super::{omnia, run};

const MARK: &str = "\u{feff}";

fn written(dir: &Path, name: &str, text: &str) {
    fs::write(dir.join(name), format!("{MARK}{text}")).unwrap();
}

#[test]
fn a_policy_is_the_same_with_and_without_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_str().unwrap();
    let PolicySource { model, policy } = PolicySource::embedded();
    written(dir.path(), "policy.csv", &policy);
    written(dir.path(), "model.conf", &model);
    let (code, out, err) = run(&mut omnia(&["policy", "check", path]));
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let version = PolicySource::embedded().version();
    assert!(out.starts_with(&format!("policy {version}: good")), "{out}");

    let proposed = dir.path().join("policy.csv");
    let proposed = proposed.to_str().unwrap();
    let (code, out, err) = run(&mut omnia(&["policy", "diff", proposed]));
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(
        out.ends_with("no profile gains or loses anything\n"),
        "{out}"
    );
}

#[test]
fn so_are_settings() {
    let dir = tempfile::tempdir().unwrap();
    written(dir.path(), "omnia.toml", "[server]\nlisten = \"bad\"\n");
    let path = dir.path().join("omnia.toml");
    let (code, _, err) = run(&mut omnia(&[
        "--config",
        path.to_str().unwrap(),
        "policy",
        "check",
    ]));
    assert_eq!(code, Some(1));
    assert!(err.contains("server.listen"), "{err}");
    written(
        dir.path(),
        "omnia.toml",
        "[server]\nlisten = \"127.0.0.1:0\"\n",
    );
    let (code, _, err) = run(&mut omnia(&[
        "--config",
        path.to_str().unwrap(),
        "policy",
        "check",
    ]));
    assert_eq!((code, err.as_str()), (Some(0), ""));
}

/// The other files that an operator writes: a key, a set of keys, a token.
#[test]
fn so_are_keys_and_tokens() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    written(root, "key", &"07".repeat(32));
    let key = root.join("key");
    let (code, out, err) =
        run(omnia(&["audit", "cf", "RSSMRA85T10A562S"]).env("OMNIA_AUDIT__KEY_FILE", &key));
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.starts_with("hmac-sha256:"), "{out}");

    omnia::demo::demo_key::create_or_load(root).unwrap();
    let jwks = omnia::demo::demo_key::jwks_path(root);
    let text = fs::read_to_string(&jwks).unwrap();
    fs::write(&jwks, format!("{MARK}{text}")).unwrap();
    written(root, "token", "eyJhbGciOiJub25lIn0.e30.");
    let token = format!("@{}", root.join("token").display());
    let (code, out, err) =
        run(omnia(&["voucher", "check", &token]).env("OMNIA_ACCESS__JWKS", &jwks));
    // The token is none; the keys were read.
    assert!(code == Some(1) && err.contains("keys are known"), "{err}");
    assert!(!out.contains(MARK) && !out.contains("feff"), "{out}");
    assert!(
        out.contains("pass  token: form") || out.contains("alg"),
        "{out}"
    );
}
