//! What the openings of chains say of the chains before them, and which numbers were given out.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use futures_util::TryStreamExt as _;
use serde::Deserialize;
use sqlx::PgConnection;

use super::{
    super::{
        chain::{ChainDigest, ChainHead, CitedHead},
        record_group,
    },
    anchors::StoredAnchor,
    verification::Verification,
};

/// Who saw a record, from outside of its chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Witness {
    Anchor(i64),
    OpeningOf(i64),
}

impl fmt::Display for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anchor(numero) => write!(f, "anchor {numero}"),
            Self::OpeningOf(catena) => write!(f, "the opening of catena {catena}"),
        }
    }
}

/// By numero of a chain's record: who saw it, with which impronta.
pub(super) type Seen = BTreeMap<i64, Vec<(Witness, ChainDigest)>>;

/// The numbers that were given to chains.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numbers {
    pub(super) last: i64,
    /// From the next one on, each number is a chain.
    pub(super) gapless_after: i64,
}

impl Numbers {
    pub(super) async fn read(connection: &mut PgConnection) -> Result<Option<Self>, sqlx::Error> {
        let row: Option<(i64, i64)> =
            sqlx::query_as("select last, gapless_after from audit_chain_number")
                .fetch_optional(connection)
                .await?;
        Ok(row.map(|(last, gapless_after)| Self {
            last,
            gapless_after,
        }))
    }
}

/// What the openings cite.
#[derive(Debug, Default)]
pub(super) struct Openings {
    /// By the chain that is cited.
    cited: BTreeMap<i64, Vec<(i64, ChainHead)>>,
}

#[derive(Deserialize)]
struct OpeningText {
    teste: Option<Vec<CitedHead>>,
}

impl Openings {
    /// Reads those that were not pruned: what those cited stands in an anchor. One that was changed breaks its own chain.
    pub(super) async fn read(connection: &mut PgConnection) -> Result<Self, sqlx::Error> {
        let mut openings = Self::default();
        let mut rows = sqlx::query_as::<_, (i64, String)>(
            "select catena, record from audit_registro where numero = 1 order by catena",
        )
        .fetch(connection);
        while let Some((catena, texts)) = rows.try_next().await? {
            let testo = texts
                .split(record_group::SEPARATOR)
                .next()
                .unwrap_or_default();
            // Chains from before cite nothing.
            let cited = serde_json::from_str::<OpeningText>(testo)
                .ok()
                .and_then(|o| o.teste);
            for head in cited.into_iter().flatten() {
                let chain_head = ChainHead {
                    numero: head.numero,
                    impronta: head.impronta.parse().unwrap_or_default(),
                };
                openings
                    .cited
                    .entry(head.catena)
                    .or_default()
                    .push((catena, chain_head));
            }
        }
        Ok(openings)
    }

    /// Adds what they saw of a chain.
    pub(super) fn add_to(&self, catena: i64, seen: &mut Seen) {
        for (by, chain_head) in self.cited.get(&catena).into_iter().flatten() {
            let known = seen.entry(chain_head.numero).or_default();
            // The same twice proves no more.
            if known
                .iter()
                .all(|(_, impronta)| *impronta != chain_head.impronta)
            {
                known.push((Witness::OpeningOf(*by), chain_head.impronta));
            }
        }
    }

    fn last_of(&self, catena: i64) -> Option<(i64, ChainHead)> {
        self.cited
            .get(&catena)
            .and_then(|cited| cited.last())
            .copied()
    }
}

impl Verification {
    /// Tells of each chain that was there and is not: by the last anchor that saw it, else by the last opening that did,
    /// else because its number was given out.
    pub(super) fn missing(
        &mut self,
        present: &BTreeSet<i64>,
        anchors: &[StoredAnchor],
        openings: &Openings,
        numbers: Option<Numbers>,
    ) {
        let mut why: BTreeMap<i64, String> = BTreeMap::new();
        for catena in openings.cited.keys() {
            if let Some((by, chain_head)) = openings.last_of(*catena) {
                let witness = Witness::OpeningOf(by);
                why.insert(
                    *catena,
                    format!("{witness} saw it at record {}", chain_head.numero),
                );
            }
        }
        for ancora in anchors {
            for (catena, chain_head) in &ancora.teste {
                let StoredAnchor { numero, giorno, .. } = ancora;
                why.insert(
                    *catena,
                    format!(
                        "anchor {numero} of {giorno} saw it at record {}",
                        chain_head.numero
                    ),
                );
            }
        }
        let named: Vec<i64> = why.keys().copied().collect();
        for (catena, why) in why {
            if !present.contains(&catena) {
                self.note(&format!("catena {catena}"), &format!("is missing: {why}"));
            }
        }
        let Some(Numbers {
            last,
            gapless_after,
        }) = numbers
        else {
            return self.note("catene", "the counter of chains is missing");
        };
        let mut expected = gapless_after + 1;
        let known = present.iter().chain(&named).copied();
        let mut known: Vec<i64> = known.filter(|n| (expected..=last).contains(n)).collect();
        known.push(last + 1);
        known.sort_unstable();
        for catena in known {
            if catena > expected {
                let place = match catena - 1 {
                    one if one == expected => format!("catena {one}"),
                    end => format!("catene {expected} to {end}"),
                };
                self.note(
                    &place,
                    &format!(
                        "is missing: it was opened, as {last} in all, and no number is left out"
                    ),
                );
            }
            expected = catena + 1;
        }
        for catena in present.range(last + 1..) {
            self.note(
                &format!("catena {catena}"),
                &format!("was added, or the counter of chains was set back: the last one opened is {last}"),
            );
        }
    }
}
