//! The acknowledgements, as they stand in the table.

use sqlx::PgConnection;

use super::{
    super::{acknowledgement::Acknowledgement, chain::ChainDigest},
    verification::Verification,
};

/// Reads the acknowledgements, and tells of those that are not as they were written. Only the others count.
pub(super) async fn read(
    connection: &mut PgConnection,
    esito: &mut Verification,
) -> Result<Vec<Acknowledgement>, sqlx::Error> {
    let rows: Vec<(i64, String, Vec<u8>)> =
        sqlx::query_as("select numero, testo, impronta from audit_acknowledgement order by numero")
            .fetch_all(connection)
            .await?;
    let mut before = ChainDigest::default();
    let mut good = Vec::new();
    for (expected, (numero, testo, impronta)) in (1..).zip(rows) {
        let place = format!("acknowledgement {expected}");
        let stored = ChainDigest::from_slice(&impronta).unwrap_or_default();
        let follows = before.followed_by(&testo) == stored;
        before = stored;
        match serde_json::from_str::<Acknowledgement>(&testo) {
            _ if numero != expected => esito.note(&place, "is missing"),
            _ if !follows => esito.note(&place, "was changed, or the one before it was"),
            Ok(text) if text.numero == numero => good.push(text),
            _ => esito.note(&place, "is not the text of this acknowledgement"),
        }
        esito.heads.push((numero, stored));
    }
    Ok(good)
}
