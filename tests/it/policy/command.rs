//! `omnia policy explain` and `omnia policy diff`, as an operator runs them.

use std::fs;

use omnia::abilitazione::PolicySource;

use super::shipped;
use crate::{abilitazione_cli::omnia, server::TestServer};

const LIST: &str = "DecreeService/ListDecrees";

/// The line of the shipped policy, as the program tells it.
fn policy_line(text: &str) -> String {
    let policy = PolicySource::embedded().policy;
    let line = policy.lines().position(|line| line == text).unwrap() + 1;
    format!("  policy.csv:{line}: {text}\n")
}

#[test]
fn a_profile_is_explained_without_a_database() {
    let question = ["policy", "explain", "--profilo", "mef-rgs", "--rpc", LIST];
    let (ok, out, err) = omnia(
        &[],
        &[&question[..], &["--filtri", "periodo,cf_azienda"]].concat(),
    );
    assert!(ok, "{err}");
    let call = policy_line("p, decreti, DecreeService/ListDecrees, chiamata, -, allow");
    let filter = policy_line("p, decreti, DecreeService/ListDecrees, filtro, periodo, allow");
    let bound = policy_line("g, mef-rgs, decreti");
    let other =
        policy_line("p, decreti-azienda, DecreeService/ListDecrees, filtro, cf_azienda, allow");
    let other = other.trim().split(": ").next().unwrap();
    let version = PolicySource::embedded().version();
    assert_eq!(
        out,
        format!(
            "refused: ERROR_REASON_FILTER_DENIED: the profile may not use these filters in this call\n\
             chiamata -: yes\n{call}{bound}\
             filtro periodo: yes\n{filter}{bound}\
             filtro cf_azienda: no\n  no row gives it to a role of `mef-rgs`; these have it: `decreti-azienda` ({other})\n\
             policy {version}\n"
        )
    );
    let (ok, _, err) = omnia(&[], &[&question[..], &["--filtri", "iban"]].concat());
    assert!(
        !ok && err.contains("filtri[0]: must be a filter of the call"),
        "{err}"
    );
    let (ok, _, err) = omnia(&[], &["policy", "explain", "--rpc", LIST]);
    assert!(!ok && err.contains("--profilo"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subject_is_explained_with_its_grant() {
    let service = TestServer::start().await;
    let id = service.grant_today("mef-rgs-be", "mef-rgs").await;
    let database = [("OMNIA_DATABASE__URL", service.db.serving_url.as_str())];
    let ask = |soggetto: &'static str| {
        omnia(
            &database,
            &["policy", "explain", "--soggetto", soggetto, "--rpc", LIST],
        )
    };
    let (ok, out, err) = ask("mef-rgs-be");
    assert!(ok, "{err}");
    let grant =
        format!("grant {id}: MEF mef-rgs 2020-01-01 ... 2199-12-31 ATTIVA, the one that counts\n");
    assert!(
        out.starts_with(&format!("allowed\n{grant}chiamata -: yes\n")),
        "{out}"
    );
    let (ok, out, err) = ask("nobody");
    assert!(ok, "{err}");
    assert!(
        out.starts_with("refused: ERROR_REASON_GRANT_MISSING: "),
        "{out}"
    );
    service.stop().await;
}

#[test]
fn a_proposed_policy_is_compared() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("policy.csv");
    let diff =
        |proposed: &std::path::Path| omnia(&[], &["policy", "diff", proposed.to_str().unwrap()]);
    let periodo = "p, report, ReportService/GetReportSintetico, filtro, periodo, allow\n";
    let policy = shipped(&format!(
        "{}g, mef-sintesi, nuovo\ng, mlps-consultazione, nuovo\ng, mlps-ammortizzatori, nuovo\n",
        periodo.replace("report,", "nuovo,")
    ));
    fs::write(&file, policy.replace(periodo, "")).unwrap();
    for proposed in [dir.path(), file.as_path()] {
        let (ok, out, err) = diff(proposed);
        assert!(ok, "{err}");
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines.len(), 3, "{out}");
        let from = format!("--- policy {}", PolicySource::embedded().version());
        assert_eq!(lines[0], from);
        assert!(lines[1].starts_with("+++ policy ") && lines[1].len() == from.len());
        assert_eq!(
            lines[2],
            "- mef-rgs ReportService/GetReportSintetico filtro periodo"
        );
    }
    fs::write(&file, shipped("# nothing new\n")).unwrap();
    let (ok, out, _) = diff(&file);
    assert!(
        ok && out.ends_with("\nno profile gains or loses anything\n"),
        "{out}"
    );
    fs::write(&file, "p, a\n").unwrap();
    let (ok, out, err) = diff(&file);
    assert!(!ok && out.is_empty());
    assert!(
        err.contains("policy.csv:1:1: a `p` row has 6 columns, not 2"),
        "{err}"
    );
}
