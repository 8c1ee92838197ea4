//! A step that is asked for twice is taken once.
//!
//! ```text
//! RecordRequest, key "a" ── recorded: grant 7, step 1 ──✗ the answer is lost
//! RecordRequest, key "a" ── the same request ──► grant 7 as of step 1
//! RecordRequest, key "a" ── another request ──► IDEMPOTENCY_KEY_REUSED
//! ```
//!
//! The key stands beside the step, in the same row: there is no moment in which one is there without the other, and a key is good for as long
//! as the step is kept, which is for ever; what is sent again still has to be a request that could be made. What was refused has left no key: to ask again asks anew. Each caller, and each person behind one,
//! has keys of their own.

use aws_lc_rs::digest::{SHA256, digest};
use sqlx::{Postgres, Row as _, Transaction};

use super::{Azione, Operatore, StatoAa07};
use crate::{
    error::{Error, Reason, Result},
    valori::ValueDefect,
};

const KEY: ValueDefect = ValueDefect::new(
    "must be 1 to 255 visible ASCII characters, with or without quotation marks around them",
    "deve avere da 1 a 255 caratteri ASCII visibili, con o senza virgolette",
);
const LONGEST: usize = 255;

/// What a caller names a request by, and the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    text: String,
    request_digest: [u8; 32],
}

/// A step that was taken, now or when it was first asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakenStep {
    /// The grant.
    pub abilitazione: i64,
    /// The step: 1, 2, 3…
    pub versione: i32,
    /// What it led to.
    pub stato: StatoAa07,
}

impl IdempotencyKey {
    /// Reads a key as the header has it: a string of RFC 9651 in its quotation marks, or the characters alone. `request` are the bytes of what
    /// is asked.
    ///
    /// # Errors
    /// It is no key.
    pub fn parse(text: &str, azione: Azione, request: &[u8]) -> Result<Self, ValueDefect> {
        let inner = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
        let text = inner.unwrap_or(text);
        let good = (1..=LONGEST).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\');
        let asked = [azione.as_str().as_bytes(), b"\n", request].concat();
        let mut request_digest = [0; 32];
        request_digest.copy_from_slice(digest(&SHA256, &asked).as_ref());
        good.then(|| Self {
            text: text.to_owned(),
            request_digest,
        })
        .ok_or(KEY)
    }

    /// The key.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Of the request.
    pub(super) fn request_digest(&self) -> &[u8] {
        &self.request_digest
    }

    /// The step that was taken under this key. Until the end of the transaction nobody else asks under it.
    ///
    /// # Errors
    /// [`Reason::IdempotencyKeyReused`]; the database's.
    pub(super) async fn taken(
        &self,
        operatore: &Operatore,
        tx: &mut Transaction<'_, Postgres>,
    ) -> Result<Option<TakenStep>> {
        sqlx::query("select pg_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 4649))")
            .bind(operatore.name())
            .bind(&self.text)
            .execute(&mut **tx)
            .await?;
        let row = sqlx::query(
            "select abilitazione, versione, a_stato, request_digest from abilitazione_evento
             where operatore = $1 and coalesce(utente, '') = $2 and idempotency_key = $3",
        )
        .bind(operatore.name())
        .bind(operatore.utente().unwrap_or_default())
        .bind(&self.text)
        .fetch_optional(&mut **tx)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let asked: &[u8] = row.try_get("request_digest")?;
        if asked != self.request_digest {
            return Err(Error::new(
                Reason::IdempotencyKeyReused,
                "this Idempotency-Key stands for another request",
            ));
        }
        let stato: &str = row.try_get("a_stato")?;
        Ok(Some(TakenStep {
            abilitazione: row.try_get("abilitazione")?,
            versione: row.try_get("versione")?,
            stato: stato.parse().map_err(Error::internal)?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_of_one_request() {
        let key = |text: &str, request: &[u8]| IdempotencyKey::parse(text, Azione::Revoca, request);
        let a = key("8e03978e-40d5", b"x").unwrap();
        assert_eq!(key("\"8e03978e-40d5\"", b"x").unwrap(), a);
        assert_ne!(key("8e03978e-40d5", b"y").unwrap(), a);
        assert_ne!(
            IdempotencyKey::parse("8e03978e-40d5", Azione::Verifica, b"x").unwrap(),
            a
        );
        for bad in [
            "",
            "\"\"",
            "a b",
            "a\"",
            "\"a",
            "è",
            "a\\b",
            &"a".repeat(256),
        ] {
            assert_eq!(key(bad, b"x"), Err(KEY), "{bad}");
        }
    }
}
