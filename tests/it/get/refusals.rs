//! Who is refused learns why, in a code and in words; and nothing is left behind.

use omnia::demo::demo_key;

use super::{DECRETI, SOGGETTO, get, names, run};
use crate::{calls::extract, server::TestServer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_told_with_its_reason_and_all_that_is_wrong() {
    let service = TestServer::start().await;
    service.load(&extract(), "2026-10-31").await;
    service.clients_of("mlps-ammortizzatori").await;
    service.clients_of("mlps-consultazione").await;
    service.clients_of("mef-sintesi").await;
    let url = format!("http://{}", service.address);
    let dir = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let access = &service.settings.access;
    let foreign = demo_key::create_or_load(elsewhere.path())
        .unwrap()
        .token(
            &access.issuer,
            &access.audience,
            SOGGETTO,
            1,
            &service.clock,
        )
        .unwrap();
    let good = service.token(SOGGETTO);
    let consultation = service.token("cliente-mlps-consultazione");
    let decreti = |extra: &[&'static str]| [&DECRETI[..], &["--file", "d.csv"], extra].concat();
    let cases = [
        (
            "not.a.token",
            decreti(&[]),
            "(ERROR_REASON_TOKEN_INVALID)",
            "",
        ),
        (&foreign, decreti(&[]), "(ERROR_REASON_TOKEN_INVALID)", ""),
        (
            &service.token("nobody"),
            decreti(&[]),
            "(ERROR_REASON_GRANT_MISSING)",
            "",
        ),
        (
            &service.token("cliente-mef-sintesi"),
            decreti(&[]),
            "(ERROR_REASON_CALL_DENIED)",
            "  profilo: mef-sintesi\n  rpc: DecreeService/CountDecrees\n",
        ),
        (
            &consultation,
            decreti(&["--cf", "00743110157", "--matricola", "7012345662"]),
            "(ERROR_REASON_FILTER_DENIED)",
            "  filtri: cf_azienda,matricola_azienda\n  profilo: mlps-consultazione\n  rpc: DecreeService/CountDecrees\n",
        ),
        (
            &good,
            vec!["decreti", "--normativa", "DL1-2099-ART1", "--file", "d.csv"],
            "(ERROR_REASON_INVALID_REQUEST)",
            "  valori: DL1-2099-ART1\n",
        ),
        (
            &good,
            decreti(&["--dal", "2022-02-30", "--al", "ieri", "--cf", "00743110158"]),
            "(ERROR_REASON_INVALID_REQUEST)",
            "  filtro.periodo.dal: must be a day as YYYY-MM-DD\n  filtro.periodo.al: must be a day as YYYY-MM-DD\n  \
             filtro.cf_azienda: the check digit of the codice fiscale is wrong\n",
        ),
        (
            &good,
            decreti(&["--rilevazione", "7"]),
            "(ERROR_REASON_RILEVAZIONE_NOT_FOUND)",
            "  rilevazione: 7\n",
        ),
        (
            &good,
            vec!["report", "--normativa", "DL1-2099-ART1"],
            "(ERROR_REASON_INVALID_REQUEST)",
            "  valori: DL1-2099-ART1\n",
        ),
    ];
    for (token, arguments, reason, lines) in cases {
        let (code, out, err) = run(get(&url, token, dir.path()).args(&arguments)).await;
        assert_eq!((code, out.as_str()), (Some(3), ""), "{reason}: {err}");
        let (first, rest) = err.split_once('\n').unwrap();
        assert!(
            first.starts_with("omnia: ") && first.ends_with(reason),
            "{err}"
        );
        assert!(rest.ends_with(lines), "{err}");
        assert!(!err.contains(token), "{err}");
        assert!(names(dir.path()).is_empty(), "{reason}");
    }
    let (code, _, err) = run(get(&url, &consultation, dir.path())
        .args(decreti(&["--cf", "00743110157"]))
        .env("LANG", "it_IT.UTF-8"))
    .await;
    assert_eq!(code, Some(3));
    assert!(
        err.starts_with(
            "omnia: Il profilo dell'utente non consente di usare uno o più dei filtri indicati. \
             (ERROR_REASON_FILTER_DENIED)\n  filtri: cf_azienda\n"
        ),
        "{err}"
    );
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_on_this_machine_is_told_before_anything_is_asked() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("cartella")).unwrap();
    std::fs::write(dir.path().join("not.pem"), "x").unwrap();
    // A port without a listener.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let decreti = |extra: &[&'static str]| [&DECRETI[..], &["--file", "d.csv"], extra].concat();
    for (code, token, arguments, text) in [
        (
            1,
            "",
            decreti(&[]),
            "omnia: who asks? give --token @FILE, or client.token",
        ),
        (1, "a b", decreti(&[]), "omnia: the token is not one"),
        (
            1,
            "DPoP a.b.c",
            decreti(&[]),
            "omnia: the token is bound to a key",
        ),
        (
            1,
            "@nessuno",
            decreti(&[]),
            "omnia: nessuno: No such file or directory",
        ),
        (
            1,
            "a.b.c",
            decreti(&["--server", "http://192.0.2.1:50051"]),
            "omnia: http://192.0.2.1:50051 would send token and data in clear: use https://, or say --in-chiaro",
        ),
        (
            1,
            "a.b.c",
            decreti(&["--server", "https://127.0.0.1:1", "--ca", "not.pem"]),
            "omnia: not.pem: holds no certificate in PEM",
        ),
        (
            1,
            "a.b.c",
            decreti(&["--server", "https://127.0.0.1:1", "--ca", "nessuno.pem"]),
            "omnia: nessuno.pem: No such file or directory",
        ),
        (
            1,
            "a.b.c",
            decreti(&["--server", "https://127.0.0.1:1", "--cert", "c.pem"]),
            "omnia: --cert and --key go together",
        ),
        (
            75,
            "a.b.c",
            decreti(&[]),
            "omnia: cannot reach http://127.0.0.1:",
        ),
        (
            75,
            "a.b.c",
            vec!["report"],
            "omnia: cannot reach http://127.0.0.1:",
        ),
        (
            2,
            "a.b.c",
            decreti(&["--server", "localhost:50051"]),
            "error: invalid value 'localhost:50051' for '--server <URL>': must be like https://host:50051",
        ),
        (
            2,
            "a.b.c",
            DECRETI.to_vec(),
            "error: the following required arguments were not provided:\n  --file <FILE>",
        ),
        (
            2,
            "a.b.c",
            vec!["report", "--formato", "csv"],
            "error: the following required arguments were not provided:\n  --file <FILE>",
        ),
        (
            2,
            "a.b.c",
            decreti(&["--criterio", "altro"]),
            "error: invalid value 'altro' for '--criterio <CRITERIO>'",
        ),
    ] {
        let (exit, out, err) = run(get(&url, token, dir.path()).args(&arguments)).await;
        assert_eq!(
            (exit, out.as_str()),
            (Some(code), ""),
            "{arguments:?}: {err}"
        );
        assert!(err.starts_with(text), "{err}");
        assert!(!err.contains("a.b.c"), "{err}");
    }
    assert_eq!(names(dir.path()), ["cartella", "not.pem"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_written_over_what_is_there() {
    let service = TestServer::start().await;
    service.load(&extract(), "2026-10-31").await;
    service.clients_of("mlps-ammortizzatori").await;
    let url = format!("http://{}", service.address);
    let token = service.token(SOGGETTO);
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("cartella.csv")).unwrap();
    std::fs::write(dir.path().join("mio.csv"), "mio").unwrap();
    std::os::unix::fs::symlink("nulla", dir.path().join("link.csv")).unwrap();
    std::fs::write(dir.path().join("altro.csv.part"), "altro").unwrap();
    for (file, text) in [
        ("cartella.csv", "cartella.csv: is a directory"),
        (
            "mio.csv",
            "mio.csv is there already; --sovrascrivi replaces it",
        ),
        (
            "link.csv",
            "link.csv is there already; --sovrascrivi replaces it",
        ),
        (
            "altro.csv",
            "altro.csv.part is there without altro.csv.part.json, which says what it is of; --da-capo downloads all of \
             it anew",
        ),
        (
            "nessuna/d.csv",
            "nessuna/d.csv.part: No such file or directory (os error 2)",
        ),
    ] {
        let mut command = get(&url, &token, dir.path());
        command.args(DECRETI).args(["--file", file]);
        let (code, out, err) = run(&mut command).await;
        assert_eq!((code, out.as_str()), (Some(1), ""));
        assert_eq!(err, format!("omnia: {text}\n"));
    }
    assert_eq!(std::fs::read(dir.path().join("mio.csv")).unwrap(), b"mio");
    assert_eq!(
        names(dir.path()),
        ["altro.csv.part", "cartella.csv", "link.csv", "mio.csv"]
    );
    service.stop().await;
}
