//! The control totals that are stored, against those that the rows make and against the seals of the rilevazioni.

use std::collections::BTreeMap;

use sqlx::PgConnection;

use super::{DerivedDefect, DerivedDefectKind};
use crate::rilevazione::control::{self, ControlDigest, Noted};

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
        let prestazione = prestazione.to_owned();
        let sums = |one: Option<&&Noted>| Box::new(one.map(|one| one.sums).unwrap_or_default());
        let cosa = match sealed {
            true => DerivedDefectKind::Rows {
                prestazione,
                noted: sums(was),
                now: sums(is),
            },
            false => DerivedDefectKind::Totals(prestazione),
        };
        defects.push(DerivedDefect {
            normativa: Some(normativa.to_owned()),
            dal_rilevazione,
            kind: cosa,
        });
    }
    defects
}

fn of_seals(broken: Vec<i32>) -> impl Iterator<Item = DerivedDefect> {
    broken.into_iter().map(|dal_rilevazione| DerivedDefect {
        normativa: None,
        dal_rilevazione,
        kind: DerivedDefectKind::Seal,
    })
}

/// Compares the totals of all norms. `made`: those that the rows make.
pub(crate) async fn verify(
    conn: &mut PgConnection,
    made: &[Noted],
) -> sqlx::Result<Vec<DerivedDefect>> {
    let stored = all(conn).await?;
    let broken = broken(&seals(conn).await?, &stored);
    let mut defects = compare(&stored, made, &broken);
    defects.extend(of_seals(broken));
    Ok(defects)
}

/// Makes the totals of these norms what the rows made, where that is what the rilevazioni are sealed with. Else nothing is written, and
/// what differs is the answer, unless the rows are accepted as they are: then the rilevazioni are sealed anew.
pub(crate) async fn settle(
    conn: &mut PgConnection,
    normative: &[String],
    made: Vec<Noted>,
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
    for one in &made {
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
