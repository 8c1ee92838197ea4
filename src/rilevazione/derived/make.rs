//! What a load derives of the rows that it wrote.

use sqlx::PgConnection;

use super::{Derivation, NormVersion, pass};
use crate::rilevazione::control::Noted;

/// Makes all that is derived of these norms from `rilevazione` on, and gives what there is to note of them.
pub(in crate::rilevazione) async fn make(
    conn: &mut PgConnection,
    derivations: &[Box<dyn Derivation>],
    rilevazione: i32,
    normative: &[String],
) -> sqlx::Result<Vec<Noted>> {
    for derivation in derivations {
        derivation.end(conn, normative, rilevazione).await?;
    }
    let mut noted = Vec::new();
    for normativa in normative {
        let version = NormVersion {
            normativa: normativa.clone(),
            dal_rilevazione: rilevazione,
            al_rilevazione: i32::MAX,
        };
        let (sums, _) = pass::keep(conn, derivations, &version).await?;
        noted.extend(sums.noted(&version).map_err(sqlx::Error::decode)?);
    }
    Ok(noted)
}
