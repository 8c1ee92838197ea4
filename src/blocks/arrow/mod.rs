//! The detail as Arrow: a schema, and record batches of rows.
//!
//! ```
//! use omnia::{arrow::{self, Costruttore}, lotto::riga::Riga};
//!
//! let riga = Riga {
//!     prestazione: "CIGS",
//!     data_decreto: "2023-12-22",
//!     importi_erogati: "1200.00",
//!     ..Riga::default()
//! };
//! // What the caller does not see is no column.
//! let schema = arrow::schema(|c| ["prestazione", "data_decreto", "importi_erogati"].contains(&c), []);
//! let mut costruttore = Costruttore::new(schema);
//! costruttore.aggiungi(&riga)?;
//! let batch = costruttore.finisci()?;
//! assert_eq!((batch.num_rows(), batch.num_columns()), (1, 3));
//! # Ok::<(), omnia::error::Error>(())
//! ```
//!
//! | columns | type |
//! | --- | --- |
//! | prestazione, codifica_sistema_unico | dictionary(int32, utf8): few values, many rows |
//! | numero_decreto, cf_azienda, matricola_azienda | utf8 |
//! | data_decreto, validita_dal, validita_al | date32 |
//! | ore_decretate, importi_autorizzati, importi_erogati | decimal128(18, 2) |
//!
//! A codice fiscale is no dictionary: equal indices would show which rows are of one person whose code is masked.

pub mod codifica;
mod colonna;
pub mod conservato;

use std::{collections::HashMap, sync::Arc};

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use self::colonna::{Codici, Colonna};
use crate::{
    blocks::{
        glossario::DETTAGLIO,
        riga::{COLONNE, Riga},
    },
    error::{Error, Result},
};

/// The columns with a dictionary.
const PRESTAZIONE: &str = "prestazione";
const CODIFICA: &str = "codifica_sistema_unico";
/// Digits of an amount, and those after the point: as `numeric(18, 2)` has them.
const CIFRE: (u8, i8) = (18, 2);

/// The schema of the columns that the caller sees, with metadata of its own besides those of the columns: `descrizione`
/// and, for quantities, `unita`.
#[must_use]
pub fn schema(
    vede: impl Fn(&str) -> bool,
    metadata: impl IntoIterator<Item = (String, String)>,
) -> SchemaRef {
    let fields: Vec<Field> = DETTAGLIO
        .iter()
        .filter(|voce| vede(voce.colonna))
        .map(|voce| {
            let unita = voce
                .unita
                .map(|unita| ("unita".to_owned(), unita.to_owned()));
            let metadata = [("descrizione".to_owned(), voce.descrizione.to_owned())]
                .into_iter()
                .chain(unita);
            Field::new(voce.colonna, tipo(voce.colonna), false)
                .with_metadata(metadata.collect::<HashMap<_, _>>())
        })
        .collect();
    let metadata: HashMap<String, String> = metadata.into_iter().collect();
    Arc::new(Schema::new_with_metadata(fields, metadata))
}

fn tipo(colonna: &str) -> DataType {
    match colonna {
        PRESTAZIONE | CODIFICA => {
            DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
        }
        "data_decreto" | "validita_dal" | "validita_al" => DataType::Date32,
        "ore_decretate" | "importi_autorizzati" | "importi_erogati" => {
            DataType::Decimal128(CIFRE.0, CIFRE.1)
        }
        _ => DataType::Utf8,
    }
}

/// Makes record batches of rows. The dictionaries of a batch begin with those of the one before: what was
/// learnt stays, at the same index.
#[derive(Debug)]
pub struct Costruttore {
    schema: SchemaRef,
    righe: usize,
    /// Which column of a row each is.
    colonne: Vec<(usize, Colonna)>,
}

/// The texts of the two columns that have a dictionary, each at its place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dizionari {
    /// Of `prestazione`.
    pub prestazioni: Vec<String>,
    /// Of `codifica_sistema_unico`.
    pub codifiche: Vec<String>,
}

impl Costruttore {
    /// For a schema that [`schema`] made.
    #[must_use]
    pub fn new(schema: SchemaRef) -> Self {
        Self::con_dizionari(schema, &Dizionari::default())
    }

    /// Whose dictionaries begin with these texts.
    #[must_use]
    pub fn con_dizionari(schema: SchemaRef, dizionari: &Dizionari) -> Self {
        let colonne = schema
            .fields()
            .iter()
            .filter_map(|field| {
                let at = COLONNE.iter().position(|name| name == field.name())?;
                let colonna = match COLONNE[at] {
                    PRESTAZIONE => Colonna::Codici(Codici::con(&dizionari.prestazioni)),
                    CODIFICA => Colonna::Codici(Codici::con(&dizionari.codifiche)),
                    _ => Colonna::new(field.data_type()),
                };
                Some((at, colonna))
            })
            .collect();
        Self {
            schema,
            righe: 0,
            colonne,
        }
    }

    /// The schema of its batches.
    #[must_use]
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// What its dictionaries have so far.
    #[must_use]
    pub fn dizionari(&self) -> Dizionari {
        let testi = |nome: &str| {
            let found = self.colonne.iter().find(|(at, _)| COLONNE[*at] == nome);
            match found {
                Some((_, Colonna::Codici(codici))) => codici.testi(),
                _ => Vec::new(),
            }
        };
        Dizionari {
            prestazioni: testi(PRESTAZIONE),
            codifiche: testi(CODIFICA),
        }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// A value that is not of its column's type: a fault of ours, and the batch is of no use any more.
    pub fn aggiungi(&mut self, riga: &Riga<'_>) -> Result<()> {
        let valori = riga.colonne();
        for (at, colonna) in &mut self.colonne {
            colonna.aggiungi(valori[*at])?;
        }
        self.righe += 1;
        Ok(())
    }

    /// The rows since the last batch.
    ///
    /// # Errors
    /// More than fits in a batch: 2 GiB of text.
    pub fn finisci(&mut self) -> Result<RecordBatch> {
        let arrays: Vec<ArrayRef> = self
            .colonne
            .iter_mut()
            .map(|(_, colonna)| colonna.finisci())
            .collect::<Result<_, _>>()
            .map_err(Error::internal)?;
        // Of a caller who sees no column there are still so many rows.
        let options =
            RecordBatchOptions::new().with_row_count(Some(std::mem::take(&mut self.righe)));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)
            .map_err(Error::internal)
    }
}

#[cfg(test)]
mod tests;
