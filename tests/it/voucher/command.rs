//! `omnia voucher check`: what an integrator runs when a call is refused.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use omnia::clock::Clock;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    AUDIENCE, CLIENT, FINALITA, HTU, ISSUER,
    key_endpoint::{KeyEndpoint, keys},
    keys::{CLIENT_EC, CONSUMER, PDND, b64, hex, sha256},
    write_jwks,
};
use crate::telemetry::Collector;

/// Settings, keys and texts in files.
struct CheckDesk {
    dir: TempDir,
    now: i64,
}

impl CheckDesk {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        write_jwks(&path("pdnd.json"), &[PDND.with_kid("pdnd-1")]);
        write_jwks(&path("consumer.json"), &[CONSUMER.with_kid("consumer-1")]);
        let settings = format!(
            "[access]\npublic_urls = [\"https://omnia.example\"]\n\
             [[access.issuers]]\nkind = \"pdnd\"\nissuer = \"{ISSUER}\"\naudience = \"{AUDIENCE}\"\njwks = {:?}\n\
             enti = [\"MLPS\", \"MEF\"]\n\
             [access.evidence]\njwks = {:?}\nper_ente = {{ MLPS = \"02\" }}\n",
            path("pdnd.json"),
            path("consumer.json")
        );
        std::fs::write(path("omnia.toml"), settings).unwrap();
        let now = Clock::system().now().timestamp();
        Self { dir, now }
    }

    /// Writes a text; how the command is told of it.
    fn file(&self, name: &str, text: &str) -> String {
        let path = self.dir.path().join(name);
        std::fs::write(&path, format!("{text}\n")).unwrap();
        format!("@{}", path.display())
    }

    fn check(&self, stdin: &str, arguments: &[&str]) -> (Option<i32>, String) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_omnia"))
            .arg("--config")
            .arg(self.dir.path().join("omnia.toml"))
            .args(["voucher", "check"])
            .args(arguments)
            .env_remove("DATABASE_URL")
            .env("OMNIA_TELEMETRY__LOG", "error")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(stdin.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
        )
    }

    fn evidence(&self) -> String {
        CONSUMER.sign(
            &json!({"alg": "RS256", "typ": "JWT", "kid": "consumer-1"}),
            &json!({
                "iss": CLIENT, "aud": AUDIENCE, "iat": self.now, "exp": self.now + 600, "jti": "e1",
                "purposeId": FINALITA, "userID": "utente 7", "userLocation": "postazione 12", "loa": "low",
            }),
        )
    }

    fn voucher(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut claims = json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": CLIENT, "client_id": CLIENT, "purposeId": FINALITA,
            "jti": "v1", "iat": self.now, "nbf": self.now, "exp": self.now + 600,
        });
        change(&mut claims);
        PDND.sign(
            &json!({"alg": "RS256", "typ": "at+jwt", "kid": "pdnd-1"}),
            &claims,
        )
    }
}

/// The names of the checks that failed.
fn failed(out: &str) -> Vec<String> {
    let lines = out.lines().filter_map(|line| line.strip_prefix("FAIL  "));
    lines
        .map(|line| {
            line.split_whitespace()
                .take(2)
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect()
}

#[test]
fn what_is_right_passes() {
    let desk = CheckDesk::new();
    let evidence = desk.evidence();
    let voucher = desk.voucher(|claims| {
        claims["digest"] = json!({"alg": "SHA256", "value": hex(&sha256(&evidence))});
        claims["cnf"] = json!({"jkt": CLIENT_EC.jkt()});
    });
    let proof = CLIENT_EC.sign(
        &json!({"alg": "ES256", "typ": "dpop+jwt", "jwk": CLIENT_EC.jwk}),
        &json!({"htm": "POST", "htu": HTU, "iat": desk.now, "jti": "p1", "ath": b64(sha256(&voucher))}),
    );
    let token = desk.file("voucher", &format!("DPoP {voucher}"));
    let evidence = desk.file("evidence", &evidence);
    let arguments = [
        &*token,
        "--proof",
        "-",
        "--evidence",
        &evidence,
        "--rpc",
        "AccessService/GetMyAccess",
        "--ente",
        "MLPS",
    ];
    let (code, out) = desk.check(&proof, &arguments);
    assert_eq!((code, failed(&out)), (Some(0), vec![]), "{out}");
    for line in [
        "token: signature",
        "proof: htu",
        "evidence: digest",
        "ente: evidence",
        CLIENT,
        "utente 7",
    ] {
        assert!(out.contains(line), "{line}: {out}");
    }
    assert!(!out.contains(&voucher), "a token in a log is a token lost");
    // As Bearer, the same voucher is refused.
    let (code, out) = desk.check(&voucher, &["-"]);
    assert_eq!(
        (code, failed(&out)),
        (Some(1), vec!["proof: presented".to_owned()])
    );
    assert!(out.contains("ERROR_REASON_PROOF_INVALID"), "{out}");
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let desk = CheckDesk::new();
    let (now, evidence) = (desk.now, desk.evidence());
    let voucher = desk.voucher(|claims| {
        claims["aud"] = json!("https://collaudo.example/v1");
        claims["exp"] = json!(now - 60);
        claims["digest"] = json!({"alg": "SHA256", "value": "00".repeat(32)});
        claims["cnf"] = json!({"jkt": CLIENT_EC.jkt()});
    });
    let proof = CLIENT_EC.sign(
        &json!({"alg": "ES256", "typ": "dpop+jwt", "jwk": CLIENT_EC.jwk}),
        &json!({"htm": "GET", "htu": "https://localhost/x", "iat": now, "jti": "p1", "ath": "x"}),
    );
    let (proof, evidence) = (desk.file("proof", &proof), desk.file("evidence", &evidence));
    let (code, out) = desk.check(
        &voucher,
        &[
            "-",
            "--proof",
            &proof,
            "--evidence",
            &evidence,
            "--rpc",
            "DecreeService/ListDecrees",
        ],
    );
    assert_eq!(code, Some(1));
    assert_eq!(
        failed(&out),
        [
            "token: aud",
            "token: exp",
            "proof: htm",
            "proof: htu",
            "proof: ath",
            "evidence: digest"
        ],
        "{out}"
    );
    // What to mend, with both sides of it.
    for seen in [
        "https://collaudo.example/v1",
        AUDIENCE,
        "https://omnia.example/inps.omnia.monitoraggio.v1.DecreeService/ListDecrees",
        "ERROR_REASON_TOKEN_WRONG_AUDIENCE",
    ] {
        assert!(out.contains(seen), "{seen}: {out}");
    }
}

/// A source that fails is seen by who watches, not only by who calls.
#[tokio::test(flavor = "multi_thread")]
async fn how_reading_the_keys_ends_is_measured() {
    let (collector, endpoint) = Collector::start().await;
    let desk = CheckDesk::new();
    let path = desk.dir.path().join("omnia.toml");
    // A port without a listener.
    let down = "http://127.0.0.1:9/keys.json";
    // One of its two keys is of no use.
    let up = KeyEndpoint::start().await;
    up.says(200, &keys(&[PDND.with_kid("a"), json!({"kid": "b"})]));
    let mixed = up.url.clone();
    let settings = format!(
        "{}[[access.issuers]]\nkind = \"oidc\"\nissuer = \"x\"\naudience = \"x\"\njwks = \"{down}\"\nenti = [\"INPS\"]\n\
         [[access.issuers]]\nkind = \"oidc\"\nissuer = \"y\"\naudience = \"y\"\njwks = \"{mixed}\"\nenti = [\"INPS\"]\n\
         [telemetry]\notlp_endpoint = \"{endpoint}\"\n",
        std::fs::read_to_string(&path).unwrap()
    );
    std::fs::write(&path, settings).unwrap();
    let voucher = desk.voucher(|_| ());
    let pdnd = desk.dir.path().join("pdnd.json").display().to_string();
    let now = desk.now;
    let checked = tokio::task::spawn_blocking(move || desk.check(&voucher, &["-"]));
    let (code, out) = checked.await.unwrap();
    assert_eq!(code, Some(0), "{out}");
    let numbers = collector.numbers();
    let fetches = |source: &str, outcome: &str| {
        let found = numbers.iter().find(|n| {
            n.name == "omnia.keys.fetch.count"
                && n.attribute("omnia.source").as_deref() == Some(source)
                && n.attribute("omnia.outcome").as_deref() == Some(outcome)
        });
        found.map(|n| n.value)
    };
    // A file is followed: it may have been read again meanwhile.
    assert!(fetches(&pdnd, "ok").is_some_and(|times| times >= 1));
    assert_eq!(fetches(&pdnd, "failed"), None);
    assert_eq!(
        (fetches(down, "ok"), fetches(down, "failed")),
        (None, Some(1))
    );
    let read = numbers.iter().find(|n| {
        n.name == "omnia.keys.last_success" && n.attribute("omnia.source").as_ref() == Some(&pdnd)
    });
    assert!((now..now + 60).contains(&read.unwrap().value));
    let skipped = |source: &str| {
        let found = numbers.iter().find(|n| {
            n.name == "omnia.keys.skipped" && n.attribute("omnia.source").as_deref() == Some(source)
        });
        found.map(|n| n.value)
    };
    assert_eq!(
        (skipped(&pdnd), skipped(&mixed), skipped(down)),
        (Some(0), Some(1), None)
    );
}

#[test]
fn what_cannot_be_read_is_said() {
    let desk = CheckDesk::new();
    let (code, out) = desk.check("garbage", &["-"]);
    assert_eq!(
        (code, failed(&out)),
        (Some(1), vec!["token: form".to_owned()])
    );
    for arguments in [
        &["-", "--proof", "-"][..],
        &["@/nonexistent"],
        &["x", "--rpc", "DecreeService/NoSuchCall"],
        &["x", "--ente", "MISE"],
        &[],
    ] {
        let (code, out) = desk.check("", arguments);
        assert!(
            code.is_some_and(|code| code != 0) && out.is_empty(),
            "{arguments:?}: {out}"
        );
    }
}
