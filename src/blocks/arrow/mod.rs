//! The detail as Arrow: a schema, and record batches of rows.
//!
//! ```
//! use omnia::{blocks::arrow::{self, RecordBatchBuilder}, rilevazione::detail::row::DetailRow};
//!
//! let row = DetailRow {
//!     prestazione: "CIGS",
//!     data_decreto: "2023-12-22",
//!     importi_erogati: "1200.00",
//!     ..DetailRow::default()
//! };
//! // A column that the caller does not see is no column of the schema.
//! let schema = arrow::schema(|c| ["prestazione", "data_decreto", "importi_erogati"].contains(&c.name()), []);
//! let mut builder = RecordBatchBuilder::new(schema);
//! builder.add(&row)?;
//! let batch = builder.finish()?;
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
mod record_batch;
mod schema;
pub mod stored_batch;

pub use record_batch::{BatchDictionaries, RecordBatchBuilder};
pub use schema::schema;

#[cfg(test)]
mod tests;
