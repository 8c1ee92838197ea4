use std::collections::HashMap;

use ::parquet::{
    file::reader::{FileReader as _, SerializedFileReader},
    record::Field,
};
use bytes::Bytes;

use super::*;
use crate::files::test_table;

fn write(righe: u32, rows_per_group: usize) -> Vec<u8> {
    let mut parquet = Box::new(Parquet::new(&test_table::TEST_TABLE, rows_per_group).unwrap());
    let mut file = Vec::new();
    for riga in 0..righe {
        let importo = if riga % 3 == 0 {
            String::new()
        } else {
            format!("-{riga}.25")
        };
        parquet.write_row(&["=A1", "2023-12-22", &importo]).unwrap();
        file.extend(parquet.take_bytes());
    }
    file.extend(parquet.finish(&test_table::file_info()).unwrap());
    file
}

#[test]
fn row_groups_statistics_and_metadata() {
    let reader = SerializedFileReader::new(Bytes::from(write(1000, 300))).unwrap();
    let metadata = reader.metadata();
    let groups: Vec<i64> = metadata.row_groups().iter().map(|g| g.num_rows()).collect();
    assert_eq!(groups, [300, 300, 300, 100]);
    for group in metadata.row_groups() {
        for column in group.columns() {
            assert!(matches!(column.compression(), Compression::ZSTD(_)));
            let statistics = column.statistics().unwrap();
            assert!(statistics.min_bytes_opt().is_some() && statistics.max_bytes_opt().is_some());
            let nulls = statistics.null_count_opt().unwrap();
            assert_eq!(nulls > 0, column.column_path().string() == "importo");
        }
    }
    let file = metadata.file_metadata();
    assert_eq!(file.created_by(), Some(CREATED_BY));
    let pairs = file.key_value_metadata().unwrap().iter();
    let pairs: HashMap<_, _> = pairs
        .map(|kv| (kv.key.as_str(), kv.value.clone().unwrap()))
        .collect();
    assert_eq!(pairs["omnia.rilevazione.numero"], "7");
    assert_eq!(pairs["omnia.totali.righe"], "3");
    assert_eq!(pairs["omnia.selezione.normativa"], "A");
    assert_eq!(pairs["omnia.colonne.importo"], "Un importo, in euro.");
    assert!(!pairs.contains_key("omnia.totali.importo"), "absent");

    // The text as it is: no spreadsheet runs it.
    let row = reader.get_row_iter(None).unwrap().nth(1).unwrap().unwrap();
    let fields: Vec<&Field> = row.get_column_iter().map(|(_, field)| field).collect();
    assert_eq!(fields[0], &Field::Str("=A1".into()));
    assert_eq!(fields[1].to_string(), "2023-12-22");
    assert_eq!(fields[2].to_string(), "-1.25");
}

/// What another machine, another day, and another version of a library would write: the same, or this test says so.
#[test]
fn the_bytes_are_these() {
    let file = write(1000, 600);
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &file);
    let digest: String = digest.as_ref().iter().map(|b| format!("{b:02x}")).collect();
    expect_test::expect!["3134 9776ba4c15c9f3ff1b1ab041ade4450c345a9e289a09988f34c74f3b87d09270"]
        .assert_eq(&format!("{} {digest}", file.len()));
}
