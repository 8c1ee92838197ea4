//! The report as a table: that, what it is of, and nothing else.

use super::{SOGGETTO, get, run};
use crate::{
    calls::extract,
    model::{NORMATIVE, PRESTAZIONI},
    server::TestServer,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_report_is_a_table_that_can_be_piped() {
    let service = TestServer::start().await;
    service.load(&extract(), "2026-10-31").await;
    service.clients_of("mlps-ammortizzatori").await;
    let url = format!("http://{}", service.address);
    let token = service.token(SOGGETTO);
    let dir = tempfile::tempdir().unwrap();
    let mut command = get(&url, &token, dir.path());
    command.args([
        "report",
        "--prestazione",
        PRESTAZIONI[0],
        "--dal",
        "2023-01-01",
    ]);
    command.args(["--normativa", &[NORMATIVE[0], NORMATIVE[1]].join(",")]);
    let (code, out, err) = run(&mut command).await;
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let lines: Vec<_> = out.lines().collect();
    assert_eq!(lines.len(), 8, "{out}");
    assert!(
        lines[0].starts_with('┌') && lines[6].starts_with('└'),
        "{out}"
    );
    let cells = |line: &str| -> Vec<String> {
        let cells = line.split(['│', '┆']).map(str::trim);
        cells
            .filter(|cell| !cell.is_empty())
            .map(str::to_owned)
            .collect()
    };
    // In 2023 there are neither appropriations nor decrees, and the pairs are still there.
    assert_eq!(
        cells(lines[3]),
        [NORMATIVE[0], "CIGS", "—", "0,00", "0,00", "—", "—"]
    );
    assert_eq!(cells(lines[5]), ["totale", "—", "0,00", "0,00", "—", "—"]);
    assert_eq!(
        lines[7],
        "rilevazione 1 as of 2026-10-31, loaded 2026-11-23T09:00:00Z, euro"
    );

    let mut command = get(&url, &token, dir.path());
    let (code, out, _) = run(command.args(["report", "--normativa", NORMATIVE[0]])).await;
    assert_eq!(code, Some(0));
    assert!(
        out.contains("1.000.000,00") && out.contains("300,03"),
        "{out}"
    );
    service.stop().await;
}

/// Without an address it is the service of the settings, which is on this machine.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_say_where_and_as_whom() {
    let service = TestServer::start().await;
    service.load(&extract(), "2026-10-31").await;
    service.clients_of("mlps-ammortizzatori").await;
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("token"), service.token(SOGGETTO) + "\n").unwrap();
    std::fs::write(
        dir.path().join("omnia.toml"),
        format!(
            "[server]\nlisten = \"{}\"\n[client]\ntoken = \"@token\"\n",
            service.address
        ),
    )
    .unwrap();
    let mut command = get("", "", dir.path());
    let (code, out, err) = run(command.args(["report", "--config", "omnia.toml"])).await;
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.contains("rilevazione 1 as of 2026-10-31"), "{out}");

    std::fs::write(
        dir.path().join("omnia.toml"),
        "[client]\nserver = \"localhost:1\"\n",
    )
    .unwrap();
    let mut command = get("", "", dir.path());
    let (code, _, err) = run(command.args(["report", "--config", "omnia.toml"])).await;
    assert_eq!(code, Some(1));
    assert!(err.contains("must be like https://host:50051"), "{err}");
    service.stop().await;
}
