//! Answers as files: in every format, whole or not there.

use std::{fs, io::Read as _};

use ::parquet::file::reader::{FileReader as _, SerializedFileReader};
use bytes::Bytes;

use super::{PAIR, SOGGETTO, ask, ask_as, cells, records, scene};
use crate::{get::names, server::TestServer};

const COURSE: [&str; 3] = ["andamento", "--imputazione", "competenza"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_format_has_the_rows_and_says_what_they_are() {
    let service = scene().await;
    let dir = tempfile::tempdir().unwrap();
    let projection = [&["proiezione"], &PAIR[..], &["--anno", "2023"]].concat();
    for name in ["a.csv", "b.xlsx", "c.parquet"] {
        let arguments = [&projection[..], &["--file", name]].concat();
        let (code, out, err) = ask(&service, dir.path(), &arguments).await;
        assert_eq!((code, err.as_str()), (Some(0), ""));
        assert!(out.starts_with(&format!("{name}: 12 rows, ")), "{out}");
        assert!(out.contains("\nQuanto è autorizzato "), "{out}");
    }
    let excel = [&projection[..], &["--file", "d", "--formato", "csv-excel"]].concat();
    let (code, ..) = ask(&service, dir.path(), &excel).await;
    assert_eq!(code, Some(0));
    assert_eq!(names(dir.path()), ["a.csv", "b.xlsx", "c.parquet", "d"]);

    let read = |name: &str| fs::read(dir.path().join(name)).unwrap();
    let rows = records(&read("a.csv"));
    let text = String::from_utf8(read("d")).unwrap();
    let [january, first] = [0, 1].map(|at| rows[0][at].as_str());
    let line = format!("\"=\"\"{january}\"\"\";{}", first.replace('.', ","));
    assert!(text.lines().nth(1).unwrap().starts_with(&line), "{text}");

    let mut book = zip::ZipArchive::new(std::io::Cursor::new(read("b.xlsx"))).unwrap();
    let mut part = |name: &str| {
        let mut text = String::new();
        let mut part = book.by_name(name).unwrap();
        part.read_to_string(&mut text).unwrap();
        text
    };
    assert!(part("xl/worksheets/sheet1.xml").contains(&format!("<v>{first}</v>")));
    let info = part("xl/worksheets/sheet2.xml");
    for said in ["Quanto è autorizzato", "errore medio di", "<t>anno</t>"] {
        assert!(info.contains(said), "{said}: {info}");
    }

    let parquet = SerializedFileReader::new(Bytes::from(read("c.parquet"))).unwrap();
    assert_eq!(parquet.metadata().file_metadata().num_rows(), 12);
    let row = parquet.get_row_iter(None).unwrap().next().unwrap().unwrap();
    let fields: Vec<String> = row.get_column_iter().map(|(_, f)| f.to_string()).collect();
    assert_eq!(fields[1], first);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whole_numbers_and_ratios_are_such() {
    let service = scene().await;
    let dir = tempfile::tempdir().unwrap();
    for name in ["t.csv", "t.parquet"] {
        let arguments = [&["tiraggio"], &PAIR[..], &["--file", name]].concat();
        let (code, _, err) = ask(&service, dir.path(), &arguments).await;
        assert_eq!((code, err.as_str()), (Some(0), ""));
    }
    let rows = records(&fs::read(dir.path().join("t.csv")).unwrap());
    let file = Bytes::from(fs::read(dir.path().join("t.parquet")).unwrap());
    let parquet = SerializedFileReader::new(file).unwrap();
    let of_parquet = parquet.get_row_iter(None).unwrap().map(|row| {
        let row = row.unwrap();
        let fields = row.get_column_iter();
        let fields = fields.map(|(_, field)| field.to_string().trim_matches('"').to_owned());
        let fields = fields.map(|field| {
            if field == "null" {
                String::new()
            } else {
                field
            }
        });
        fields.collect::<Vec<String>>()
    });
    assert_eq!(of_parquet.collect::<Vec<_>>(), rows);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_written_over_and_what_was_interrupted_is_made_anew() {
    let service = scene().await;
    let dir = tempfile::tempdir().unwrap();
    let to = |name| [&COURSE[..], &["--file", name]].concat();
    let path = |name: &str| dir.path().join(name);
    fs::write(path("mio.csv"), "mio").unwrap();
    fs::write(path("altro.csv.part"), "altro").unwrap();
    for (name, text) in [
        (
            "mio.csv",
            "mio.csv is there already; --sovrascrivi replaces it",
        ),
        (
            "altro.csv",
            "altro.csv.part is there without altro.csv.part.json, which says what it is of; --da-capo downloads all of it anew",
        ),
        (
            "f",
            "which format? give --formato, or a file that ends in .csv, .xlsx or .parquet",
        ),
    ] {
        let (code, out, err) = ask(&service, dir.path(), &to(name)).await;
        assert_eq!((code, out.as_str()), (Some(1), ""));
        assert_eq!(err, format!("omnia: {text}\n"));
    }
    assert_eq!(names(dir.path()), ["altro.csv.part", "mio.csv"]);
    let over = [&to("mio.csv")[..], &["--sovrascrivi"]].concat();
    let (code, ..) = ask(&service, dir.path(), &over).await;
    assert_eq!(code, Some(0));
    let whole = fs::read(path("mio.csv")).unwrap();

    // As a run leaves it that is killed while it writes.
    fs::write(path("x.csv.part"), &whole[..10]).unwrap();
    let server = format!("http://{}", service.address);
    let manifest = serde_json::json!({
        "server": server,
        "chiamata": "MonitoraggioService/GetAndamento",
        "formato": "csv",
        "selezione": { "imputazione": "competenza" },
        "rilevazione": { "numero": 6, "data_riferimento": "2023-08-31", "caricata_il": "2026-11-23T09:00:00Z" },
    });
    fs::write(path("x.csv.part.json"), manifest.to_string()).unwrap();
    let other = ["storia", "--file", "x.csv"];
    let (code, _, err) = ask(&service, dir.path(), &other).await;
    assert_eq!(code, Some(1));
    assert!(
        err.contains("is the beginning of another download"),
        "{err}"
    );
    let (code, _, err) = ask(&service, dir.path(), &to("x.csv")).await;
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(fs::read(path("x.csv")).unwrap() == whole);
    assert_eq!(names(dir.path()), ["altro.csv.part", "mio.csv", "x.csv"]);
    service.stop().await;
}

/// Rows and hours are those of the detail: as zero they would say something else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_profile_does_not_see_is_neither_zero_nor_there() {
    let service: TestServer = scene().await;
    service.clients_of("mef-sintesi").await;
    let dir = tempfile::tempdir().unwrap();
    for (command, options, hidden) in [
        (
            "andamento",
            &["--imputazione", "competenza"][..],
            &[("righe", 3), ("ore decretate", 4)][..],
        ),
        (
            "confronto",
            &["--da", "1"],
            &[
                ("ore decretate", 8),
                ("righe", 9),
                ("nuove", 10),
                ("variate", 11),
                ("cessate", 12),
            ],
        ),
    ] {
        let arguments = [&[command], options].concat();
        let (_, all, _) = ask_as(&service, SOGGETTO, dir.path(), &arguments).await;
        let (code, some, _) = ask_as(&service, "cliente-mef-sintesi", dir.path(), &arguments).await;
        assert_eq!(code, Some(0));
        let kept = |row: &[String]| {
            let cells = row.iter().enumerate();
            let cells = cells.filter(|(at, _)| hidden.iter().all(|(_, column)| column != at));
            cells.map(|(_, cell)| cell.clone()).collect::<Vec<_>>()
        };
        let expected: Vec<Vec<String>> = cells(&all).iter().map(|row| kept(row)).collect();
        assert_eq!(cells(&some), expected, "{some}");
        let names: Vec<&str> = hidden.iter().map(|(name, _)| *name).collect();
        let told = format!(
            "Il profilo del richiedente non vede: {}.\n",
            names.join(", ")
        );
        assert!(some.contains(&told), "{some}");
        assert!(some.ends_with(", euro\n"), "{some}");

        let file = [&arguments[..], &["--file", "s.csv", "--sovrascrivi"]].concat();
        ask_as(&service, "cliente-mef-sintesi", dir.path(), &file).await;
        for row in records(&fs::read(dir.path().join("s.csv")).unwrap()) {
            assert!(hidden.iter().all(|(_, at)| row[*at].is_empty()), "{row:?}");
        }
    }
    service.stop().await;
}
