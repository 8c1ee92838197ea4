//! The columns of the detail, as fields of a schema.

use std::{collections::HashMap, sync::Arc};

use arrow_schema::{DataType, Field, Schema, SchemaRef};

use crate::blocks::glossary::DETAIL_GLOSSARY;

/// The columns with a dictionary.
pub(super) const PRESTAZIONE: &str = "prestazione";
pub(super) const CODIFICA: &str = "codifica_sistema_unico";
/// Digits of an amount, and those after the point: as `numeric(18, 2)` has them.
pub(super) const AMOUNT_DIGITS: (u8, i8) = (18, 2);

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

pub(super) fn data_type(colonna: &str) -> DataType {
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
