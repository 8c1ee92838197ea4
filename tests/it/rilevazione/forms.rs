//! The forms that a right file may have.

use super::*;
use crate::test_bench;

#[tokio::test]
async fn separators_orders_marks_quotes_and_line_ends() {
    let plain = file(DECRETI, &[A, B]);
    let turned = |line: &str| line.split(',').rev().collect::<Vec<_>>().join(",");
    let quoted = |line: &str| format!("\"{}\"", line.replace(',', "\",\""));
    let forms = [
        plain.clone(),
        plain.trim_end().to_owned(),
        plain.replace(',', ";"),
        plain.replace('\n', "\r\n"),
        plain.replace('\n', "\n\n"),
        format!("\u{feff}{plain}"),
        format!("\u{feff}{}", plain.replace(',', ";").replace('\n', "\r\n")),
        plain.lines().map(|l| turned(l) + "\n").collect(),
        plain.lines().map(|l| quoted(l) + "\r\n").collect(),
    ];
    let mut expected = [A, B];
    expected.sort_unstable();
    for decreti in forms {
        let db = test_bench::database().await;
        let stanziamenti =
            "importo;anno;prestazione;normativa\n12.30;2023;\"CIGS\";DL48-2023-ART30";
        let extract = ExtractFiles::new(&decreti, stanziamenti);
        assert_eq!(extract.must_load(&db.owner).await.rows, 2);
        assert_eq!(visible(&db.owner, 1).await, expected, "{decreti}");
        assert_eq!(
            visible_stanziamenti(&db.owner, 1).await,
            ["DL48-2023-ART30,CIGS,2023,12.30"]
        );
    }
}

#[tokio::test]
async fn the_catalogue_is_added_to_and_described_anew() {
    let db = test_bench::database().await;
    let extract = ExtractFiles::of(&[A], &[]);
    extract.must_load(&db.owner).await;
    // The rows name what an earlier load brought.
    let mut later = ExtractFiles::of(&[B], &[]).dated("2024-02-29");
    fs::write(
        later.path("normative.csv"),
        "descrizione;normativa\n\"Cessazione; \"\"attività\"\"\";DL109-2018-ART44\nNuova;DL1-2024",
    )
    .unwrap();
    later.fonti.prestazioni = None;
    later.must_load(&db.owner).await;
    let catalogue: Vec<(String, String)> =
        sqlx::query_as("select normativa, descrizione from normativa order by 1")
            .fetch_all(&db.owner)
            .await
            .unwrap();
    let expected = [
        ("DL1-2024", "Nuova"),
        ("DL109-2018-ART44", "Cessazione; \"attività\""),
        ("DL48-2023-ART30", "Deroga"),
    ];
    assert_eq!(
        catalogue,
        expected.map(|(code, text)| (code.to_owned(), text.to_owned()))
    );
}

#[tokio::test]
async fn the_extremes_of_each_type() {
    let db = test_bench::database().await;
    let rows = [
        A.replace("2023-12-22", "0001-01-01")
            .replace("100.00,1000.00,100.00", "0.00,0.01,0.10"),
        A.replace("2023-12-22", "9999-12-31").replace(
            "100.00,1000.00,100.00",
            "9999999999999999.99,1000000000000.00,9999.00",
        ),
        A.replace("2023-12-22", "2000-02-29").replace(
            "100.00,1000.00,100.00",
            "10000.00,123456789.01,100010001.00",
        ),
    ];
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    ExtractFiles::of(&rows, &[]).must_load(&db.owner).await;
    let mut expected = rows.clone();
    expected.sort_unstable();
    assert_eq!(visible(&db.owner, 1).await, expected);
}
