//! Reports and decrees as files.

use std::fs;

use omnia::contract::proto::FormatoFile;

use super::{DECRETI, ROWS, SOGGETTO, file, get, names, run, scene};
use crate::{
    calls::extract,
    model::{NORMATIVE, PRESTAZIONI},
    server::TestServer,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_format_is_the_file_that_the_service_gives() {
    let service = scene().await;
    let url = format!("http://{}", service.address);
    let token = service.token(SOGGETTO);
    let dir = tempfile::tempdir().unwrap();
    for (name, extra, formato) in [
        ("a.csv", &[][..], FormatoFile::Csv),
        ("b.csv", &["--formato", "csv-excel"], FormatoFile::CsvExcel),
        ("c", &["--formato", "csv"], FormatoFile::Csv),
        ("d.xlsx", &[], FormatoFile::Xlsx),
        ("e.parquet", &[], FormatoFile::Parquet),
    ] {
        let mut command = get(&url, &token, dir.path());
        command.args(DECRETI).args(["--file", name]).args(extra);
        let (code, out, err) = run(&mut command).await;
        assert_eq!((code, err.as_str()), (Some(0), ""), "{name}");
        let whole = file(&service, formato, 0).await;
        assert!(fs::read(dir.path().join(name)).unwrap() == whole, "{name}");
        let begin = format!("{name}: {ROWS} rows, {} bytes", whole.len());
        assert!(out.starts_with(&begin), "{out}");
    }
    let (code, _, err) = run(get(&url, &token, dir.path())
        .args(DECRETI)
        .args(["--file", "f"]))
    .await;
    assert_eq!(
        (code, err.as_str()),
        (
            Some(1),
            "omnia: which format? give --formato, or a file that ends in .csv, .xlsx or .parquet\n"
        )
    );
    assert_eq!(
        names(dir.path()),
        ["a.csv", "b.csv", "c", "d.xlsx", "e.parquet"]
    );
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_select_and_masked_columns_stay_masked() {
    let service = TestServer::start().await;
    service.load(&extract(), "2026-10-31").await;
    service.clients_of("mlps-consultazione").await;
    service.clients_of("mlps-ammortizzatori").await;
    let url = format!("http://{}", service.address);
    let dir = tempfile::tempdir().unwrap();
    let rows = async |profilo: &str, extra: &[&str]| {
        let token = service.token(&format!("cliente-{profilo}"));
        let mut command = get(&url, &token, dir.path());
        command.args(DECRETI).args(extra);
        command.args(["--file", "d.csv", "--sovrascrivi"]);
        let (code, _, err) = run(&mut command).await;
        assert_eq!((code, err.as_str()), (Some(0), ""));
        let text = fs::read_to_string(dir.path().join("d.csv")).unwrap();
        text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    let all = rows("mlps-ammortizzatori", &[]).await;
    assert_eq!(all.len(), 6);
    assert_eq!(
        rows("mlps-consultazione", &[])
            .await
            .join(" ")
            .matches("****************")
            .count(),
        4
    );
    let cf = rows("mlps-ammortizzatori", &["--cf", "RCCMNL83S18D969H"]).await;
    assert_eq!(cf.len(), 2);
    assert!(cf.iter().all(|row| row.contains("RCCMNL83S18D969H")));
    for (extra, expected) in [
        (&["--codifica", "333-145"][..], 6),
        (&["--codifica", "333-146"], 0),
        (&["--numero", "1", "--matricola", "7012345662"], 6),
        // The rows begin on the days 100 to 105 after the first of January and last a hundred days.
        (&["--al", "2022-04-12"], 2),
        (&["--dal", "2022-07-23"], 3),
        (&["--dal", "2022-07-23", "--criterio", "inizio-validita"], 0),
        (
            &[
                "--dal",
                "2022-04-12",
                "--criterio",
                "inizio-validita",
                "--rilevazione",
                "1",
            ],
            5,
        ),
    ] {
        assert_eq!(
            rows("mlps-ammortizzatori", extra).await.len(),
            expected,
            "{extra:?}"
        );
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_report_is_a_file_too() {
    let service = TestServer::start().await;
    service.load(&extract(), "2026-10-31").await;
    service.clients_of("mef-sintesi").await;
    let url = format!("http://{}", service.address);
    let token = service.token("cliente-mef-sintesi");
    let dir = tempfile::tempdir().unwrap();
    let mut command = get(&url, &token, dir.path());
    command.args([
        "report",
        "--normativa",
        NORMATIVE[1],
        "--normativa",
        NORMATIVE[0],
    ]);
    command.args(["--prestazione", PRESTAZIONI[0], "--file", "r.csv"]);
    let (code, out, err) = run(&mut command).await;
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.starts_with("r.csv: 2 rows, "), "{out}");
    assert!(
        out.contains(
            "\ntotals:  2 rows, totale stanziamenti 2.000.000,00, importi autorizzati 600,24, importi erogati \
             300,24, residuo autorizzato 1.999.399,76, residuo pagato 1.999.699,76; those of \
             ReportService/GetReportSintetico\n"
        ),
        "{out}"
    );
    let text = fs::read_to_string(dir.path().join("r.csv")).unwrap();
    let rows: Vec<_> = text.lines().collect();
    assert_eq!(rows.len(), 3, "{text}");
    assert!(
        rows[1].starts_with("DL109-2018-ART44,CIGS,1000000.00,300.03,150.03,"),
        "{text}"
    );
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn differences_are_a_file_whose_totals_are_the_movement() {
    let service = TestServer::start().await;
    let mut extract = extract();
    service.load(&extract, "2026-09-30").await;
    extract.rows.pop();
    extract.rows[0].erogati += 100_000;
    service.load(&extract, "2026-10-31").await;
    let url = format!("http://{}", service.address);
    let dir = tempfile::tempdir().unwrap();
    let differences = async |profilo: &str, name: &str| {
        service.clients_of(profilo).await;
        let token = service.token(&format!("cliente-{profilo}"));
        let mut command = get(&url, &token, dir.path());
        command.args(["differenze", "--da", "1", "--file", name]);
        run(&mut command).await
    };
    let (code, out, err) = differences("mef-rgs", "d.csv").await;
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let said = "2 rows, nuove 0, variate 1, cessate 1, ore decretate -";
    assert!(out.contains(said), "{out}");
    assert!(
        out.contains("; those of MonitoraggioService/ConfrontaRilevazioni\n"),
        "{out}"
    );
    let text = fs::read_to_string(dir.path().join("d.csv")).unwrap();
    let kinds: Vec<&str> = text
        .lines()
        .map(|line| line.split(',').next().unwrap())
        .collect();
    assert_eq!(kinds.len(), 3);
    assert!(
        kinds.contains(&"VARIATA") && kinds.contains(&"CESSATA"),
        "{text}"
    );

    let (code, _, err) = differences("mef-sintesi", "e.csv").await;
    assert_eq!(code, Some(3), "{err}");
    assert_eq!(names(dir.path()), ["d.csv"]);
    service.stop().await;
}
