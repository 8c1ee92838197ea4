//! The SQL of the detail. Every statement has the same conditions, pushed by one function, so that rows, counts
//! and sums cannot disagree.

use chrono::NaiveDate;
use futures_util::TryStreamExt as _;
use rust_decimal::Decimal;
use sqlx::{PgPool, Postgres, QueryBuilder, Row as _, postgres::PgRow};
use tokio::sync::OnceCell;

use super::filtro::FiltroDecreti;
use crate::{
    abilitazione::Permesso,
    blocks::{
        cursor::Cursor, detail_row::DETAIL_COLUMNS, page::EXPRESSIONS, persons::MASK,
        sums::ControlTotals,
    },
    call_record::CallRecord,
    contract::{column::Column, proto},
    error::Result,
    postgres::predicates::{PERSONA_FISICA, in_periodo, in_rilevazione},
    rilevazione::control::Noted,
    valori::{CodificaSistemaUnico, Importo, Matricola, NumeroDecreto, Ore},
};

/// The columns before those of the contract: the key, which the order needs whatever the caller sees.
const KEY_COLUMNS: usize = 3;

/// The columns of the contract, each after a comma: empty where the caller does not see one, and a natural person's code masked, the same for
/// everyone. `row`: what stands before the names of the row's columns (`"d."`); `person`: the condition that its employer is one.
pub(crate) fn push_columns(
    query: &mut QueryBuilder<Postgres>,
    row: &str,
    person: &str,
    may_see: impl Fn(Column) -> bool,
) {
    for (column, expression) in DETAIL_COLUMNS.into_iter().zip(EXPRESSIONS) {
        query.push(", ");
        match column {
            _ if !may_see(column) => query.push("''"),
            Column::CfAzienda if !may_see(Column::CfAziendaPersonaFisica) => query.push(format!(
                "case when {person} then '{MASK}' else {row}{expression} end"
            )),
            _ => query.push(row).push(expression),
        };
    }
}

/// A selection on one rilevazione, with the proof that the caller may read it.
#[derive(Debug)]
pub struct DetailReader {
    pool: PgPool,
    permesso: Permesso<FiltroDecreti>,
    rilevazione: i32,
    fine: Option<Cursor>,
    noted: OnceCell<Vec<Noted>>,
}

/// A run of rows and where it ends.
#[derive(Debug, Default)]
pub struct DetailPage {
    /// In reading order.
    pub decreti: Vec<proto::DettaglioDecreto>,
    /// The key of the last row, if there is one.
    pub end: Option<Cursor>,
    /// Whether rows follow it.
    pub has_more: bool,
}

type TotalsRow = (
    Option<i64>,
    Option<Decimal>,
    Option<Decimal>,
    Option<Decimal>,
);

impl DetailReader {
    /// Takes the proof; from here on the selection can be read.
    #[must_use]
    pub fn new(pool: PgPool, permesso: Permesso<FiltroDecreti>, rilevazione: i32) -> Self {
        Self {
            pool,
            permesso,
            rilevazione,
            fine: None,
            noted: OnceCell::new(),
        }
    }

    /// The rows up to this position and no further, where there is one.
    #[must_use]
    pub fn up_to(self, fine: Option<Cursor>) -> Self {
        Self { fine, ..self }
    }

    /// The position that its rows end with.
    pub(super) fn end(&self) -> Option<&Cursor> {
        self.fine.as_ref()
    }

    /// Where what was noted of the norm is kept, once it was read.
    pub(super) fn noted_once(&self) -> &OnceCell<Vec<Noted>> {
        &self.noted
    }

    /// Where it is read from.
    pub(super) fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// The proof that it may be read.
    pub(super) fn permesso(&self) -> &Permesso<FiltroDecreti> {
        &self.permesso
    }

    /// What is read.
    pub(super) fn rilevazione(&self) -> i32 {
        self.rilevazione
    }

    /// What is read.
    pub(super) fn selection(&self) -> &FiltroDecreti {
        self.permesso.selection()
    }

    /// Whether the caller sees a column of the answer.
    #[must_use]
    pub fn may_see(&self, column: Column) -> bool {
        self.permesso.may_see(column)
    }

    /// Where to write down what was read.
    #[must_use]
    pub fn call_record(&self) -> &CallRecord {
        self.permesso.call_record()
    }

    /// At most `limite` rows after a position.
    ///
    /// # Errors
    /// The database's.
    pub async fn page(&self, dopo: Option<&Cursor>, limite: i64) -> Result<DetailPage> {
        // One row more than the page tells whether there is a next one.
        let mut query = self.page_statement(dopo, limite + 1);
        let mut rows = query.build().fetch(&self.pool);
        let full = usize::try_from(limite).unwrap_or_default();
        let mut pagina = DetailPage::default();
        let mut ultima = None;
        // Each row is rendered as it comes, while Postgres makes the next ones.
        while let Some(row) = rows.try_next().await? {
            if pagina.decreti.len() == full {
                pagina.has_more = true;
            } else {
                pagina.decreti.push(decreto(&row, KEY_COLUMNS)?);
                ultima = Some(row);
            }
        }
        pagina.end = ultima.as_ref().map(cursor).transpose()?;
        Ok(pagina)
    }

    /// The control totals of the whole selection.
    ///
    /// # Errors
    /// The database's.
    pub async fn totali(&self) -> Result<ControlTotals> {
        let mut query = self.totali_statement();
        let (righe, ore, autorizzati, erogati): TotalsRow =
            query.build_query_as().fetch_one(&self.pool).await?;
        Ok(ControlTotals {
            righe,
            ore_decretate: ore.map(Ore::from),
            importi_autorizzati: autorizzati.map(Importo::from),
            importi_erogati: erogati.map(Importo::from),
        })
    }

    /// The statement of [`Self::page`]: tests look at its plan.
    #[must_use]
    pub fn page_statement(&self, dopo: Option<&Cursor>, limite: i64) -> QueryBuilder<Postgres> {
        let mut query = QueryBuilder::new("select id, data_decreto, numero_decreto");
        self.push_columns(&mut query);
        self.push_page(&mut query, dopo, limite);
        query
    }

    /// The columns of the contract, each after a comma: empty where the caller does not see one.
    pub(super) fn push_columns(&self, query: &mut QueryBuilder<Postgres>) {
        push_columns(query, "", PERSONA_FISICA, |column| self.may_see(column));
    }

    /// From where, which rows, in which order, how many.
    pub(super) fn push_page(
        &self,
        query: &mut QueryBuilder<Postgres>,
        dopo: Option<&Cursor>,
        limite: i64,
    ) {
        query.push(" from dettaglio_decreto d where ");
        self.conditions(query);
        let mut limite_di = |confronto: &str, posizione: &Cursor| {
            query
                .push(" and (data_decreto, numero_decreto, id) ")
                .push(confronto)
                .push(" (")
                .push_bind(posizione.data_decreto)
                .push(", ")
                .push_bind(posizione.numero_decreto.clone())
                .push(", ")
                .push_bind(posizione.id)
                .push(")");
        };
        if let Some(dopo) = dopo {
            limite_di(">", dopo);
        }
        if let Some(fine) = &self.fine {
            limite_di("<=", fine);
        }
        // By the columns of the table: a column of the answer may have the same name and be hidden.
        query
            .push(" order by d.data_decreto, d.numero_decreto, d.id limit ")
            .push_bind(limite);
    }

    /// The statement of [`Self::totali`]: tests look at its plan.
    #[must_use]
    pub fn totali_statement(&self) -> QueryBuilder<Postgres> {
        let columns = [
            (Column::Righe, "count(*)", "null::bigint"),
            (
                Column::OreDecretate,
                "coalesce(sum(ore_decretate), 0)",
                "null::numeric",
            ),
            (
                Column::ImportiAutorizzati,
                "coalesce(sum(importi_autorizzati), 0)",
                "null::numeric",
            ),
            (
                Column::ImportiErogati,
                "coalesce(sum(importi_erogati), 0)",
                "null::numeric",
            ),
        ];
        let mut query = QueryBuilder::new("select ");
        let mut list = query.separated(", ");
        for (column, expression, hidden) in columns {
            list.push(if self.may_see(column) {
                expression
            } else {
                hidden
            });
        }
        query.push(" from dettaglio_decreto where ");
        self.conditions(&mut query);
        query
    }

    /// Only the conditions that are present: `$1 is null or …` would make plans that fit no filter. The norm comes with the
    /// scope, which the proof has narrowed to it.
    fn conditions(&self, query: &mut QueryBuilder<Postgres>) {
        in_rilevazione(query, self.rilevazione);
        self.permesso.ambito().restrict(query);
        let filtro = self.permesso.selection();
        let mut equal = |column: &str, value: Option<&str>| {
            if let Some(value) = value {
                query
                    .push(" and ")
                    .push(column)
                    .push(" = ")
                    .push_bind(value.to_owned());
            }
        };
        let codifica = filtro.codifica_sistema_unico.as_ref();
        equal(
            "codifica_sistema_unico",
            codifica.map(CodificaSistemaUnico::as_str),
        );
        equal(
            "numero_decreto",
            filtro.numero_decreto.as_ref().map(NumeroDecreto::as_str),
        );
        equal(
            "matricola_azienda",
            filtro.matricola_azienda.as_ref().map(Matricola::as_str),
        );
        self.employer(query);
        if filtro.periodo.is_some() {
            query.push(" and ");
            in_periodo(query, filtro.periodo.as_ref());
        }
    }

    /// The condition on the employer. For a caller who may not ask for natural persons the code of one is a code that nobody has: it is
    /// exchanged for none before a row is looked for, so that the answer takes as long however many rows she has.
    fn employer(&self, query: &mut QueryBuilder<Postgres>) {
        let Some(cf) = &self.selection().cf_azienda else {
            return;
        };
        let cf = cf.as_str().to_owned();
        query.push(" and cf_azienda = ");
        if self.permesso.may_filter("cf_azienda.persona_fisica") {
            query.push_bind(cf);
            return;
        }
        query
            .push("(select case when exists (select from dettaglio_decreto where cf_azienda = ")
            .push_bind(cf.clone())
            .push(" and persona_fisica and ");
        in_rilevazione(query, self.rilevazione);
        query.push(") then '' else ").push_bind(cf).push(" end)");
    }
}

fn cursor(row: &PgRow) -> Result<Cursor, sqlx::Error> {
    Ok(Cursor {
        id: row.try_get(0)?,
        data_decreto: row.try_get::<NaiveDate, _>(1)?,
        numero_decreto: row.try_get(2)?,
    })
}

/// A row of the detail, of the columns of [`push_columns`] from `first` on. Unchecked: every expression of [`EXPRESSIONS`] is a text, and to ask
/// that again of each value of each row costs a tenth of an export.
pub(crate) fn decreto(row: &PgRow, first: usize) -> Result<proto::DettaglioDecreto, sqlx::Error> {
    let text = |column: usize| row.try_get_unchecked::<String, _>(first + column);
    Ok(proto::DettaglioDecreto {
        prestazione: text(0)?,
        codifica_sistema_unico: text(1)?,
        numero_decreto: text(2)?,
        data_decreto: text(3)?,
        validita_dal: text(4)?,
        validita_al: text(5)?,
        cf_azienda: text(6)?,
        matricola_azienda: text(7)?,
        ore_decretate: text(8)?,
        importi_autorizzati: text(9)?,
        importi_erogati: text(10)?,
    })
}
