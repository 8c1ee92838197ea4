//! The detail as Arrow: a schema, and record batches of rows.
//!
//! ```
//! use omnia::{arrow::{self, RecordBatchBuilder}, lotto::detail_row::DetailRow};
//!
//! let riga = DetailRow {
//!     prestazione: "CIGS",
//!     data_decreto: "2023-12-22",
//!     importi_erogati: "1200.00",
//!     ..Riga::default()
//! };
//! // DerivedCommand the caller does not see is no column.
//! let schema = arrow::scheme(|c| ["prestazione", "data_decreto", "importi_erogati"].contains(&c), []);
//! let mut costruttore = RecordBatchBuilder::new(schema);
//! costruttore.add(&riga)?;
//! let batch = costruttore.finish()?;
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

mod column;
pub mod ipc;
pub mod stored_batch;

use std::{collections::HashMap, sync::Arc};

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use self::column::{BatchColumn, CodeValues};
use crate::{
    blocks::{
        detail_row::{DETAIL_COLUMNS, DetailRow},
        glossary::DETAIL_GLOSSARY,
    },
    error::{Error, Result},
};

/// The columns with a dictionary.
const PRESTAZIONE: &str = "prestazione";
const CODIFICA: &str = "codifica_sistema_unico";
/// Digits of an amount, and those after the point: as `numeric(18, 2)` has them.
const AMOUNT_DIGITS: (u8, i8) = (18, 2);

/// The schema of the columns that the caller sees, with metadata of its own besides those of the columns: `descrizione`
/// and, for quantities, `unita`.
#[must_use]
pub fn schema(
    vede: impl Fn(&str) -> bool,
    metadata: impl IntoIterator<Item = (String, String)>,
) -> SchemaRef {
    let fields: Vec<Field> = DETAIL_GLOSSARY
        .iter()
        .filter(|voce| vede(voce.column))
        .map(|voce| {
            let unita = voce
                .unit
                .map(|unita| ("unita".to_owned(), unita.to_owned()));
            let metadata = [("descrizione".to_owned(), voce.description.to_owned())]
                .into_iter()
                .chain(unita);
            Field::new(voce.column, data_type(voce.column), false)
                .with_metadata(metadata.collect::<HashMap<_, _>>())
        })
        .collect();
    let metadata: HashMap<String, String> = metadata.into_iter().collect();
    Arc::new(Schema::new_with_metadata(fields, metadata))
}

fn data_type(colonna: &str) -> DataType {
    match colonna {
        PRESTAZIONE | CODIFICA => {
            DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
        }
        "data_decreto" | "validita_dal" | "validita_al" => DataType::Date32,
        "ore_decretate" | "importi_autorizzati" | "importi_erogati" => {
            DataType::Decimal128(AMOUNT_DIGITS.0, AMOUNT_DIGITS.1)
        }
        _ => DataType::Utf8,
    }
}

/// Makes record batches of rows. The dictionaries of a batch begin with those of the one before: what was
/// learnt stays, at the same index.
#[derive(Debug)]
pub struct RecordBatchBuilder {
    schema: SchemaRef,
    righe: usize,
    /// Which column of a row each is.
    colonne: Vec<(usize, BatchColumn)>,
}

/// The texts of the two columns that have a dictionary, each at its place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BatchDictionaries {
    /// Of `prestazione`.
    pub prestazioni: Vec<String>,
    /// Of `codifica_sistema_unico`.
    pub codifiche: Vec<String>,
}

impl RecordBatchBuilder {
    /// For a schema that [`schema`] made.
    #[must_use]
    pub fn new(schema: SchemaRef) -> Self {
        Self::with_dictionaries(schema, &BatchDictionaries::default())
    }

    /// Whose dictionaries begin with these texts.
    #[must_use]
    pub fn with_dictionaries(schema: SchemaRef, dizionari: &BatchDictionaries) -> Self {
        let colonne = schema
            .fields()
            .iter()
            .filter_map(|field| {
                let at = DETAIL_COLUMNS
                    .iter()
                    .position(|name| name == field.name())?;
                let colonna = match DETAIL_COLUMNS[at] {
                    PRESTAZIONE => BatchColumn::Codes(CodeValues::with(&dizionari.prestazioni)),
                    CODIFICA => BatchColumn::Codes(CodeValues::with(&dizionari.codifiche)),
                    _ => BatchColumn::new(field.data_type()),
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
    pub fn dictionaries(&self) -> BatchDictionaries {
        let testi = |nome: &str| {
            let found = self
                .colonne
                .iter()
                .find(|(at, _)| DETAIL_COLUMNS[*at] == nome);
            match found {
                Some((_, BatchColumn::Codes(codici))) => codici.texts(),
                _ => Vec::new(),
            }
        };
        BatchDictionaries {
            prestazioni: testi(PRESTAZIONE),
            codifiche: testi(CODIFICA),
        }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// A value that is not of its column's type: a fault of ours, and the batch is of no use any more.
    pub fn add(&mut self, riga: &DetailRow<'_>) -> Result<()> {
        let valori = riga.columns();
        for (at, colonna) in &mut self.colonne {
            colonna.add(valori[*at])?;
        }
        self.righe += 1;
        Ok(())
    }

    /// The rows since the last batch.
    ///
    /// # Errors
    /// More than fits in a batch: 2 GiB of text.
    pub fn finish(&mut self) -> Result<RecordBatch> {
        let arrays: Vec<ArrayRef> = self
            .colonne
            .iter_mut()
            .map(|(_, colonna)| colonna.finish())
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
