//! The natural key of a row: what makes it the same row in two extracts.

use super::{
    rejects::{refused, tell},
    *,
};
use crate::test_bench;

const KEY: &str = "normativa+prestazione+codifica_sistema_unico+numero_decreto+data_decreto+cf_azienda+\
                   matricola_azienda+validita_dal";
const VALUE: &str =
    "DL109-2018-ART44 CIGS 333-145 112233 2023-12-22 00743110157 7012345662 2023-10-01";

/// One line of a decree may be financed by two norms, or be of two benefits.
#[tokio::test]
async fn norms_and_benefits_share_the_lines_of_a_decree() {
    let db = test_bench::database().await;
    let derogation = A.replace("DL109-2018-ART44", "DL48-2023-ART30");
    let ordinary = A.replace("CIGS", "CIGO");
    ExtractFiles::of(&[A, &derogation, &ordinary], &[])
        .must_load(&db.owner)
        .await;
    let all = sorted(vec![A.to_owned(), derogation.clone(), ordinary.clone()]);
    assert_eq!(visible(&db.owner, 1).await, all);
    // Another norm for a line is another row: gone here and new there.
    let moved = ordinary.replace("DL109-2018-ART44", "DL48-2023-ART30");
    let next = ExtractFiles::of(&[A, &derogation, &moved], &[]).dated("2024-02-29");
    let summary = next.must_load(&db.owner).await;
    assert_eq!((summary.added, summary.changed, summary.ended), (1, 0, 1));
    let all = sorted(vec![A.to_owned(), derogation, moved]);
    assert_eq!(visible(&db.owner, 2).await, all);
}

#[tokio::test]
async fn keys_that_occur_twice() {
    let db = test_bench::database().await;
    // Not part of the key: what is paid.
    let again = A.replace("100.00,1000.00,100.00", "1.00,2.00,3.00");
    let extract = ExtractFiles::of(
        &[A, B, &again, A],
        &[
            "DL48-2023-ART30,CIGS,2023,1.00",
            "DL48-2023-ART30,CIGO,2023,1.00",
            "DL48-2023-ART30,CIGS,2023,2.00",
        ],
    );
    fs::write(
        extract.path("normative.csv"),
        format!("{NORMATIVE}DL109-2018-ART44,Altro\n"),
    )
    .unwrap();
    let same = |line: u64| format!("line {line} has the same natural key");
    assert_eq!(
        refused(&db.owner, &extract).await,
        [
            tell(
                "normative.csv",
                4,
                "normativa",
                "DL109-2018-ART44",
                &same(2)
            ),
            tell("decreti.csv", 4, KEY, VALUE, &same(2)),
            tell("decreti.csv", 5, KEY, VALUE, &same(2)),
            tell(
                "stanziamenti.csv",
                4,
                "normativa+prestazione+anno",
                "DL48-2023-ART30 CIGS 2023",
                &same(2)
            ),
        ]
    );
}

/// The first rows are written before such keys are looked for: the index finds them, and nothing stays.
#[tokio::test]
async fn keys_that_occur_twice_in_the_first_rows() {
    let db = test_bench::database().await;
    let again = A.replace("100.00,1000.00,100.00", "1.00,2.00,3.00");
    let extract = ExtractFiles::of(&[A, B, &again], &[]);
    let same = "line 2 has the same natural key";
    let told = [tell("decreti.csv", 4, KEY, VALUE, same)];
    assert_eq!(refused(&db.owner, &extract).await, told);
    // A wrong appropriation is found first, and both are told.
    let worse = ExtractFiles::of(&[A, B, &again], &["DL48-2023-ART30,CIGS,1,1.00"]);
    let found = refused(&db.owner, &worse).await;
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[1], told[0]);
    ExtractFiles::of(&[A, B], &[]).must_load(&db.owner).await;
    assert_eq!(refused(&db.owner, &extract).await, told);
}
