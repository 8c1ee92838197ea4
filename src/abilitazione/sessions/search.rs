//! The companies that a session asks by: a codice fiscale is in no URL, and a page has one all the same.

use super::{BrowserSession, Sessions};
use crate::error::Result;

impl Sessions {
    /// Keeps a search; its number in this session. The last 50 are kept. `None`: the session has ended meanwhile.
    ///
    /// # Errors
    /// The database's.
    pub async fn keep_search(
        &self,
        session: &BrowserSession,
        cf_azienda: &str,
    ) -> Result<Option<i32>> {
        // Two pages of one session at once: the row of the session lets one wait for the other.
        let mut tx = self.pool.begin().await?;
        let found = sqlx::query("select 1 from sessione where impronta = $1 for no key update")
            .bind(session.digest.as_slice())
            .fetch_optional(&mut *tx)
            .await?;
        if found.is_none() {
            return Ok(None);
        }
        let numero: i32 = sqlx::query_scalar(
            "insert into sessione_ricerca (impronta, numero, cf_azienda)
             select $1, coalesce(max(numero), 0) + 1, $2 from sessione_ricerca where impronta = $1
             returning numero",
        )
        .bind(session.digest.as_slice())
        .bind(cf_azienda)
        .fetch_one(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(Some(numero))
    }

    /// The codice fiscale of a search. `None`: this session has none of that number.
    ///
    /// # Errors
    /// The database's.
    pub async fn search(&self, session: &BrowserSession, numero: i32) -> Result<Option<String>> {
        let found = sqlx::query_scalar(
            "select cf_azienda from sessione_ricerca where impronta = $1 and numero = $2",
        )
        .bind(session.digest.as_slice())
        .bind(numero)
        .fetch_optional(&self.pool)
        .await?;
        Ok(found)
    }
}
