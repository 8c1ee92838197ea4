//! From the fields of a request to a selection that may be read: what every call on the detail does first.

use sqlx::PgPool;

use super::{filtro::FiltroDecreti, query::DetailReader};
use crate::{
    abilitazione::Abilitazione,
    blocks::cursor::Cursor,
    contract::proto,
    crypto::key::AuditKey,
    error::{Error, Result, Violations},
    grpc::{
        pages::{self, Binding, Signer},
        request as read,
    },
    rilevazione::{RilevazioneRegister, list::Rilevazione},
    valori::NumeroRilevazione,
};

/// Where selections are read. Cheap to clone.
#[derive(Debug, Clone)]
pub struct DecreeSelections {
    pool: PgPool,
    rilevazioni: RilevazioneRegister,
    key: AuditKey,
    signer: Signer,
}

/// What a request selects, once nothing is wrong with it.
#[derive(Debug, Clone)]
pub struct DecreeRequest {
    /// Which rows.
    pub filtro: FiltroDecreti,
    /// `None`: of the latest.
    pub numero: Option<NumeroRilevazione>,
}

/// A selection that was parsed and allowed, on a rilevazione that exists.
#[derive(Debug)]
pub struct ReadySelection {
    /// Ready to be read.
    pub reader: DetailReader,
    /// What its tokens are bound to.
    pub binding: Binding,
    /// What it reads.
    pub rilevazione: Rilevazione,
    /// Where to go on from.
    pub after: Option<Cursor>,
}

impl DecreeRequest {
    /// Reads the fields that the requests of the detail share.
    ///
    /// # Errors
    /// [`crate::error::Reason::InvalidRequest`] with every field that is wrong.
    pub fn parse(
        normativa: &str,
        filtro: Option<proto::FiltroDecreti>,
        rilevazione: i32,
    ) -> Result<Self> {
        let (richiesta, ()) = Self::parse_with(normativa, filtro, rilevazione, |_| ())?;
        Ok(richiesta)
    }

    /// As [`Self::parse`], and the fields that a request has besides.
    ///
    /// # Errors
    /// Likewise.
    pub fn parse_with<T>(
        normativa: &str,
        filtro: Option<proto::FiltroDecreti>,
        rilevazione: i32,
        altri: impl FnOnce(&mut Violations) -> T,
    ) -> Result<(Self, T)> {
        let mut violations = Violations::default();
        let filtro = FiltroDecreti::parse(&mut violations, normativa, filtro);
        let numero = read::rilevazione(&mut violations, rilevazione);
        let altri = altri(&mut violations);
        violations.finish()?;
        // It is missing only where something was noted.
        let filtro =
            filtro.ok_or_else(|| Error::internal("a filter is missing without a violation"))?;
        Ok((Self { filtro, numero }, altri))
    }
}

impl DecreeSelections {
    /// In the database behind `pool`. `key` signs tokens, and hides natural persons in them: all instances have the same.
    #[must_use]
    pub fn new(pool: PgPool, rilevazioni: RilevazioneRegister, key: AuditKey) -> Self {
        Self {
            pool,
            rilevazioni,
            signer: Signer::new(&key.derived(pages::PURPOSE)),
            key,
        }
    }

    /// Writes and reads the tokens.
    #[must_use]
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// The database.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// The key of which its own are made.
    #[must_use]
    pub fn key(&self) -> &AuditKey {
        &self.key
    }

    /// What the loads left behind.
    #[must_use]
    pub fn rilevazioni(&self) -> &RilevazioneRegister {
        &self.rilevazioni
    }

    /// Decides on a selection and finds its rilevazione. The token, if any, settles the rilevazione.
    ///
    /// # Errors
    /// What the profile or the grant denies; a token of another selection; a rilevazione or norm that there is not; the
    /// database's.
    pub async fn select(
        &self,
        chi: &Abilitazione,
        richiesta: DecreeRequest,
        token: &str,
    ) -> Result<ReadySelection> {
        let DecreeRequest { filtro, numero } = richiesta;
        let binding = filtro.binding(&self.key);
        let permesso = chi.permit(filtro)?;
        let asked_number = numero.map(NumeroRilevazione::get);
        let token = self.signer.decode(token, binding, asked_number)?;
        let (numero, after) = match token {
            None => (numero, None),
            Some(token) => (
                NumeroRilevazione::parse(token.rilevazione).map_err(Error::internal)?,
                Some(Cursor::from_bytes(&token.position)?),
            ),
        };
        let rilevazione = self.rilevazioni.resolve(&permesso, numero).await?;
        // The norm of a token was looked up when the first page was asked for.
        if after.is_none() {
            self.rilevazioni
                .check_known(&permesso, "normativa", "prestazione")
                .await?;
        }
        Ok(ReadySelection {
            reader: DetailReader::new(self.pool.clone(), permesso, rilevazione.numero),
            binding,
            rilevazione,
            after,
        })
    }
}
