//! The control totals ([`crate::rilevazione::control`]): made of what every pass notes; compared with that, and with the seals of the
//! rilevazioni.
//!
//! They are derived, but they are also the one thing that remembers what the rows were. So totals that differ from the rows are made again
//! where that gives what the rilevazione's seal says. Where it does not, the rows are no longer those of the load: that is told, and
//! nothing written, until the operator says that the rows are right as they are. For this all totals are looked at together, once all norms
//! were.

use std::{collections::BTreeMap, future::ready};

use sqlx::PgConnection;

use super::{Defect, Derivation, DerivedDefect, NormVersion, RowSink, Step};
use crate::rilevazione::control::{self, ControlDigest, Noted};

/// What a load notes of the rows of each norm and benefit.
#[derive(Debug)]
pub struct DerivedTotals;

impl Derivation for DerivedTotals {
    fn table(&self) -> &'static str {
        "totale_controllo"
    }

    fn begin<'a>(
        &'a self,
        _conn: &'a mut PgConnection,
        _version: &'a NormVersion,
    ) -> Step<'a, Option<Box<dyn RowSink>>> {
        Box::pin(ready(Ok(None)))
    }

    /// Nothing: they are the memory of what the rows were.
    fn clear<'a>(&'a self, _conn: &'a mut PgConnection, _normativa: &'a str) -> Step<'a, ()> {
        Box::pin(ready(Ok(())))
    }

    /// Nothing: [`verify`] finds those too.
    fn elsewhere<'a>(
        &'a self,
        _conn: &'a mut PgConnection,
        _normativa: &'a str,
        _starts: &'a [i32],
    ) -> Step<'a, Vec<(i32, Defect)>> {
        Box::pin(ready(Ok(Vec::new())))
    }

    fn after_load<'a>(
        &'a self,
        conn: &'a mut PgConnection,
        rilevazione: i32,
        noted: &'a [Noted],
    ) -> Step<'a, ()> {
        Box::pin(async move {
            for one in noted {
                control::insert(conn, one).await?;
            }
            control::seal_rilevazione(conn, rilevazione).await
        })
    }

    fn after_verify<'a>(
        &'a self,
        conn: &'a mut PgConnection,
        noted: &'a [Noted],
    ) -> Step<'a, Vec<DerivedDefect>> {
        Box::pin(verify(conn, noted))
    }

    fn after_rebuild<'a>(
        &'a self,
        conn: &'a mut PgConnection,
        normative: &'a [String],
        noted: &'a [Noted],
        accept_rows: bool,
    ) -> Step<'a, Vec<DerivedDefect>> {
        Box::pin(settle(conn, normative, noted, accept_rows))
    }
}

/// The totals of a norm and a benefit from one rilevazione on.
type Key<'a> = (&'a str, &'a str, i32);

fn by_key(noted: &[Noted]) -> BTreeMap<Key<'_>, &Noted> {
    noted
        .iter()
        .map(|one| {
            let key = (
                one.normativa.as_str(),
                one.prestazione.as_str(),
                one.dal_rilevazione,
            );
            (key, one)
        })
        .collect()
}

/// Rilevazioni whose seal is not that of these totals.
fn broken(seals: &[(i32, Option<ControlDigest>)], noted: &[Noted]) -> Vec<i32> {
    let noted = by_key(noted);
    let is_broken = |(n, sealed): &&(i32, Option<ControlDigest>)| {
        let holds = |one: &&&Noted| one.dal_rilevazione <= *n && one.al_rilevazione >= *n;
        let of_n = noted.values().filter(holds).copied();
        *sealed != Some(control::seal(of_n))
    };
    seals.iter().filter(is_broken).map(|(n, _)| *n).collect()
}

/// What differs. Where the stored ones fit their seals, it is the rows that do not.
fn compare(stored: &[Noted], made: &[Noted], broken: &[i32]) -> Vec<DerivedDefect> {
    let (stored, made) = (by_key(stored), by_key(made));
    let mut keys: Vec<Key<'_>> = stored.keys().chain(made.keys()).copied().collect();
    keys.sort_unstable();
    keys.dedup();
    let mut defects = Vec::new();
    for key in keys {
        let (was, is) = (stored.get(&key), made.get(&key));
        if was == is {
            continue;
        }
        let (normativa, prestazione, dal_rilevazione) = key;
        let al = was.or(is).map_or(i32::MAX, |one| one.al_rilevazione);
        let sealed = !broken.iter().any(|n| (dal_rilevazione..=al).contains(n));
        let sums = |one: Option<&&Noted>| one.map(|one| one.sums).unwrap_or_default();
        let defect = match sealed {
            true => Defect::of_rows(format_args!(
                "the rows of {prestazione} are not those of their load, which noted {}; they are {}",
                sums(was),
                sums(is)
            )),
            false => Defect::new(format_args!(
                "the control totals of {prestazione} are not what the rows say"
            )),
        };
        defects.push(DerivedDefect {
            normativa: Some(normativa.to_owned()),
            dal_rilevazione,
            defect,
        });
    }
    defects
}

fn of_seals(broken: Vec<i32>) -> impl Iterator<Item = DerivedDefect> {
    broken.into_iter().map(|dal_rilevazione| DerivedDefect {
        normativa: None,
        dal_rilevazione,
        defect: Defect::new("its control totals are not those that its load sealed"),
    })
}

/// Compares the totals of all norms. `made`: those that the rows make.
async fn verify(conn: &mut PgConnection, made: &[Noted]) -> sqlx::Result<Vec<DerivedDefect>> {
    let stored = all(conn).await?;
    let broken = broken(&seals(conn).await?, &stored);
    let mut defects = compare(&stored, made, &broken);
    defects.extend(of_seals(broken));
    Ok(defects)
}

/// Makes the totals of these norms what the rows made, where that is what the rilevazioni are sealed with. Else nothing is written, and
/// what differs is the answer, unless the rows are accepted as they are: then the rilevazioni are sealed anew.
async fn settle(
    conn: &mut PgConnection,
    normative: &[String],
    made: &[Noted],
    accept_rows: bool,
) -> sqlx::Result<Vec<DerivedDefect>> {
    let (stored, seals) = (all(conn).await?, seals(conn).await?);
    let of_others = |one: &&Noted| !normative.contains(&one.normativa);
    let others = stored.iter().filter(of_others).cloned();
    let wanted: Vec<Noted> = others.chain(made.iter().cloned()).collect();
    let unsealed = broken(&seals, &wanted);
    // Rows and totals agree, and all of them were looked at: it is the seals that were changed.
    let only_seals = by_key(&wanted) == by_key(&stored) && wanted.len() == made.len();
    if !unsealed.is_empty() && !accept_rows && !only_seals {
        let mut defects = compare(&stored, &wanted, &broken(&seals, &stored));
        defects.extend(of_seals(unsealed));
        return Ok(defects);
    }
    sqlx::query("delete from totale_controllo where normativa = any($1)")
        .bind(normative)
        .execute(&mut *conn)
        .await?;
    for one in made {
        control::insert(conn, one).await?;
    }
    for n in unsealed {
        control::seal_rilevazione(conn, n).await?;
    }
    Ok(Vec::new())
}

async fn all(conn: &mut PgConnection) -> sqlx::Result<Vec<Noted>> {
    sqlx::query_as("select * from totale_controllo")
        .fetch_all(conn)
        .await
}

async fn seals(conn: &mut PgConnection) -> sqlx::Result<Vec<(i32, Option<ControlDigest>)>> {
    let found: Vec<(i32, Option<Vec<u8>>)> =
        sqlx::query_as("select numero, totali from rilevazione order by numero")
            .fetch_all(conn)
            .await?;
    let digest = |bytes: Vec<u8>| bytes.try_into().ok();
    Ok(found
        .into_iter()
        .map(|(n, totali)| (n, totali.and_then(digest)))
        .collect())
}
