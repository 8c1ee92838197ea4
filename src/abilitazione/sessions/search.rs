//! The companies that a session asks by: a codice fiscale is in no URL, and a page has one all the same.

use super::{BrowserSession, Sessions};
use crate::error::Result;

impl Sessions {
    /// Keeps a search; its number in this session. The last 50 are kept.
    ///
    /// # Errors
    /// The database's.
    pub async fn keep_search(&self, session: &BrowserSession, cf_azienda: &str) -> Result<i32> {
        // Two pages of one session at once: one of them asks again.
        let numero: i32 = sqlx::query_scalar(
            "insert into sessione_ricerca (impronta, numero, cf_azienda)
             select $1, coalesce(max(numero), 0) + 1, $2 from sessione_ricerca where impronta = $1
             returning numero",
        )
        .bind(session.digest.as_slice())
        .bind(cf_azienda)
        .fetch_one(&self.pool)
        .await?;
        Ok(numero)
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
