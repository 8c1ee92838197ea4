//! Rows for an export, a page at a time, as Postgres can give them fastest.
//!
//! A page is one value: the rows' columns joined by U+001F, the rows by U+001E. Row by row and column by column, the
//! messages of the protocol would cost more than the rows themselves. No stored text holds either of the two: every
//! column has an alphabet of its own ([`crate::valori`]), checked when it was loaded.
//!
//! ```text
//! 41␟2023-03-01␟145/2023␟CIGS␟333-145␟145/2023␟2023-03-01␟…␟1200.00 ␞ 42␟…
//! └─ id, data_decreto, numero_decreto: the key ─┘└─ the columns of the contract, as far as the caller sees them
//! ```

use chrono::NaiveDate;
use sqlx::{Postgres, QueryBuilder};

use super::query::Lettura;
use crate::{
    error::{Error, Result},
    lotto::{
        Lotto,
        posizione::Posizione,
        riga::{COLONNE, Riga, RigaError},
        somme::Somme,
    },
};

const COLUMN_END: char = '\u{1f}';
const ROW_END: char = '\u{1e}';

/// The key of a row as it is read: date, number, id.
type Chiave<'a> = (&'a str, &'a str, i64);

impl Lettura {
    /// At most `limite` rows after a position; whether rows follow them.
    ///
    /// # Errors
    /// The database's.
    pub async fn righe(
        &self,
        dopo: Option<&Posizione>,
        limite: i64,
    ) -> Result<(Option<Lotto>, bool)> {
        // One row more than the page tells whether there is a next one.
        let mut query = self.righe_statement(dopo, limite + 1);
        let page: Option<String> = query.build_query_scalar().fetch_one(self.pool()).await?;
        let Some(page) = page else {
            return Ok((None, false));
        };
        let full = usize::try_from(limite).map_err(Error::internal)?;
        let mut byte = Vec::with_capacity(page.len() + page.len() / 4);
        let mut somme = Somme::default();
        let mut ultima: Option<Chiave<'_>> = None;
        let mut altre = false;
        for (at, row) in page.split(ROW_END).enumerate() {
            if at == full {
                altre = true;
                break;
            }
            let (chiave, riga) = leggi(row)?;
            // Postgres adds up an aggregate in the order of its input, and does not promise it.
            if ultima.is_some_and(|ultima| ultima >= chiave) {
                return Err(Error::internal("the rows of a page are out of order"));
            }
            ultima = Some(chiave);
            somme.aggiungi(&riga)?;
            riga.scrivi(&mut byte);
        }
        let (data, numero, id) = ultima.ok_or(RigaError)?;
        let fine = Posizione {
            data_decreto: data.parse::<NaiveDate>().map_err(Error::internal)?,
            numero_decreto: numero.to_owned(),
            id,
        };
        let lotto = Lotto {
            byte: byte.into(),
            somme,
            fine,
        };
        Ok((Some(lotto), altre))
    }

    /// The statement of [`Self::righe`], for whoever wants to see its plan.
    #[must_use]
    pub fn righe_statement(&self, dopo: Option<&Posizione>, limite: i64) -> QueryBuilder<Postgres> {
        let mut query = QueryBuilder::new(
            "select string_agg(riga, U&'\\001E') from (select concat_ws(U&'\\001F', id, data_decreto, numero_decreto",
        );
        self.push_columns(&mut query);
        query.push(") as riga");
        self.push_page(&mut query, dopo, limite);
        query.push(") as pagina");
        query
    }
}

fn leggi(row: &str) -> Result<(Chiave<'_>, Riga<'_>), RigaError> {
    let mut fields = row.split(COLUMN_END);
    let mut next = || fields.next().ok_or(RigaError);
    let id = next()?.parse().map_err(|_| RigaError)?;
    let chiave = (next()?, next()?, id);
    let mut colonne = [""; COLONNE.len()];
    for colonna in &mut colonne {
        *colonna = next()?;
    }
    match fields.next() {
        None => Ok((chiave, Riga::of(colonne))),
        Some(_) => Err(RigaError),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_its_key_and_all_its_columns() {
        let fields: Vec<String> = (1..=14).map(|n| n.to_string()).collect();
        let row = fields.join("\u{1f}");
        let (chiave, riga) = leggi(&row).unwrap();
        assert_eq!(chiave, ("2", "3", 1));
        assert_eq!((riga.prestazione, riga.importi_erogati), ("4", "14"));
        for bad in [
            &fields[..13].join("\u{1f}"),
            &format!("{row}\u{1f}"),
            "",
            "x",
        ] {
            assert_eq!(leggi(bad).unwrap_err(), RigaError);
        }
    }
}
