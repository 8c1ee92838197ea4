//! The columns of the detail, as fields of a schema.

use std::{collections::HashMap, sync::Arc};

use arrow_schema::{DataType, Field, Schema, SchemaRef};

use crate::{blocks::glossary::DETAIL_GLOSSARY, contract::column::Column};

/// Digits of an amount, and those after the point: as `numeric(18, 2)` has them.
pub(super) const AMOUNT_DIGITS: (u8, i8) = (18, 2);

/// The schema of the columns that the caller sees, with metadata of its own besides those of the columns: `descrizione`
/// and, for quantities, `unita`.
#[must_use]
pub fn schema(
    may_see: impl Fn(Column) -> bool,
    metadata: impl IntoIterator<Item = (String, String)>,
) -> SchemaRef {
    let fields: Vec<Field> = DETAIL_GLOSSARY
        .iter()
        .filter(|entry| may_see(entry.column))
        .map(|entry| {
            let unita = entry
                .unit
                .map(|unita| ("unita".to_owned(), unita.to_owned()));
            let metadata = [("descrizione".to_owned(), entry.description.to_owned())]
                .into_iter()
                .chain(unita);
            Field::new(entry.column.name(), data_type(entry.column), false)
                .with_metadata(metadata.collect::<HashMap<_, _>>())
        })
        .collect();
    let metadata: HashMap<String, String> = metadata.into_iter().collect();
    Arc::new(Schema::new_with_metadata(fields, metadata))
}

pub(super) fn data_type(column: Column) -> DataType {
    match column {
        Column::Prestazione | Column::CodificaSistemaUnico => {
            DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
        }
        Column::DataDecreto | Column::ValiditaDal | Column::ValiditaAl => DataType::Date32,
        Column::OreDecretate | Column::ImportiAutorizzati | Column::ImportiErogati => {
            DataType::Decimal128(AMOUNT_DIGITS.0, AMOUNT_DIGITS.1)
        }
        _ => DataType::Utf8,
    }
}
