//! Apache Parquet: one row group after the other, each as soon as its rows are there.
//!
//! | cells | type | encoding |
//! | --- | --- | --- |
//! | texts | `BYTE_ARRAY (STRING)` | dictionary, as long as it pays |
//! | days | `INT32 (DATE)` | dictionary |
//! | amounts, hours | `INT64 (DECIMAL(18, 2))` | plain |
//! | sums of them | `FIXED_LEN_BYTE_ARRAY(16) (DECIMAL(38, 2))` | plain |
//! | whole numbers | `INT64` | dictionary |
//! | ratios | `FIXED_LEN_BYTE_ARRAY(16) (DECIMAL(38, 6))` | plain |
//!
//! Every column is optional: an absent value is a null. All pages are compressed by zstd and every column has its statistics
//! by page, so that a reader skips what it does not need. What the rows are stands in the key-value metadata, under
//! `omnia.selezione.…`, `omnia.rilevazione.…`, `omnia.totali.…`, `omnia.colonne.…` (what each column means) and
//! `omnia.note.…`. Nothing in the file says when or by which build it was written: the same rows are the same bytes.

mod column;

use std::{mem, sync::Arc};

use ::parquet::{
    basic::{Compression, ZstdLevel},
    errors::ParquetError,
    file::{
        metadata::KeyValue,
        properties::{EnabledStatistics, WriterProperties},
        writer::SerializedFileWriter,
    },
    schema::types::{ColumnPath, Type},
};

use super::{CellType, FileInfo, FileTable, FormatWriter};
use crate::error::{Error, Result};
use column::ParquetColumn;

/// Rows of a row group: what is held in memory, at some 110 bytes each.
pub const ROWS_PER_GROUP: usize = 64 * 1024;
/// Of zstd.
const ZSTD_LEVEL: i32 = 1;
/// Some readers want `name version … (build …)`.
const CREATED_BY: &str = "omnia version 1 (build 0)";

/// A file in the making.
pub struct Parquet {
    table: &'static FileTable,
    writer: SerializedFileWriter<Vec<u8>>,
    /// The rows of the next row group.
    colonne: Vec<ParquetColumn>,
    righe: usize,
    rows_per_group: usize,
}

impl Parquet {
    /// A file of row groups of so many rows.
    ///
    /// # Errors
    /// A fault of ours: the table makes no schema.
    pub fn new(table: &'static FileTable, rows_per_group: usize) -> Result<Self> {
        let level = ZstdLevel::try_new(ZSTD_LEVEL).map_err(Error::internal)?;
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_statistics_enabled(EnabledStatistics::Page)
            .set_created_by(CREATED_BY.to_owned());
        for colonna in table.columns {
            // Amounts hardly repeat: a dictionary of them would be made only to be thrown away.
            let dictionary = !matches!(
                colonna.cell_type,
                CellType::Number | CellType::Sum | CellType::Ratio
            );
            let path = ColumnPath::from(colonna.name);
            properties = properties.set_column_dictionary_enabled(path, dictionary);
        }
        let writer = SerializedFileWriter::new(
            Vec::new(),
            schema(table).map_err(Error::internal)?,
            Arc::new(properties.build()),
        )
        .map_err(Error::internal)?;
        Ok(Self {
            table,
            writer,
            colonne: table
                .columns
                .iter()
                .map(|c| ParquetColumn::new(c.cell_type))
                .collect(),
            righe: 0,
            rows_per_group,
        })
    }

    fn close_group(&mut self) -> Result<(), ParquetError> {
        if self.righe == 0 {
            return Ok(());
        }
        let mut group = self.writer.next_row_group()?;
        for colonna in &mut self.colonne {
            let mut writer = group
                .next_column()?
                .ok_or_else(|| ParquetError::General("more columns than the schema".into()))?;
            colonna.write(writer.untyped())?;
            writer.close()?;
        }
        group.close()?;
        self.righe = 0;
        self.writer.flush()?;
        Ok(())
    }
}

fn schema(table: &FileTable) -> Result<Arc<Type>, ParquetError> {
    let fields = table.columns.iter().map(column::field);
    let fields = fields.collect::<Result<Vec<_>, _>>()?;
    let schema = Type::group_type_builder(table.name).with_fields(fields);
    Ok(Arc::new(schema.build()?))
}

impl FormatWriter for Parquet {
    fn write_row(&mut self, cells: &[&str]) -> Result<()> {
        for (colonna, cell) in self.colonne.iter_mut().zip(cells) {
            colonna.add(cell)?;
        }
        self.righe += 1;
        if self.righe == self.rows_per_group {
            self.close_group().map_err(Error::internal)?;
        }
        Ok(())
    }

    fn take_bytes(&mut self) -> Vec<u8> {
        mem::take(self.writer.inner_mut())
    }

    fn finish(mut self: Box<Self>, info: &FileInfo) -> Result<Vec<u8>> {
        self.close_group().map_err(Error::internal)?;
        let metadata = |key: String, value: String| KeyValue::new(key, Some(value));
        let title = metadata("omnia.titolo".to_owned(), self.table.title.to_owned());
        self.writer.append_key_value_metadata(title);
        for voce in info.entries(self.table) {
            if !voce.value.is_empty() {
                let key = format!("omnia.{}.{}", voce.section, voce.name);
                self.writer
                    .append_key_value_metadata(metadata(key, voce.value));
            }
        }
        self.writer.finish().map_err(Error::internal)?;
        Ok(self.take_bytes())
    }
}

#[cfg(test)]
mod tests;
