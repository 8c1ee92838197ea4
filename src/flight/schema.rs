//! The schema of a flight: the columns that the caller sees, and what it should know of them.

use arrow_schema::SchemaRef;
use chrono::SecondsFormat;
use serde_json::{Map, Value};

use crate::{
    blocks::arrow,
    contract::{column::Column, proto::TotaliControllo},
    rilevazione::list::Rilevazione,
};

/// What the metadata of a schema say besides those of its columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct FlightHeader<'a> {
    pub(super) normativa: &'a str,
    pub(super) rilevazione: &'a Rilevazione,
    /// Over the whole selection, where they were counted.
    pub(super) totali: Option<&'a TotaliControllo>,
}

/// `may_see`: which columns the caller sees.
pub(super) fn schema(may_see: impl Fn(Column) -> bool, i: FlightHeader<'_>) -> SchemaRef {
    let mut metadata = vec![
        (
            "titolo".to_owned(),
            "Dettaglio del decreto ministeriale".to_owned(),
        ),
        ("normativa".to_owned(), i.normativa.to_owned()),
        ("rilevazione".to_owned(), i.rilevazione.numero.to_string()),
        (
            "data_riferimento".to_owned(),
            i.rilevazione.data_riferimento.to_string(),
        ),
    ];
    if let Some(ritirata_il) = i.rilevazione.ritirata_il {
        let istante = ritirata_il.to_rfc3339_opts(SecondsFormat::Micros, true);
        metadata.push(("ritirata_il".to_owned(), istante));
    }
    if let Some(totali) = i.totali {
        metadata.extend(
            entries(totali, &may_see)
                .map(|(column, value)| (format!("totali.{}", column.name()), value)),
        );
    }
    arrow::schema(may_see, metadata)
}

/// Control totals as JSON: `{"righe": "3", "importi_erogati": "12.00"}`. Texts, as the JSON of the contract has them.
pub(super) fn json(totali: &TotaliControllo, may_see: impl Fn(Column) -> bool) -> Value {
    let totals = entries(totali, may_see)
        .map(|(column, value)| (column.name().to_owned(), Value::String(value)));
    Value::Object(totals.collect::<Map<_, _>>())
}

/// The totals that the caller sees, by name.
fn entries(
    totali: &TotaliControllo,
    may_see: impl Fn(Column) -> bool,
) -> impl Iterator<Item = (Column, String)> {
    let totals = [
        (Column::Righe, totali.righe.to_string()),
        (Column::OreDecretate, totali.ore_decretate.clone()),
        (
            Column::ImportiAutorizzati,
            totali.importi_autorizzati.clone(),
        ),
        (Column::ImportiErogati, totali.importi_erogati.clone()),
    ];
    totals
        .into_iter()
        .filter(move |(column, value)| may_see(*column) && !value.is_empty())
}
