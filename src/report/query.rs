//! The SQL of the report.

use rust_decimal::Decimal;
use sqlx::{PgPool, Postgres, QueryBuilder};

use super::filtro::FiltroReport;
use crate::{
    abilitazione::{Ambito, Permesso},
    error::Result,
    postgres::predicates::{in_periodo, in_rilevazione},
    valori::{Importo, Periodo},
};

/// One line of the report. `None`: absent, or a column that the caller does not see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voce {
    /// Norm.
    pub normativa: Option<String>,
    /// Benefit.
    pub prestazione: Option<String>,
    /// The figures.
    pub cifre: Cifre,
}

/// The five figures of a voce or of the totals row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cifre {
    /// Appropriations; absent where there is none.
    pub totale_stanziamenti: Option<Importo>,
    /// Authorised.
    pub importi_autorizzati: Option<Importo>,
    /// Paid.
    pub importi_erogati: Option<Importo>,
    /// Appropriated less authorised; absent where nothing is appropriated.
    pub residuo_autorizzato: Option<Importo>,
    /// Appropriated less paid; absent where nothing is appropriated.
    pub residuo_pagato: Option<Importo>,
}

/// The report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sintesi {
    /// By norm and benefit.
    pub voci: Vec<Voce>,
    /// Each column added up over the voci that have it.
    pub totale: Cifre,
}

/// A norm or a benefit.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Codice {
    /// Stable code; `None` where the caller does not see it.
    pub codice: Option<String>,
    /// In Italian; `None` where the caller does not see it.
    pub descrizione: Option<String>,
}

type Riga = (
    Option<String>,
    Option<String>,
    Option<Decimal>,
    Option<Decimal>,
    Option<Decimal>,
    Option<Decimal>,
    Option<Decimal>,
);

/// The report on one rilevazione.
///
/// # Errors
/// The database's.
pub async fn sintesi(
    pool: &PgPool,
    permesso: Permesso<FiltroReport>,
    rilevazione: i32,
) -> Result<Sintesi> {
    let mut query = statement(&permesso, rilevazione);
    let righe: Vec<Riga> = query.build_query_as().fetch_all(pool).await?;
    let voci: Vec<Voce> = righe
        .into_iter()
        .map(
            |(normativa, prestazione, stanziati, autorizzati, erogati, residuo_a, residuo_p)| {
                Voce {
                    normativa,
                    prestazione,
                    cifre: Cifre {
                        totale_stanziamenti: stanziati.map(Importo::from),
                        importi_autorizzati: autorizzati.map(Importo::from),
                        importi_erogati: erogati.map(Importo::from),
                        residuo_autorizzato: residuo_a.map(Importo::from),
                        residuo_pagato: residuo_p.map(Importo::from),
                    },
                }
            },
        )
        .collect();
    let totale = totale(&voci, |colonna| permesso.vede(colonna));
    Ok(Sintesi { voci, totale })
}

/// What is authorised and paid is a sum, and the sum of no voci is zero. An appropriation that no voce has is absent.
fn totale(voci: &[Voce], vede: impl Fn(&str) -> bool) -> Cifre {
    let sum = |column: fn(&Cifre) -> Option<Importo>| {
        voci.iter()
            .filter_map(|voce| column(&voce.cifre))
            .reduce(|sum, importo| sum + importo)
    };
    let zero = |colonna: &str| vede(colonna).then(Importo::default);
    Cifre {
        totale_stanziamenti: sum(|c| c.totale_stanziamenti),
        importi_autorizzati: sum(|c| c.importi_autorizzati).or_else(|| zero("importi_autorizzati")),
        importi_erogati: sum(|c| c.importi_erogati).or_else(|| zero("importi_erogati")),
        residuo_autorizzato: sum(|c| c.residuo_autorizzato),
        residuo_pagato: sum(|c| c.residuo_pagato),
    }
}

/// The periodo narrows what is summed, by `filter`, and not which pairs are listed. A column that the caller does not
/// see is null in the statement itself: its figures never leave Postgres.
fn statement(permesso: &Permesso<FiltroReport>, rilevazione: i32) -> QueryBuilder<Postgres> {
    let periodo = permesso.selezione().periodo.as_ref();
    let mut query = QueryBuilder::new(
        "with decreti as (\
         select normativa, prestazione, \
         coalesce(sum(importi_autorizzati) filter (where ",
    );
    in_periodo(&mut query, periodo);
    query.push("), 0) as autorizzati, coalesce(sum(importi_erogati) filter (where ");
    in_periodo(&mut query, periodo);
    query.push("), 0) as erogati from dettaglio_decreto where ");
    in_selection(&mut query, permesso, rilevazione);
    query.push(
        " group by normativa, prestazione), \
         stanziamenti as (\
         select normativa, prestazione, sum(importo) filter (where ",
    );
    in_years(&mut query, periodo);
    query.push(") as stanziati from stanziamento where ");
    in_selection(&mut query, permesso, rilevazione);
    query.push(" group by normativa, prestazione) select ");
    // The columns in the order of `Riga`, each with its name in the contract.
    let columns = [
        ("normativa", "normativa", "text"),
        ("prestazione", "prestazione", "text"),
        ("totale_stanziamenti", "stanziati", "numeric"),
        ("importi_autorizzati", "coalesce(autorizzati, 0)", "numeric"),
        ("importi_erogati", "coalesce(erogati, 0)", "numeric"),
        (
            "residuo_autorizzato",
            "stanziati - coalesce(autorizzati, 0)",
            "numeric",
        ),
        (
            "residuo_pagato",
            "stanziati - coalesce(erogati, 0)",
            "numeric",
        ),
    ];
    let mut list = query.separated(", ");
    for (name, expression, kind) in columns {
        if permesso.vede(name) {
            list.push(expression);
        } else {
            list.push("null::").push_unseparated(kind);
        }
    }
    query.push(
        " from decreti full join stanziamenti using (normativa, prestazione) \
         order by normativa, prestazione",
    );
    query
}

/// The conditions that the detail and the appropriations share: the rilevazione, and the scope of the grant narrowed to
/// the norms and benefits that the filters name.
fn in_selection(
    query: &mut QueryBuilder<Postgres>,
    permesso: &Permesso<FiltroReport>,
    rilevazione: i32,
) {
    in_rilevazione(query, rilevazione);
    permesso.ambito().restringi(query);
}

/// The years that the periodo touches, whatever its criterio.
fn in_years(query: &mut QueryBuilder<Postgres>, periodo: Option<&Periodo>) {
    query.push("true");
    if let Some(dal) = periodo.and_then(Periodo::dal) {
        query
            .push(" and anno >= extract(year from ")
            .push_bind(dal)
            .push("::date)");
    }
    if let Some(al) = periodo.and_then(Periodo::al) {
        query
            .push(" and anno <= extract(year from ")
            .push_bind(al)
            .push("::date)");
    }
}

/// Norms in scope, by code.
///
/// # Errors
/// The database's.
pub async fn normative<F>(pool: &PgPool, permesso: Permesso<F>) -> Result<Vec<Codice>> {
    catalogo(pool, &permesso, "normativa", Ambito::restringi_normative).await
}

/// Benefits in scope, by code.
///
/// # Errors
/// The database's.
pub async fn prestazioni<F>(pool: &PgPool, permesso: Permesso<F>) -> Result<Vec<Codice>> {
    catalogo(
        pool,
        &permesso,
        "prestazione",
        Ambito::restringi_prestazioni,
    )
    .await
}

/// `table` is the name of the table and of its code column.
async fn catalogo<F>(
    pool: &PgPool,
    permesso: &Permesso<F>,
    table: &'static str,
    restringi: fn(&Ambito, &mut QueryBuilder<Postgres>),
) -> Result<Vec<Codice>> {
    let mut query = QueryBuilder::new("select ");
    query
        .push(if permesso.vede(table) {
            table
        } else {
            "null::text"
        })
        .push(" as codice, ")
        .push(if permesso.vede("descrizione") {
            "descrizione"
        } else {
            "null::text"
        })
        .push(" as descrizione from ")
        .push(table)
        .push(" where true");
    restringi(permesso.ambito(), &mut query);
    query.push(" order by ").push(table);
    Ok(query.build_query_as().fetch_all(pool).await?)
}
