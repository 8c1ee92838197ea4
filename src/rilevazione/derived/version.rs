//! The versions of a norm: the rilevazioni in which its rows are the same.

use sqlx::PgConnection;

/// The rows of a norm from one rilevazione to another, in all of which they are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NormVersion {
    /// Norm.
    pub normativa: String,
    /// The first rilevazione with these rows.
    pub dal_rilevazione: i32,
    /// The last; `i32::MAX`: it is still to come.
    pub al_rilevazione: i32,
}

/// The rilevazioni with which rows of the norm begin, or after which some ended: with each of them a version of the norm begins.
pub(super) async fn starts(conn: &mut PgConnection, normativa: &str) -> sqlx::Result<Vec<i32>> {
    sqlx::query_scalar(
        "select dal_rilevazione from dettaglio_decreto where normativa = $1
         union
         select al_rilevazione + 1 from dettaglio_decreto where normativa = $1 and al_rilevazione < 2147483647
         order by 1",
    )
    .bind(normativa)
    .fetch_all(conn)
    .await
}

/// The versions that begin there.
pub(super) fn versions(normativa: &str, starts: &[i32]) -> impl Iterator<Item = NormVersion> {
    let ends = starts.iter().skip(1).map(|next| next - 1);
    let ends = ends.chain([i32::MAX]);
    starts.iter().zip(ends).map(|(start, end)| NormVersion {
        normativa: normativa.to_owned(),
        dal_rilevazione: *start,
        al_rilevazione: end,
    })
}
