//! Record batches in the making.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::SchemaRef;

use super::column::{BatchColumn, CodeValues};
use crate::{
    blocks::detail_row::{DETAIL_COLUMNS, DetailRow},
    contract::column::Column,
    error::{Error, Result},
};

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
    /// For a schema that [`super::schema()`] made.
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
                    .position(|column| column.name() == field.name())?;
                let colonna = match DETAIL_COLUMNS[at] {
                    Column::Prestazione => {
                        BatchColumn::Codes(CodeValues::with(&dizionari.prestazioni))
                    }
                    Column::CodificaSistemaUnico => {
                        BatchColumn::Codes(CodeValues::with(&dizionari.codifiche))
                    }
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
        let texts = |column: Column| {
            let found = self
                .colonne
                .iter()
                .find(|(at, _)| DETAIL_COLUMNS[*at] == column);
            match found {
                Some((_, BatchColumn::Codes(codici))) => codici.texts(),
                _ => Vec::new(),
            }
        };
        BatchDictionaries {
            prestazioni: texts(Column::Prestazione),
            codifiche: texts(Column::CodificaSistemaUnico),
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
