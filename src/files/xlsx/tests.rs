use std::io::{Cursor, Read as _};

use super::*;
use crate::files::test_table;

fn part(file: &[u8], nome: &str) -> String {
    let mut zip = zip::ZipArchive::new(Cursor::new(file)).unwrap();
    let mut testo = String::new();
    zip.by_name(nome)
        .unwrap()
        .read_to_string(&mut testo)
        .unwrap();
    testo
}

fn write(righe: u32, rows_per_sheet: u32) -> Vec<u8> {
    let mut xlsx = Box::new(Xlsx::new(&test_table::TEST_TABLE, rows_per_sheet).unwrap());
    let mut file = Vec::new();
    for riga in 0..righe {
        let importo = format!("{riga}.25");
        xlsx.write_row(&["=A1", "2023-12-22", &importo]).unwrap();
        file.extend(xlsx.take_bytes());
    }
    file.extend(xlsx.finish(&test_table::file_info()).unwrap());
    file
}

#[test]
fn more_rows_go_on_in_further_sheets() {
    for (righe, sheets) in [
        (0, vec![0]),
        (3, vec![3]),
        (4, vec![3, 1]),
        (9, vec![3, 3, 3]),
    ] {
        let file = write(righe, 3);
        let mut importi = Vec::new();
        for (numero, righe) in (1..).zip(&sheets) {
            let sheet = part(&file, &parts::sheet_path(numero));
            assert_eq!(sheet.matches("<row ").count(), righe + 1, "and the header");
            assert!(sheet.contains("<pane ySplit=\"1\""), "frozen");
            let filtro = format!("<autoFilter ref=\"A1:C{}\"/>", righe + 1);
            assert!(sheet.contains(&filtro));
            for importo in sheet.split("<v>").skip(1) {
                importi.extend(importo.split_once(".25</v>").map(|(n, _)| n.to_owned()));
            }
        }
        let expected: Vec<String> = (0..righe).map(|n| n.to_string()).collect();
        assert_eq!(importi, expected, "every row once, in order");
        let cartella = part(&file, "xl/workbook.xml");
        assert_eq!(cartella.matches("<sheet ").count(), sheets.len() + 1);
        assert!(cartella.contains("name=\"Informazioni\""));
        let info = part(&file, &parts::sheet_path(sheets.len() + 1));
        assert!(info.contains("Totali di controllo"));
    }
}

/// What another machine, another day, and another version of a library would write: the same, or this test says so.
#[test]
fn the_bytes_are_these() {
    let file = write(1000, 600);
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &file);
    let digest: String = digest.as_ref().iter().map(|b| format!("{b:02x}")).collect();
    expect_test::expect!["20975 7931ec80433da999240c4dbb3257dee465dcf4711499d8e7577752b61dcebd99"]
        .assert_eq(&format!("{} {digest}", file.len()));
}
