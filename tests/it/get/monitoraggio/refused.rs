//! What goes wrong has the exit codes of the report's table.

use std::process::Stdio;

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::{PAIR, SOGGETTO, ask, ask_as, cells, scene};
use crate::get::{
    bridge::{Bridge, BridgeSpan},
    get, names, run,
};

const COURSE: [&str; 3] = ["andamento", "--imputazione", "competenza"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_has_its_reason_and_its_code() {
    let service = scene().await;
    service.clients_of("inps-controllo").await;
    let dir = tempfile::tempdir().unwrap();
    let pair = |more: &[&'static str]| [&PAIR[..], more].concat();
    for (code, soggetto, arguments, text) in [
        (
            3,
            "cliente-inps-controllo",
            COURSE.to_vec(),
            "rpc: MonitoraggioService/GetAndamento",
        ),
        (
            3,
            SOGGETTO,
            [&COURSE[..], &["--dal-mese", "2023-13", "--al-mese", "x"]].concat(),
            "  finestra.dal_mese: must be a month as YYYY-MM\n  finestra.al_mese: must be a month as YYYY-MM\n",
        ),
        (
            3,
            SOGGETTO,
            [&COURSE[..], &["--normativa", "DL1-2099-ART1"]].concat(),
            "  valori: DL1-2099-ART1\n",
        ),
        (
            3,
            SOGGETTO,
            vec!["storia", "--rilevazione", "7"],
            "(ERROR_REASON_RILEVAZIONE_NOT_FOUND)",
        ),
        (
            3,
            SOGGETTO,
            [
                &["capienza"],
                &pair(&["--importo", "1", "--dal", "x", "--al", "y"])[..],
            ]
            .concat(),
            "  importo: ",
        ),
        (
            3,
            SOGGETTO,
            [&["proiezione"], &pair(&["--anno", "1969"])[..]].concat(),
            "  anno: ",
        ),
        (
            2,
            SOGGETTO,
            vec!["andamento"],
            "error: the following required arguments were not provided:\n  --imputazione",
        ),
        (
            2,
            SOGGETTO,
            vec!["andamento", "--imputazione", "cassa"],
            "error: invalid value 'cassa' for '--imputazione <IMPUTAZIONE>'",
        ),
        (
            2,
            SOGGETTO,
            [&COURSE[..], &["--grafico", "sempre", "--file", "a.csv"]].concat(),
            "error: the argument '--grafico <WHEN>' cannot be used with '--file <FILE>'",
        ),
        (
            2,
            SOGGETTO,
            [&COURSE[..], &["--formato", "csv"]].concat(),
            "error: the following required arguments were not provided:\n  --file <FILE>",
        ),
        (
            2,
            SOGGETTO,
            vec!["confronto", "--da", "0"],
            "error: invalid value '0' for '--da <N>'",
        ),
        (
            2,
            SOGGETTO,
            vec!["tiraggio", "--normativa", "N"],
            "error: the following required arguments were not provided:\n  --prestazione <CODE>",
        ),
    ] {
        let (exit, out, err) = ask_as(&service, soggetto, dir.path(), &arguments).await;
        assert_eq!(
            (exit, out.as_str()),
            (Some(code), ""),
            "{arguments:?}: {err}"
        );
        assert!(err.contains(text), "{err}");
        assert!(names(dir.path()).is_empty());
    }
    let (code, ..) = ask(
        &service,
        dir.path(),
        &[
            "andamento",
            "--server",
            "http://127.0.0.1:1",
            "--imputazione",
            "competenza",
        ],
    )
    .await;
    assert_eq!(code, Some(75));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_breaks_is_made_again() {
    let service = scene().await;
    let dir = tempfile::tempdir().unwrap();
    let bridge = Bridge::lead_to(service.address, &[BridgeSpan::Breaks(60)]).await;
    let token = service.token(SOGGETTO);
    let (code, out, err) = run(get(&bridge.url(), &token, dir.path()).args(COURSE)).await;
    assert_eq!(code, Some(0), "{err}");
    assert!(
        err.contains("omnia: trying again in 0.5 s (2 of 10)"),
        "{err}"
    );
    assert_eq!(bridge.opened(), 2);
    assert!(!cells(&out).is_empty(), "{out}");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_no_longer_leaves_nothing_behind() {
    let service = scene().await;
    let dir = tempfile::tempdir().unwrap();
    let bridge = Bridge::lead_to(service.address, &[BridgeSpan::Stalls(60)]).await;
    let token = service.token(SOGGETTO);
    let mut command = get(&bridge.url(), &token, dir.path());
    command.args(COURSE).args(["--file", "a.csv"]);
    let child = command.stderr(Stdio::piped()).spawn().unwrap();
    while bridge.opened() == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let pid = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap());
    kill(pid, Signal::SIGINT).unwrap();
    let output = child.wait_with_output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(err, "omnia: interrupted\n");
    assert!(names(dir.path()).is_empty());
    service.stop().await;
}
