//! Sums of a norm that are stored by benefit and versioned as the rows of the detail are ([`VersionedRows`]), and of which a digest is noted.
//!
//! Whoever has such sums says which table they are in, how they are made of the rows' sums, and how what is stored is read; the rest of the
//! [`Derivation`] is here. To compare a version is to compare digests, benefit by benefit.

use std::{collections::BTreeMap, fmt, future::ready, marker::PhantomData};

use sqlx::{AssertSqlSafe, PgConnection};

use super::{
    Compared, Defect, Derivation, NormVersion, RowSink, Step, VersionedRows,
    versioned_rows::versions_elsewhere,
};
use crate::rilevazione::{
    control::{ControlDigest, Digests, Noted, SumsDigest},
    row_sums::RowSums,
};

/// One kind of such sums.
pub trait StoredSums: fmt::Debug + Send + Sync + 'static {
    /// Where they are.
    const TABLE: &'static str;
    /// What an operator calls them: "sums by day".
    const NAME: &'static str;

    /// The rows of the table that a version has.
    ///
    /// # Errors
    /// A sum that no decimal holds: a fault of ours.
    fn rows(sums: &RowSums) -> Result<VersionedRows, rust_decimal::Error>;

    /// Adds the rows of the table that a version has to the digests, in their order.
    fn read<'a>(
        conn: &'a mut PgConnection,
        version: &'a NormVersion,
        digests: &'a mut BenefitDigests,
    ) -> Step<'a, ()>;

    /// Theirs among the digests that were noted.
    fn digest(noted: &Digests) -> ControlDigest;
}

/// Digests of the benefits of a norm, in the making.
#[derive(Default)]
pub struct BenefitDigests {
    normativa: String,
    by_benefit: BTreeMap<String, SumsDigest>,
}

impl BenefitDigests {
    /// That of a benefit.
    pub fn of(&mut self, prestazione: &str) -> &mut SumsDigest {
        let new = || SumsDigest::new(&self.normativa, prestazione);
        self.by_benefit
            .entry(prestazione.to_owned())
            .or_insert_with(new)
    }
}

impl<S: StoredSums> Derivation for S {
    fn table(&self) -> &'static str {
        S::TABLE
    }

    fn begin<'a>(
        &'a self,
        _conn: &'a mut PgConnection,
        version: &'a NormVersion,
    ) -> Step<'a, Option<Box<dyn RowSink>>> {
        let sink = SumsSink::<S>(version.clone(), PhantomData);
        Box::pin(ready(Ok(Some(Box::new(sink) as Box<dyn RowSink>))))
    }

    /// Nothing: those rows end that are others now ([`VersionedRows::write`]).
    fn end<'a>(
        &'a self,
        _conn: &'a mut PgConnection,
        _normative: &'a [String],
        _rilevazione: i32,
    ) -> Step<'a, ()> {
        Box::pin(ready(Ok(())))
    }

    fn elsewhere<'a>(
        &'a self,
        conn: &'a mut PgConnection,
        normativa: &'a str,
        starts: &'a [i32],
    ) -> Step<'a, Vec<(i32, Defect)>> {
        Box::pin(async move {
            let defect = Defect::new(format_args!(
                "has {} that begin or end where its rows do not change",
                S::NAME
            ));
            let found = versions_elsewhere(conn, S::TABLE, normativa, starts).await?;
            Ok(found.into_iter().map(|n| (n, defect.clone())).collect())
        })
    }

    /// So that the first calls have the plans that fit.
    fn after_load<'a>(
        &'a self,
        conn: &'a mut PgConnection,
        _rilevazione: i32,
        _noted: &'a [Noted],
    ) -> Step<'a, ()> {
        Box::pin(async move {
            let analyze = AssertSqlSafe(format!("analyze {}", S::TABLE));
            sqlx::query(analyze).execute(conn).await.map(drop)
        })
    }
}

/// All that there is to do with a version, once its rows are added up.
struct SumsSink<S>(NormVersion, PhantomData<fn() -> S>);

impl<S: StoredSums> RowSink for SumsSink<S> {
    fn keep<'a>(self: Box<Self>, conn: &'a mut PgConnection, sums: &'a RowSums) -> Step<'a, u64> {
        Box::pin(async move {
            let rows = S::rows(sums).map_err(|error| sqlx::Error::Encode(error.into()))?;
            rows.write(conn, &self.0).await?;
            Ok(0)
        })
    }

    fn compare<'a>(
        self: Box<Self>,
        conn: &'a mut PgConnection,
        sums: &'a RowSums,
    ) -> Step<'a, Compared> {
        Box::pin(async move {
            let version = &self.0;
            let mut stored = BenefitDigests {
                normativa: version.normativa.clone(),
                ..BenefitDigests::default()
            };
            S::read(conn, version, &mut stored).await?;
            let mut stored = stored.by_benefit;
            let wrong = |prestazione: &str| {
                let name = S::NAME;
                Defect::new(format_args!(
                    "the {name} of {prestazione} are not what the rows say"
                ))
            };
            let mut defects = Vec::new();
            for one in sums.noted(version).map_err(sqlx::Error::decode)? {
                let digest = stored.remove(&one.prestazione).map(SumsDigest::finish);
                if digest != Some(S::digest(&one.digests)) {
                    defects.push(wrong(&one.prestazione));
                }
            }
            // Of benefits that have no rows.
            defects.extend(stored.keys().map(|prestazione| wrong(prestazione)));
            Ok(defects.into())
        })
    }
}
