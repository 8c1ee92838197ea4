//! Whether the log is as it was written, and where it is not.
//!
//! Each chain is read from its beginning, or from the anchor that it was pruned to. A record is checked against what stands
//! before it in the table, so that one change is told of at its place and does not drag along all that follows.
//!
//! A chain that an anchor names must be there: pruning keeps its row. A chain that was removed before any anchor saw it leaves
//! a gap in the numbers of chains, which is a hint and no proof: a number is skipped too where the opening of a chain failed.

mod catena;
mod potature;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use chrono::NaiveDate;
use sqlx::{PgPool, Postgres, Transaction};

use self::catena::Catena;
use super::{
    ancora::Ancora,
    catena::{Impronta, Testa},
    potatura::Fatta,
};
pub use potature::Potata;

/// What a verification found.
#[derive(Debug, Default)]
pub struct Verifica {
    /// Chains read.
    pub catene: usize,
    /// Records read.
    pub record: u64,
    /// Anchors read.
    pub ancore: usize,
    /// Streams that have no end: their service was killed, or they are under way.
    pub senza_fine: u64,
    /// Every pruning so far.
    pub potature: Vec<Potata>,
    /// All that is wrong, by place.
    pub difformita: Vec<Difformita>,
    /// Numbers that no chain has and no anchor names, as first and last: chains that could not be opened, or were removed.
    pub salti: Vec<(i64, i64)>,
}

/// One thing that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difformita {
    /// `catena 3, record 17`
    pub dove: String,
    /// What is wrong.
    pub cosa: String,
}

impl fmt::Display for Difformita {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.dove, self.cosa)
    }
}

/// Reads the whole log at one moment. `nota`: the impronta of an anchor that was kept elsewhere. `conservazione`:
/// `audit.retention_days`, by which prunings are judged ([`Potata::presto`]).
///
/// # Errors
/// The database's; what is wrong with the log is no error but a [`Difformita`].
pub async fn verifica(
    pool: &PgPool,
    nota: Option<Impronta>,
    conservazione: Option<u32>,
) -> Result<Verifica, sqlx::Error> {
    let mut tx = pool
        .begin_with("begin isolation level repeatable read read only")
        .await?;
    let mut esito = Verifica::default();
    let ancore = ancore(&mut tx, &mut esito, nota).await?;
    esito.potature(&mut tx, &ancore, conservazione).await?;
    let catene: Vec<(i64, i64, Vec<u8>)> =
        sqlx::query_as("select catena, numero, impronta from audit_catena order by catena")
            .fetch_all(&mut *tx)
            .await?;
    esito.mancanti(&ancore, catene.iter().map(|(catena, ..)| *catena).collect());
    esito.salti = salti(&mut tx, &ancore).await?;
    for (catena, numero, impronta) in catene {
        let mut attese = BTreeMap::new();
        let mut inizio = Testa::default();
        for ancora in &ancore {
            let Some(testa) = ancora.teste.get(&catena) else {
                continue;
            };
            attese.insert(testa.numero, (ancora.numero, testa.impronta));
            if esito.potata(ancora.numero) && testa.numero > inizio.numero {
                inizio = *testa;
            }
        }
        let testa = Testa {
            numero,
            impronta: Impronta::from_slice(&impronta).unwrap_or_default(),
        };
        let catena = Catena {
            catena,
            prima: inizio,
            attese,
        };
        catena.leggi(&mut tx, testa, &mut esito).await?;
    }
    tx.rollback().await?;
    Ok(esito)
}

struct Vista {
    numero: i64,
    giorno: String,
    teste: BTreeMap<i64, Testa>,
    potature: Vec<Fatta>,
}

impl From<Ancora> for Vista {
    fn from(ancora: Ancora) -> Self {
        let teste = ancora.teste.into_iter().filter_map(|t| {
            let impronta = t.impronta.parse().ok()?;
            let numero = t.numero;
            Some((t.catena, Testa { numero, impronta }))
        });
        Self {
            numero: ancora.numero,
            giorno: ancora.giorno,
            teste: teste.collect(),
            potature: ancora.potature,
        }
    }
}

/// Reads the chain of anchors.
async fn ancore(
    tx: &mut Transaction<'_, Postgres>,
    esito: &mut Verifica,
    nota: Option<Impronta>,
) -> Result<Vec<Vista>, sqlx::Error> {
    let rows: Vec<(i64, NaiveDate, String, Vec<u8>)> =
        sqlx::query_as("select numero, giorno, ancora, impronta from audit_ancora order by numero")
            .fetch_all(&mut **tx)
            .await?;
    let mut before = Impronta::default();
    let mut found = nota.is_none();
    let mut viste: Vec<Vista> = Vec::new();
    for (expected, (numero, giorno, testo, impronta)) in (1..).zip(rows) {
        let dove = format!("ancora {expected}");
        let stored = Impronta::from_slice(&impronta).unwrap_or_default();
        if numero != expected {
            esito.nota(&dove, "is missing");
        } else if before.dopo(&testo) != stored {
            esito.nota(&dove, "was changed, or the one before it was");
        }
        before = stored;
        found |= nota == Some(stored);
        esito.ancore += 1;
        match serde_json::from_str::<Ancora>(&testo) {
            Ok(ancora) if ancora.numero == numero => {
                if ancora.giorno != giorno.to_string() {
                    esito.nota(&dove, "its column giorno was changed");
                }
                let vista = Vista::from(ancora);
                if let Some(prima) = viste.last().filter(|prima| prima.giorno > vista.giorno) {
                    let cosa = format!(
                        "is dated {}, and the one after it {}: a clock was wrong, or it was added",
                        prima.giorno, vista.giorno
                    );
                    esito.nota(&format!("ancora {}", prima.numero), &cosa);
                }
                viste.push(vista);
            }
            _ => esito.nota(&dove, "is not the text of this anchor"),
        }
    }
    if !found {
        esito.nota(
            "ancore",
            "none has the impronta that was given: the log was rewritten, or it is of another log",
        );
    }
    Ok(viste)
}

/// Gaps in the numbers of chains, up to the last number that was given out.
async fn salti(
    tx: &mut Transaction<'_, Postgres>,
    ancore: &[Vista],
) -> Result<Vec<(i64, i64)>, sqlx::Error> {
    let named: BTreeSet<i64> = ancore
        .iter()
        .flat_map(|ancora| ancora.teste.keys().copied())
        .collect();
    sqlx::query_as(
        "with nota as (
             select catena from audit_catena
             union select unnest($1::bigint[])
             -- What comes after the last number given out.
             union select coalesce(pg_sequence_last_value('audit_catena_catena_seq'), 0) + 1
         )
         select prima + 1, catena - 1
         from (select catena, lag(catena, 1, 0::bigint) over (order by catena) as prima from nota) as n
         where catena > prima + 1
         order by catena",
    )
    .bind(named.into_iter().collect::<Vec<_>>())
    .fetch_all(&mut **tx)
    .await
}

impl Verifica {
    /// Tells of each chain that an anchor names and that is not there, by the last anchor that saw it.
    fn mancanti(&mut self, ancore: &[Vista], presenti: BTreeSet<i64>) {
        let mut viste = BTreeMap::new();
        for ancora in ancore {
            for (catena, testa) in &ancora.teste {
                viste.insert(*catena, (ancora, testa.numero));
            }
        }
        for (catena, (ancora, numero)) in viste {
            if !presenti.contains(&catena) {
                self.nota(
                    &format!("catena {catena}"),
                    &format!(
                        "is missing: anchor {} of {} saw it at record {numero}",
                        ancora.numero, ancora.giorno
                    ),
                );
            }
        }
    }

    fn nota(&mut self, dove: &str, cosa: &str) {
        self.difformita.push(Difformita {
            dove: dove.to_owned(),
            cosa: cosa.to_owned(),
        });
    }
}
