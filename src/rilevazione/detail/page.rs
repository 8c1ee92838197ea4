//! Rows as Postgres can give them fastest: many in one value.
//!
//! The columns of a row are joined by U+001F, the rows by U+001E. Row by row and column by column, the messages of the
//! protocol would cost more than the rows themselves. No stored text holds either of the two: every column has an
//! alphabet of its own ([`crate::valori`]), checked when it was loaded.
//!
//! ```text
//! 41␟2023-03-01␟145/2023␟0␟CIGS␟333-145␟145/2023␟2023-03-01␟…␟1200.00 ␞ 42␟…
//! └─ id, data_decreto, numero_decreto: the key ─┘ │ └─ the columns of the contract
//!                                                 └─ whether the employer is a natural person
//! ```

use std::str::Split;

use sqlx::{Postgres, QueryBuilder};

use super::{
    cursor::Cursor,
    row::{DETAIL_COLUMNS, DetailRow, DetailRowError},
};
use crate::postgres::predicates::PERSONA_FISICA;

const COLUMN_END: char = '\u{1f}';
const ROW_END: char = '\u{1e}';

/// The columns in the order of the contract, as SQL. Postgres renders the text: `numeric(18,2)` always has two decimals
/// there, and a `date` is ISO (sqlx sets DateStyle on every connection).
pub const EXPRESSIONS: [&str; 11] = [
    "prestazione",
    "codifica_sistema_unico",
    "numero_decreto",
    "data_decreto::text",
    "validita_dal::text",
    "validita_al::text",
    "cf_azienda",
    "matricola_azienda",
    "ore_decretate::text",
    "importi_autorizzati::text",
    "importi_erogati::text",
];

/// A row as it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRow<'a> {
    /// Where it stands.
    pub key: RowKey<'a>,
    /// Whether its employer is a natural person, be the code masked or not.
    pub persona_fisica: bool,
    /// Its columns.
    pub row: DetailRow<'a>,
}

/// The key of a row as it is read. It compares as the rows are ordered: days as ISO texts, numbers by byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowKey<'a> {
    /// First.
    pub data_decreto: &'a str,
    /// Second.
    pub numero_decreto: &'a str,
    /// Third.
    pub id: i64,
}

impl RowKey<'_> {
    /// The key as a value.
    ///
    /// # Errors
    /// The day is none.
    pub fn cursor(&self) -> Result<Cursor, DetailRowError> {
        Ok(Cursor {
            data_decreto: self.data_decreto.parse().map_err(|_| DetailRowError)?,
            numero_decreto: self.numero_decreto.to_owned(),
            id: self.id,
        })
    }
}

/// Pushes a query of one value, the page. `colonne` pushes each of the eleven columns after a comma; `da` the rest, from
/// `from` on: which rows, in which order, how many.
pub fn push_page_query(
    query: &mut QueryBuilder<Postgres>,
    colonne: impl FnOnce(&mut QueryBuilder<Postgres>),
    da: impl FnOnce(&mut QueryBuilder<Postgres>),
) {
    query.push(
        "select string_agg(riga, U&'\\001E') from \
         (select concat_ws(U&'\\001F', id, data_decreto, numero_decreto, ",
    );
    query.push(PERSONA_FISICA).push("::integer");
    colonne(query);
    query.push(") as riga");
    da(query);
    query.push(") as pagina");
}

/// The rows of a page, with their keys.
#[derive(Debug)]
pub struct PageRows<'a> {
    righe: Split<'a, char>,
    ultima: Option<RowKey<'a>>,
}

impl<'a> PageRows<'a> {
    /// The rows of what [`push_page_query`] selected.
    #[must_use]
    pub fn new(testo: &'a str) -> Self {
        Self {
            righe: testo.split(ROW_END),
            ultima: None,
        }
    }

    /// The key of the last row of such a text, without the others.
    ///
    /// # Errors
    /// It is not one.
    pub fn last_cursor(testo: &str) -> Result<Cursor, DetailRowError> {
        let row = testo.rsplit(ROW_END).next().ok_or(DetailRowError)?;
        read_row(row)?.key.cursor()
    }
}

impl<'a> Iterator for PageRows<'a> {
    type Item = Result<PageRow<'a>, DetailRowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let read = read_row(self.righe.next()?);
        Some(read.and_then(|read_at| {
            // Postgres adds up an aggregate in the order of its input, and does not promise it.
            if self.ultima.is_some_and(|ultima| ultima >= read_at.key) {
                return Err(DetailRowError);
            }
            self.ultima = Some(read_at.key);
            Ok(read_at)
        }))
    }
}

fn read_row(row: &str) -> Result<PageRow<'_>, DetailRowError> {
    let mut fields = row.split(COLUMN_END);
    let mut next = || fields.next().ok_or(DetailRowError);
    let key = RowKey {
        id: next()?.parse().map_err(|_| DetailRowError)?,
        data_decreto: next()?,
        numero_decreto: next()?,
    };
    let persona_fisica = match next()? {
        "0" => false,
        "1" => true,
        _ => return Err(DetailRowError),
    };
    let mut colonne = [""; DETAIL_COLUMNS.len()];
    for colonna in &mut colonne {
        *colonna = next()?;
    }
    match fields.next() {
        None => Ok(PageRow {
            key,
            persona_fisica,
            row: DetailRow::of(colonne),
        }),
        Some(_) => Err(DetailRowError),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: i64) -> String {
        let fields: Vec<String> = (4..=14).map(|n| n.to_string()).collect();
        format!("{id}\u{1f}2\u{1f}3\u{1f}1\u{1f}{}", fields.join("\u{1f}"))
    }

    #[test]
    fn a_row_has_its_key_and_all_its_columns() {
        let text = row(1);
        let PageRow {
            key,
            persona_fisica,
            row: riga,
        } = read_row(&text).unwrap();
        assert!(persona_fisica);
        assert_eq!(
            (key.data_decreto, key.numero_decreto, key.id),
            ("2", "3", 1)
        );
        assert_eq!((riga.prestazione, riga.importi_erogati), ("4", "14"));
        let short = text.rsplit_once('\u{1f}').unwrap().0;
        let neither = text.replacen("\u{1f}1\u{1f}", "\u{1f}2\u{1f}", 1);
        for bad in [short, &format!("{text}\u{1f}"), &neither, "", "x"] {
            assert_eq!(read_row(bad).unwrap_err(), DetailRowError);
        }
    }

    #[test]
    fn rows_out_of_order_are_an_error() {
        let page = |ids: [i64; 2]| ids.map(row).join("\u{1e}");
        assert!(PageRows::new(&page([1, 2])).all(|row| row.is_ok()));
        assert!(PageRows::new(&page([2, 1])).any(|row| row.is_err()));
        assert!(PageRows::new(&page([2, 2])).any(|row| row.is_err()));
    }
}
