//! Each kind of bad file: exactly what is told, and that nothing becomes visible.

use omnia::rilevazione::{Finding, LoadError, Severity};

use super::*;
use crate::test_bench;

/// What is told of an extract: file, line, column, value, reason.
pub(super) type ToldReject = (String, u64, String, String, String);

pub(super) fn told(found: &[Finding]) -> Vec<ToldReject> {
    let told = found.iter().map(|s| {
        let file = Path::new(&*s.file).file_name().unwrap();
        (
            file.to_str().unwrap().to_owned(),
            s.line,
            s.column.to_string(),
            s.value.clone(),
            s.reason.english.to_string(),
        )
    });
    told.collect()
}

/// Loads what must be refused, and checks that nothing of it stays.
pub(super) async fn refused(pool: &PgPool, extract: &ExtractFiles) -> Vec<ToldReject> {
    let before = everything(pool).await;
    let (esito, found) = extract.load(pool).await;
    let errors = found.iter().filter(|s| s.severity == Severity::Error);
    let (errors, all) = (errors.count() as u64, found.len() as u64);
    match esito {
        Err(LoadError::Refused { rifiuti, avvisi }) => {
            assert_eq!((rifiuti, avvisi), (errors, all - errors));
        }
        other => panic!("{other:?}: {found:?}"),
    }
    assert!(found.iter().all(|s| !s.reason.italian.is_empty()));
    assert_eq!(everything(pool).await, before);
    told(&found)
}

pub(super) fn tell(file: &str, riga: u64, colonna: &str, value: &str, motivo: &str) -> ToldReject {
    (
        file.to_owned(),
        riga,
        colonna.to_owned(),
        value.to_owned(),
        motivo.to_owned(),
    )
}

const DECIMAL: &str = "must be a decimal number with exactly two decimals, a point, no sign and at most 16 digits before it";
const DATE: &str = "must be a day as YYYY-MM-DD";

#[tokio::test]
async fn each_bad_value() {
    let db = test_bench::database().await;
    let cases = [
        (
            "normativa",
            "DL109-2018-ART99",
            "the catalogue has no such norm",
        ),
        (
            "normativa",
            "dl109",
            "must be the code of a norm: 1 to 40 upper-case letters, digits and dashes",
        ),
        ("prestazione", "AIS", "the catalogue has no such benefit"),
        (
            "codifica_sistema_unico",
            "333145",
            "must be codice intervento and codice evento: three digits, a dash, three digits",
        ),
        (
            "numero_decreto",
            "=1+1",
            "must be the number of a decree: 1 to 32 letters, digits, and inside it spaces, points, slashes, dashes",
        ),
        ("data_decreto", "22/12/2023", DATE),
        ("validita_dal", "2023-02-29", DATE),
        ("validita_al", "", DATE),
        (
            "validita_al",
            "2023-09-30",
            "must not be before `validita_dal`",
        ),
        (
            "cf_azienda",
            "00743110158",
            "the check digit of the codice fiscale is wrong",
        ),
        (
            "cf_azienda",
            "RCCMNL83S18D969A",
            "the check character of the codice fiscale is wrong",
        ),
        (
            "cf_azienda",
            "0074311015",
            "must be a codice fiscale: 11 digits, or 16 upper-case characters",
        ),
        (
            "matricola_azienda",
            "701234566",
            "must be an INPS employer number: 10 digits",
        ),
        ("ore_decretate", "100", DECIMAL),
        ("importi_autorizzati", "-1.00", DECIMAL),
        ("importi_erogati", "1.000.00", DECIMAL),
        ("importi_erogati", "10000000000000000.00", DECIMAL),
    ];
    let names: Vec<&str> = DECRETI.split(',').collect();
    for (column, value, reason) in cases {
        let mut fields: Vec<&str> = A.split(',').collect();
        fields[names.iter().position(|name| *name == column).unwrap()] = value;
        let extract = ExtractFiles::of(&[B, &fields.join(",")], &[]);
        assert_eq!(
            refused(&db.owner, &extract).await,
            [tell("decreti.csv", 3, column, value, reason)]
        );
    }
    for (row, column, value, reason) in [
        (
            "DL1,CIGS,2023,1.00",
            "normativa",
            "DL1",
            "the catalogue has no such norm",
        ),
        (
            "DL48-2023-ART30,AIS,2023,1.00",
            "prestazione",
            "AIS",
            "the catalogue has no such benefit",
        ),
        (
            "DL48-2023-ART30,CIGS,23,1.00",
            "anno",
            "23",
            "must be a year from 1970 to 2199",
        ),
        ("DL48-2023-ART30,CIGS,2023,1", "importo", "1", DECIMAL),
    ] {
        let extract = ExtractFiles::of(&[A], &[row]);
        assert_eq!(
            refused(&db.owner, &extract).await,
            [tell("stanziamenti.csv", 2, column, value, reason)]
        );
    }
}

#[tokio::test]
async fn each_bad_form_of_a_record() {
    let db = test_bench::database().await;
    let short = A.rsplit_once(',').unwrap().0;
    let cases: [(Vec<u8>, &str, &str, &str); 9] = [
        (
            short.into(),
            "",
            "",
            "12 fields are expected, 11 were found",
        ),
        (
            format!("{A},").into(),
            "",
            "",
            "12 fields are expected, 13 were found: the row ends with 1 separators too many",
        ),
        (
            "solo testo".into(),
            "",
            "",
            "12 fields are expected, 1 were found",
        ),
        (
            A.replace("333-145", "\"333-145").into(),
            "codifica_sistema_unico",
            "",
            "a quote is opened and not closed",
        ),
        (
            A.replace("112233", "11\"22\"33").into(),
            "numero_decreto",
            "",
            "a quote stands inside a field that is not quoted",
        ),
        (
            A.replace("112233", "\"1122\"33").into(),
            "numero_decreto",
            "",
            "text follows the closing quote of a field",
        ),
        (
            [
                A.split_once("112233").unwrap().0.as_bytes(),
                b"\xe0,",
                A.split_once("112233,").unwrap().1.as_bytes(),
            ]
            .concat(),
            "numero_decreto",
            "\u{fffd}",
            "must be UTF-8",
        ),
        (
            A.replace("112233", "112\u{0}33").into(),
            "numero_decreto",
            "112\u{0}33",
            "must be the number of a decree: 1 to 32 letters, digits, and inside it spaces, points, slashes, dashes",
        ),
        (
            A.replace("112233", &"1".repeat(70_000)).into(),
            "numero_decreto",
            "",
            "the record is longer than 65536 bytes",
        ),
    ];
    for (row, column, value, reason) in cases {
        // A blank line before it, and a record of two lines: the line is the one that an editor shows.
        let lead = format!("{DECRETI}\n\n{}\n", B.replace("145/2023", "\"1\n2\""));
        let text = [lead.as_bytes(), &row, b"\n", A.as_bytes(), b"\n"].concat();
        let found = refused(&db.owner, &ExtractFiles::new(text, file(STANZIAMENTI, &[]))).await;
        assert_eq!(found[0].1, 3, "the number with a line break in it");
        assert_eq!(
            found[1..],
            [tell("decreti.csv", 5, column, value, reason)],
            "{}",
            String::from_utf8_lossy(&row[..row.len().min(200)])
        );
    }
}

#[tokio::test]
async fn each_bad_header() {
    let db = test_bench::database().await;
    let missing = DECRETI.replace(",cf_azienda", "");
    let renamed = DECRETI.replace("cf_azienda", "codice_fiscale");
    let twice = format!("{DECRETI},cf_azienda");
    let upper = DECRETI.replace("normativa", "Normativa");
    for (text, expected) in [
        (
            "",
            vec![("", "the file is empty: a header row is expected")],
        ),
        ("\"", vec![("", "a quote is opened and not closed")]),
        (&missing, vec![("cf_azienda", "the column is missing")]),
        (
            &renamed,
            vec![
                ("codice_fiscale", "the column is unknown"),
                ("cf_azienda", "the column is missing"),
            ],
        ),
        (&twice, vec![("cf_azienda", "the column occurs twice")]),
        (
            &upper,
            vec![
                ("Normativa", "the column is unknown"),
                ("normativa", "the column is missing"),
            ],
        ),
        (
            DECRETI,
            vec![(
                "",
                "the file has no rows: an extract holds them all, and an empty one would end them all",
            )],
        ),
    ] {
        let found = refused(&db.owner, &ExtractFiles::new(text, file(STANZIAMENTI, &[]))).await;
        let found: Vec<_> = found.iter().map(|t| (t.1, &*t.2, &*t.4)).collect();
        let expected: Vec<_> = expected.into_iter().map(|(c, m)| (1, c, m)).collect();
        assert_eq!(found, expected, "{text}");
    }
}

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once() {
    let db = test_bench::database().await;
    ExtractFiles::of(&[A], &[]).must_load(&db.owner).await;
    let bad = "X,CIGS,1,112233,2023-12-22,2023-10-01,2023-12-31,1,1,1,1,1";
    let rows: Vec<&str> = std::iter::repeat_n(bad, 2_000).collect();
    let extract = ExtractFiles::of(&rows, &["X,CIGS,2023,1.00"]).dated("2024-02-29");
    let found = refused(&db.owner, &extract).await;
    // Seven values in each row.
    assert_eq!(found.len(), 7 * 2_000 + 1);
    assert_eq!(found[13_999].1, 2_001);
    assert_eq!(found[14_000].0, "stanziamenti.csv");
    assert_eq!(visible(&db.owner, 1).await, [A]);
}

#[tokio::test]
async fn a_long_value_is_cut_and_a_doubtful_matricola_is_taken() {
    let db = test_bench::database().await;
    let long = A.replace("112233", &"à".repeat(3_000));
    let found = refused(&db.owner, &ExtractFiles::of(&[&long], &[])).await;
    assert_eq!(found[0].3, "à".repeat(200));

    let doubtful = A.replace("7012345662", "7012345663");
    let extract = ExtractFiles::of(&[&doubtful], &[]);
    let (esito, found) = extract.load(&db.owner).await;
    assert!(
        matches!(
            esito,
            Ok(LoadOutcome::Loaded(LoadSummary {
                warnings: 1,
                rows: 1,
                ..
            }))
        ),
        "{esito:?}"
    );
    assert_eq!(found[0].severity, Severity::Warning);
    assert_eq!(
        told(&found),
        [tell(
            "decreti.csv",
            2,
            "matricola_azienda",
            "7012345663",
            "the check digits do not fit"
        )]
    );
    assert_eq!(visible(&db.owner, 1).await, [doubtful]);
}

#[tokio::test]
async fn a_file_that_is_not_there() {
    let db = test_bench::database().await;
    let extract = ExtractFiles::of(&[A], &[]);
    fs::remove_file(extract.path("stanziamenti.csv")).unwrap();
    let before = everything(&db.owner).await;
    let (esito, _) = extract.load(&db.owner).await;
    let error = esito.unwrap_err().to_string();
    assert!(
        error.starts_with("cannot read ") && error.contains("stanziamenti.csv: No such file"),
        "{error}"
    );
    assert_eq!(everything(&db.owner).await, before);
    fs::write(extract.path("stanziamenti.csv"), file(STANZIAMENTI, &[])).unwrap();
    extract.must_load(&db.owner).await;
}
