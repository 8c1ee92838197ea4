//! The SQL of the appropriations.

use rust_decimal::Decimal;
use sqlx::{PgConnection, QueryBuilder};

use super::prefix_sums::Stanziamento;
use crate::{
    error::{Error, Result},
    postgres::predicates::in_rilevazione,
    valori::{Importo, TipoStanziamento},
};

/// The appropriations of a rilevazione, each with the codes of its norm and benefit; by norm, benefit and year.
///
/// # Errors
/// The database's.
pub(crate) async fn stanziamenti(
    conn: &mut PgConnection,
    rilevazione: i32,
) -> Result<Vec<((String, String), Stanziamento)>> {
    let mut query = QueryBuilder::new(
        "select normativa, prestazione, anno, importo, tipo from stanziamento where ",
    );
    in_rilevazione(&mut query, rilevazione);
    query.push(" order by normativa, prestazione, anno");
    let rows: Vec<(String, String, i32, Decimal, String)> =
        query.build_query_as().fetch_all(conn).await?;
    rows.into_iter()
        .map(|(normativa, prestazione, anno, importo, tipo)| {
            let stanziamento = Stanziamento {
                anno,
                importo: Importo::from(importo),
                tipo: TipoStanziamento::parse(&tipo).map_err(Error::internal)?,
            };
            Ok(((normativa, prestazione), stanziamento))
        })
        .collect()
}
