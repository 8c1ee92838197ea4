//! The parts of a workbook but for its rows.

use std::fmt::Write as _;

use chrono::SecondsFormat;

use super::xml;
use crate::files::{CellType, FileInfo, FileTable};

/// Style of a header, in [`STYLES`].
pub(super) const BOLD: &str = "3";
/// Style of a text that is broken into lines.
pub(super) const WRAPPED: &str = "4";

const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
const SHEET_START: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
    <worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">";

/// Up to the rows of "Informazioni".
pub(super) const INFO_SHEET_START: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
    <worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">\
    <cols><col min=\"1\" max=\"1\" width=\"28\" customWidth=\"1\"/>\
    <col min=\"2\" max=\"2\" width=\"100\" customWidth=\"1\"/></cols><sheetData>";

/// Cell styles by number: 0 plain, 1 a date in the reader's own form, 2 an amount likewise, 3 bold, 4 broken into lines.
const STYLES: &str = "<styleSheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">\
    <fonts count=\"2\"><font><sz val=\"11\"/><name val=\"Calibri\"/><family val=\"2\"/></font>\
    <font><b/><sz val=\"11\"/><name val=\"Calibri\"/><family val=\"2\"/></font></fonts>\
    <fills count=\"2\"><fill><patternFill patternType=\"none\"/></fill>\
    <fill><patternFill patternType=\"gray125\"/></fill></fills>\
    <borders count=\"1\"><border><left/><right/><top/><bottom/><diagonal/></border></borders>\
    <cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs>\
    <cellXfs count=\"5\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\"/>\
    <xf numFmtId=\"14\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/>\
    <xf numFmtId=\"4\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/>\
    <xf numFmtId=\"0\" fontId=\"1\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyFont=\"1\"/>\
    <xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyAlignment=\"1\">\
    <alignment vertical=\"top\" wrapText=\"1\"/></xf></cellXfs>\
    <cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/></cellStyles></styleSheet>";

const RELATIONSHIPS: &str = "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
    <Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/>\
    <Relationship Id=\"rId2\" Type=\"http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties\" Target=\"docProps/core.xml\"/>\
    </Relationships>";

/// Of the n-th sheet, from 1.
pub(super) fn sheet_path(numero: usize) -> String {
    format!("xl/worksheets/sheet{numero}.xml")
}

/// Up to the rows: the first row is frozen; the first sheet is the one that is shown.
pub(super) fn start_sheet(xml: &mut Vec<u8>, table: &FileTable, shown: bool) {
    let mut testo = SHEET_START.to_owned();
    let shown = if shown { " tabSelected=\"1\"" } else { "" };
    // Writing to a String cannot fail.
    let _ = write!(
        testo,
        "<sheetViews><sheetView{shown} workbookViewId=\"0\">\
         <pane ySplit=\"1\" topLeftCell=\"A2\" activePane=\"bottomLeft\" state=\"frozen\"/>\
         </sheetView></sheetViews><cols>"
    );
    for (numero, colonna) in (1..).zip(table.columns) {
        let width = match colonna.cell_type {
            CellType::Date | CellType::Count | CellType::Ratio => 12,
            CellType::Number | CellType::Sum => 19,
            CellType::Text => 20,
        };
        // Room for the name and the button of the filter.
        let width = width.max(colonna.name.len() + 4);
        let _ = write!(
            testo,
            "<col min=\"{numero}\" max=\"{numero}\" width=\"{width}\" customWidth=\"1\"/>"
        );
    }
    testo.push_str("</cols><sheetData>");
    xml.extend_from_slice(testo.as_bytes());
}

/// From the last row on.
pub(super) fn end_sheet(xml: &mut Vec<u8>, table: &FileTable, righe: u32) {
    let (last, bottom) = (last_column(table), righe + 1);
    let end = format!("</sheetData><autoFilter ref=\"A1:{last}{bottom}\"/></worksheet>");
    xml.extend_from_slice(end.as_bytes());
}

fn last_column(table: &FileTable) -> &'static str {
    xml::column_letter(table.columns.len().saturating_sub(1))
}

/// What follows the sheets: names and contents. `righe`: of each sheet of rows.
pub(super) fn other_parts(
    table: &FileTable,
    righe: &[u32],
    info: &FileInfo,
) -> [(&'static str, String); 6] {
    [
        ("xl/styles.xml", format!("{XML}{STYLES}")),
        ("xl/workbook.xml", workbook(table, righe)),
        ("xl/_rels/workbook.xml.rels", relationships(righe.len() + 1)),
        ("docProps/core.xml", properties(table, info)),
        ("_rels/.rels", format!("{XML}{RELATIONSHIPS}")),
        ("[Content_Types].xml", content_types(righe.len() + 1)),
    ]
}

/// Names of sheets: `decreti`, `decreti 2`, …, `Informazioni`.
fn workbook(table: &FileTable, righe: &[u32]) -> String {
    let mut testo = format!(
        "{XML}<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" \
         xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\">\
         <workbookPr date1904=\"false\"/><bookViews><workbookView/></bookViews><sheets>"
    );
    let nome = |numero: usize| match numero {
        1 => table.name.to_owned(),
        _ => format!("{} {numero}", table.name),
    };
    let data_pool = 1..=righe.len();
    let names = data_pool
        .clone()
        .map(nome)
        .chain(["Informazioni".to_owned()]);
    for (numero, nome) in (1..).zip(names) {
        let _ = write!(
            testo,
            "<sheet name=\"{nome}\" sheetId=\"{numero}\" r:id=\"rId{numero}\"/>"
        );
    }
    testo.push_str("</sheets><definedNames>");
    let last = last_column(table);
    for (numero, righe) in data_pool.zip(righe) {
        let (sheet, nome, bottom) = (numero - 1, nome(numero), righe + 1);
        let _ = write!(
            testo,
            "<definedName name=\"_xlnm._FilterDatabase\" localSheetId=\"{sheet}\" hidden=\"1\">\
             '{nome}'!$A$1:${last}${bottom}</definedName>"
        );
    }
    testo.push_str("</definedNames></workbook>");
    testo
}

fn relationships(sheets: usize) -> String {
    const TIPO: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let mut testo = format!(
        "{XML}<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">"
    );
    for numero in 1..=sheets {
        let _ = write!(
            testo,
            "<Relationship Id=\"rId{numero}\" Type=\"{TIPO}/worksheet\" Target=\"worksheets/sheet{numero}.xml\"/>"
        );
    }
    let styles = sheets + 1;
    let _ = write!(
        testo,
        "<Relationship Id=\"rId{styles}\" Type=\"{TIPO}/styles\" Target=\"styles.xml\"/></Relationships>"
    );
    testo
}

/// The date of the file is that of its data: the same rows are the same bytes tomorrow.
fn properties(table: &FileTable, info: &FileInfo) -> String {
    let rilevazione = &info.rilevazione;
    let data = rilevazione
        .caricata_il
        .to_rfc3339_opts(SecondsFormat::Secs, true);
    let mut title = Vec::new();
    xml::write_escaped(&mut title, table.title);
    let title = String::from_utf8_lossy(&title);
    format!(
        "{XML}<cp:coreProperties xmlns:cp=\"http://schemas.openxmlformats.org/package/2006/metadata/core-properties\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:dcterms=\"http://purl.org/dc/terms/\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\
         <dc:title>{title}</dc:title><dc:creator>OMNIA IS Monitoraggio</dc:creator>\
         <dcterms:created xsi:type=\"dcterms:W3CDTF\">{data}</dcterms:created></cp:coreProperties>"
    )
}

fn content_types(sheets: usize) -> String {
    const TIPO: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";
    let mut testo = format!(
        "{XML}<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
         <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Default Extension=\"xml\" ContentType=\"application/xml\"/>\
         <Override PartName=\"/xl/workbook.xml\" ContentType=\"{TIPO}.sheet.main+xml\"/>\
         <Override PartName=\"/xl/styles.xml\" ContentType=\"{TIPO}.styles+xml\"/>\
         <Override PartName=\"/docProps/core.xml\" ContentType=\"application/vnd.openxmlformats-package.core-properties+xml\"/>"
    );
    for numero in 1..=sheets {
        let _ = write!(
            testo,
            "<Override PartName=\"/xl/worksheets/sheet{numero}.xml\" ContentType=\"{TIPO}.worksheet+xml\"/>"
        );
    }
    testo.push_str("</Types>");
    testo
}
