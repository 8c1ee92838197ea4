//! Files that are something else than the CSV that is asked for: one sentence each, and not one a row.

use super::{
    rejects::{refused, tell, told},
    *,
};
use crate::test_bench;

fn utf16(text: &str, byte: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(byte).collect()
}

#[tokio::test]
async fn one_sentence_says_what_the_file_is() {
    let db = test_bench::database().await;
    let plain = file(DECRETI, &[A, B]);
    let utf_16 = "is UTF-16 text: save it as UTF-8 (in Excel: `CSV UTF-8`)";
    let packed = "is compressed, or a spreadsheet (XLSX, ODS): unpack it, or export it as CSV";
    let tabs = "has tabs between the columns: separate them by `,` or `;`";
    let returns = "has lines that end with CR alone: end them with LF or CRLF";
    let sep = "begins with a line `sep=`, which only Excel reads: delete it";
    let mut gzip = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    gzip.extend((0..200_u8).map(|i| i.wrapping_mul(37)));
    for (what, bytes, sentence) in [
        (
            "LE",
            utf16(&format!("\u{feff}{plain}"), u16::to_le_bytes),
            utf_16,
        ),
        (
            "BE",
            utf16(&format!("\u{feff}{plain}"), u16::to_be_bytes),
            utf_16,
        ),
        ("LE, no mark", utf16(&plain, u16::to_le_bytes), utf_16),
        ("BE, no mark", utf16(&plain, u16::to_be_bytes), utf_16),
        ("gzip", gzip, packed),
        ("zip", b"PK\x03\x04\x14\0\0\0\x08\0".repeat(9), packed),
        ("zstd", b"\x28\xb5\x2f\xfd\x04\0\0\0".repeat(9), packed),
        ("xz", b"\xfd7zXZ\0\0\x04".repeat(9), packed),
        ("bzip2", b"BZh91AY&SY".repeat(9), packed),
        ("tabs", plain.replace(',', "\t").into(), tabs),
        ("CR", plain.replace('\n', "\r").into(), returns),
        (
            "CR, a mark",
            format!("\u{feff}{}", plain.replace('\n', "\r")).into(),
            returns,
        ),
        (
            "sep",
            format!("sep=;\n{}", plain.replace(',', ";")).into(),
            sep,
        ),
        ("sep", format!("\u{feff}SEP=,\r\n{plain}").into(), sep),
        (
            "sep",
            format!("\"sep=;\"\r\n{}", plain.replace(',', ";")).into(),
            sep,
        ),
    ] {
        let found = refused(
            &db.owner,
            &ExtractFiles::new(bytes, file(STANZIAMENTI, &[])),
        )
        .await;
        assert_eq!(found, [tell("decreti.csv", 1, "", "", sentence)], "{what}");
    }
    // The same of every file.
    let extract = ExtractFiles::new(&plain, utf16(&file(STANZIAMENTI, &[]), u16::to_le_bytes));
    let found = refused(&db.owner, &extract).await;
    assert_eq!(found, [tell("stanziamenti.csv", 1, "", "", utf_16)]);
}

#[tokio::test]
async fn what_a_spreadsheet_leaves_behind() {
    let db = test_bench::database().await;
    let commas = ",".repeat(11);
    let rows = format!(
        "{DECRETI}\n{A}\n{commas}\n{}\n{B}\n",
        commas.replace(',', " ,")
    );
    let found = refused(&db.owner, &ExtractFiles::new(rows, file(STANZIAMENTI, &[]))).await;
    let empty = "the row has separators and no values: delete it";
    assert_eq!(
        found,
        [
            tell("decreti.csv", 3, "", "", empty),
            // Blanks are values, if wrong ones: each is told.
        ]
        .into_iter()
        .chain(found[1..].iter().cloned())
        .collect::<Vec<_>>()
    );
    assert_eq!(found[1].1, 4);

    // Of another width than the header, too.
    let rows = format!("{DECRETI}\n{A}\n,,,\n{}\n", ";".repeat(20));
    let found = refused(&db.owner, &ExtractFiles::new(rows, file(STANZIAMENTI, &[]))).await;
    assert_eq!(found[0], tell("decreti.csv", 3, "", "", empty));

    let header = format!("{DECRETI},,\n{A},,\n");
    let found = refused(
        &db.owner,
        &ExtractFiles::new(header, file(STANZIAMENTI, &[])),
    )
    .await;
    let trailing = "the header ends with 2 separators and no name: columns without a name; delete them in every row";
    assert_eq!(found, [tell("decreti.csv", 1, "", "", trailing)]);

    let one = format!("{DECRETI}\n{A},\n{B}\n");
    let found = refused(&db.owner, &ExtractFiles::new(one, file(STANZIAMENTI, &[]))).await;
    let more = "12 fields are expected, 13 were found: the row ends with 1 separators too many";
    assert_eq!(found, [tell("decreti.csv", 2, "", "", more)]);
}

#[tokio::test]
async fn a_day_of_another_century_is_doubtful() {
    let db = test_bench::database().await;
    let row = A
        .replace("2023-12-22", "0023-12-22")
        .replace("2023-12-31", "2101-01-01");
    let edge = B
        .replace("2023-12-23", "1990-01-01")
        .replace("2024-09-30", "2100-12-31");
    let extract = ExtractFiles::of(&[&row, &edge], &[]);
    let (esito, found) = extract.load(&db.owner).await;
    assert!(
        matches!(&esito, Ok(LoadOutcome::Loaded(r)) if r.warnings == 2),
        "{esito:?}"
    );
    let doubt = "is before 1990 or after 2100: is the year right?";
    assert_eq!(
        told(&found),
        [
            tell("decreti.csv", 2, "data_decreto", "0023-12-22", doubt),
            tell("decreti.csv", 2, "validita_al", "2101-01-01", doubt),
        ]
    );
    assert_eq!(visible(&db.owner, 1).await, [row, edge]);
}
