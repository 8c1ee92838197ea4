//! The optional column `persona_fisica`: codes of eleven digits that are natural persons'.

use omnia::rilevazione::Severity;

use super::{
    rejects::{refused, tell, told},
    *,
};
use crate::test_bench;

const CODE: &str = "90000000019";

fn with_column(rows: &[(&str, &str)]) -> String {
    let rows: Vec<String> = rows
        .iter()
        .map(|(row, said)| format!("{row},{said}"))
        .collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    file(&format!("{DECRETI},persona_fisica"), &rows)
}

fn extract(rows: &[(&str, &str)]) -> ExtractFiles {
    ExtractFiles::new(with_column(rows), file(STANZIAMENTI, &[]))
}

#[tokio::test]
async fn what_the_column_says_is_kept_with_the_row() {
    let db = test_bench::database().await;
    let provisional_row = A.replace("00743110157", CODE);
    let rows = [(A, ""), (&*provisional_row, "S"), (B, "S")];
    extract(&rows).must_load(&db.owner).await;
    // Of a code of sixteen characters its form says it.
    assert_eq!(provisional(&db.owner, 1).await, [CODE]);
    // The same said otherwise is the same extract, with the column anywhere.
    let rows = [(B, ""), (&*provisional_row, "S"), (A, "N")];
    assert_eq!(extract(&rows).must_be_known(&db.owner).await, 1);
    let turned: String = with_column(&rows)
        .lines()
        .map(|line| line.split(',').rev().collect::<Vec<_>>().join(";") + "\r\n")
        .collect();
    let turned = ExtractFiles::new(turned, file(STANZIAMENTI, &[]));
    assert_eq!(turned.must_be_known(&db.owner).await, 1);
    // Another word is a change of the row, and of that rilevazione alone.
    let rows = [(A, ""), (&*provisional_row, "N"), (B, "")];
    let summary = extract(&rows)
        .dated("2024-02-29")
        .must_load(&db.owner)
        .await;
    assert_eq!((summary.added, summary.changed, summary.ended), (0, 1, 0));
    assert_eq!(provisional(&db.owner, 1).await, [CODE]);
    assert_eq!(provisional(&db.owner, 2).await, [""; 0]);
}

#[tokio::test]
async fn each_bad_value() {
    let db = test_bench::database().await;
    let s_or_n = "must be S (the code of the employer is a natural person's), N or empty";
    let by_form = "a code of sixteen characters is a natural person's: S or empty";
    for (row, said, reason) in [
        (A, "s", s_or_n),
        (A, "1", s_or_n),
        (A, "S ", s_or_n),
        (B, "N", by_form),
    ] {
        let found = refused(&db.owner, &extract(&[(row, said)])).await;
        assert_eq!(
            found,
            [tell("decreti.csv", 2, "persona_fisica", said, reason)]
        );
    }
    let short = format!("{}{A}\n", with_column(&[(A, "")]));
    let found = refused(
        &db.owner,
        &ExtractFiles::new(short, file(STANZIAMENTI, &[])),
    )
    .await;
    let width = "13 fields are expected, 12 were found";
    assert_eq!(found, [tell("decreti.csv", 3, "", "", width)]);
}

/// One row of a code does not show what another masks.
#[tokio::test]
async fn what_is_said_of_one_row_is_said_of_the_code() {
    let db = test_bench::database().await;
    let row = |numero: &str| A.replace("00743110157", CODE).replace("112233", numero);
    let (one, two, three) = (row("1"), row("2"), row("3"));
    let rows = [(&*one, "N"), (&*two, "S"), (&*three, ""), (A, "")];
    let model_extract = extract(&rows);
    let (esito, found) = model_extract.load(&db.owner).await;
    assert!(
        matches!(&esito, Ok(LoadOutcome::Loaded(r)) if r.warnings == 2),
        "{esito:?}"
    );
    assert!(found.iter().all(|s| s.severity == Severity::Warning));
    let why =
        "another row says that this code is a natural person's: it is taken for one in all rows";
    assert_eq!(
        told(&found),
        [2, 4].map(|line| tell("decreti.csv", line, "persona_fisica", CODE, why))
    );
    assert_eq!(provisional(&db.owner, 1).await, [CODE; 3]);
    // Another extract that means the same.
    let rows = [(&*one, "S"), (&*two, "S"), (&*three, "S"), (A, "")];
    assert_eq!(extract(&rows).must_be_known(&db.owner).await, 1);
}

/// An extract from which the column is lost would show everybody who is masked.
#[tokio::test]
async fn a_column_that_is_lost_unmasks_nobody() {
    let db = test_bench::database().await;
    let row = A.replace("00743110157", CODE);
    extract(&[(&row, "S"), (B, "")]).must_load(&db.owner).await;
    let lost = ExtractFiles::of(&[&row, A], &[]).dated("2024-02-29");
    let why = "the column is missing, and rilevazione 1 says of 1 codes of eleven digits in this file that they are natural \
               persons': without it they would be shown to everybody";
    assert_eq!(
        refused(&db.owner, &lost).await,
        [tell("decreti.csv", 1, "persona_fisica", "", why)]
    );
    // None of them is in it: as before.
    ExtractFiles::of(&[A, B], &[])
        .dated("2024-02-29")
        .must_load(&db.owner)
        .await;
    // Nor does the latest know any now.
    assert_eq!(
        lost.dated("2024-03-31")
            .must_load(&db.owner)
            .await
            .rilevazione,
        3
    );
    assert_eq!(provisional(&db.owner, 3).await, [""; 0]);
}
