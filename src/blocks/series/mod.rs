//! The blocks of a norm ([`crate::blocks::block`]), made from its rows; and the record batches of the same rows
//! ([`crate::blocks::arrow::stored_batch`]).
//!
//! A load makes those of the norms that it changed, in its own transaction: a rilevazione that can be seen has its blocks. They
//! are derived from the rows and from nothing else, so `omnia derived rebuild` makes the same ones at any time.
//!
//! ```text
//! rows of a norm, in reading order ── page of a block's rows ──► BlockBuilder (a task) ── some blocks ──► table blocco
//!                                          while a page is encoded, Postgres makes the next one
//! ```
//!
//! Each has its checksums ([`crate::blocks::checksum`]), and so has the row of their series ([`series_checksum`]).

mod verify;
mod write;

use std::mem;

use sqlx::{PgConnection, QueryBuilder};
use tokio::task::JoinHandle;

use crate::{
    blocks::{
        arrow::{
            BatchDictionaries,
            stored_batch::{StoredBatch, StoredBatchBuilder},
        },
        block::{Block, BlockBuilder},
        checksum::{BlockPlace, Checksum},
        cursor::Cursor,
        detail_row::parse_day,
        page::{EXPRESSIONS, PageRow, PageRows, push_page_query},
        sums::parse_hundredths,
    },
    postgres::predicates::in_rilevazione,
    rilevazione::{
        control,
        staging::analyze,
        sums::{ImportiCents, NormSums},
    },
};

pub(crate) use verify::verify_series;
use write::write;

/// Blocks that are written in one statement: some megabytes.
const BLOCKS_PER_STATEMENT: usize = 16;

/// What was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BlockCounts {
    /// Blocks.
    pub blocks: u64,
    /// Rows in them.
    pub rows: u64,
}

/// Ends the series of these norms with the rilevazione before `numero`, and makes those that begin with it; and, of the same
/// rows, the sums by day and the control totals.
pub(crate) async fn update(
    conn: &mut PgConnection,
    numero: i32,
    normative: &[String],
    righe_per_blocco: u32,
) -> sqlx::Result<()> {
    sqlx::query(
        "update serie set al_rilevazione = $1 - 1
         where al_rilevazione = 2147483647 and dal_rilevazione < $1 and normativa = any($2)",
    )
    .bind(numero)
    .bind(normative)
    .execute(&mut *conn)
    .await?;
    for normativa in normative {
        let (_, somme) = build(conn, normativa, numero, i32::MAX, righe_per_blocco).await?;
        let noted = somme.noted(normativa, numero, i32::MAX);
        control::write(
            conn,
            normativa,
            numero,
            &noted.map_err(sqlx::Error::decode)?,
        )
        .await?;
        somme.write(conn, normativa, numero).await?;
    }
    analyze(conn, "somma_giorno").await
}

/// Makes the series of a norm for the rilevazioni `dal` to `al`, in which its rows are those of `dal`; and gives the sums by day
/// of these rows.
pub(crate) async fn build(
    conn: &mut PgConnection,
    normativa: &str,
    dal: i32,
    al: i32,
    righe_per_blocco: u32,
) -> sqlx::Result<(BlockCounts, NormSums)> {
    let limite = i32::try_from(righe_per_blocco).map_err(sqlx::Error::decode)?;
    let serie: i64 = sqlx::query_scalar(
        "insert into serie (normativa, dal_rilevazione, al_rilevazione, righe_per_blocco)
         values ($1, $2, $3, $4) returning id",
    )
    .bind(normativa)
    .bind(dal)
    .bind(al)
    .bind(limite)
    .fetch_one(&mut *conn)
    .await?;
    let mut insieme = Vec::with_capacity(BLOCKS_PER_STATEMENT);
    let mut fatti = BlockCounts::default();
    let finora = BuildState {
        somme: NormSums::default(),
        batch: StoredBatchBuilder::new().map_err(sqlx::Error::decode)?,
    };
    let mut in_corso: JoinHandle<EncodedPage> = tokio::spawn(async { Ok((None, finora)) });
    let mut dopo: Option<Cursor> = None;
    let finora = loop {
        let page = fetch_page(conn, normativa, dal, dopo.as_ref(), limite).await?;
        // The page before was encoded meanwhile.
        let done = in_corso.await.map_err(sqlx::Error::decode)?;
        let (blocco, finora) = done.map_err(sqlx::Error::decode)?;
        insieme.extend(blocco);
        if insieme.len() >= BLOCKS_PER_STATEMENT || page.is_none() {
            fatti.blocks += insieme.len() as u64;
            fatti.rows += insieme
                .iter()
                .map(|(b, _): &Encoded| b.sums.righe.cast_unsigned())
                .sum::<u64>();
            let fine = i32::try_from(fatti.blocks).map_err(sqlx::Error::decode)?;
            write(conn, serie, (normativa, dal), fine, mem::take(&mut insieme)).await?;
        }
        let Some(page) = page else { break finora };
        let ultima = PageRows::last_cursor(&page).map_err(sqlx::Error::decode)?;
        dopo = Some(ultima);
        in_corso = tokio::task::spawn_blocking(move || encode(&page, finora));
    };
    let dizionari = finora.batch.dictionaries();
    let blocchi = i32::try_from(fatti.blocks).map_err(sqlx::Error::decode)?;
    let checksum = series_checksum(normativa, dal, limite, blocchi, &dizionari);
    sqlx::query(
        "update serie set blocchi = $2, dizionario_prestazioni = $3, dizionario_codifiche = $4, checksum = $5 where id = $1",
    )
    .bind(serie)
    .bind(blocchi)
    .bind(dizionari.prestazioni)
    .bind(dizionari.codifiche)
    .bind(checksum)
    .execute(conn)
    .await?;
    Ok((fatti, finora.somme))
}

/// The checksum of the row of a series: of which norm, from which rilevazione on, rows of a block, how many blocks, dictionaries. Not of
/// the rilevazione that it ends with: that one is written later, by another load.
#[must_use]
pub fn series_checksum(
    normativa: &str,
    dal_rilevazione: i32,
    righe_per_blocco: i32,
    blocchi: i32,
    dizionari: &BatchDictionaries,
) -> i64 {
    let place = BlockPlace {
        normativa,
        dal_rilevazione,
        index: blocchi,
    };
    Checksum::of("serie", place)
        .number(righe_per_blocco.into())
        .texts(&dizionari.prestazioni)
        .texts(&dizionari.codifiche)
        .finish()
}

/// What is known of the rows so far.
struct BuildState {
    somme: NormSums,
    batch: StoredBatchBuilder,
}

/// The rows of a page, twice encoded.
type Encoded = (Block, StoredBatch);

/// What a task makes of a page.
type EncodedPage = crate::error::Result<(Option<Encoded>, BuildState)>;

/// The block and the batch of a page, and what is known with its rows.
fn encode(page: &str, mut finora: BuildState) -> EncodedPage {
    let mut costruttore = BlockBuilder::default();
    for row in PageRows::new(page) {
        let PageRow {
            key: chiave,
            persona_fisica,
            row: riga,
        } = row?;
        costruttore.add(chiave, &riga, persona_fisica)?;
        finora.batch.add(&riga, persona_fisica)?;
        let importi = ImportiCents {
            autorizzati: parse_hundredths(riga.importi_autorizzati)?,
            erogati: parse_hundredths(riga.importi_erogati)?,
        };
        let (dal, al) = (parse_day(riga.validita_dal)?, parse_day(riga.validita_al)?);
        let ore = parse_hundredths(riga.ore_decretate)?;
        let somme = &mut finora.somme;
        somme.add(riga.prestazione, dal, al, ore, importi);
    }
    let encoded = match costruttore.finish()? {
        Some(blocco) => Some((blocco, finora.batch.finish()?)),
        None => None,
    };
    Ok((encoded, finora))
}

/// At most `limite` rows of a norm after a position, in clear.
async fn fetch_page(
    conn: &mut PgConnection,
    normativa: &str,
    rilevazione: i32,
    dopo: Option<&Cursor>,
    limite: i32,
) -> sqlx::Result<Option<String>> {
    let mut query = QueryBuilder::default();
    push_page_query(
        &mut query,
        |query| {
            for espressione in EXPRESSIONS {
                query.push(", ").push(espressione);
            }
        },
        |query| {
            query.push(" from dettaglio_decreto d where ");
            in_rilevazione(query, rilevazione);
            query
                .push(" and normativa = ")
                .push_bind(normativa.to_owned());
            if let Some(dopo) = dopo {
                query
                    .push(" and (data_decreto, numero_decreto, id) > (")
                    .push_bind(dopo.data_decreto)
                    .push(", ")
                    .push_bind(dopo.numero_decreto.clone())
                    .push(", ")
                    .push_bind(dopo.id)
                    .push(")");
            }
            query
                .push(" order by d.data_decreto, d.numero_decreto, d.id limit ")
                .push_bind(limite);
        },
    );
    query.build_query_scalar().fetch_one(conn).await
}
