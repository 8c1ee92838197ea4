//! From the fields of a request to a selection that may be read: what every call on the detail does first.

use sqlx::PgPool;

use super::{filtro::FiltroDecreti, query::Lettura};
use crate::{
    abilitazione::Abilitazione,
    blocks::posizione::Posizione,
    contract::proto,
    crypto::chiave::Chiave,
    error::{Error, Result, Violations},
    grpc::{
        pages::{self, Binding, Signer},
        request as read,
    },
    rilevazione::{Rilevazioni, elenco::Rilevazione},
    valori::NumeroRilevazione,
};

/// Where selections are read. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Selezioni {
    pool: PgPool,
    rilevazioni: Rilevazioni,
    chiave: Chiave,
    signer: Signer,
}

/// What a request selects, once nothing is wrong with it.
#[derive(Debug, Clone)]
pub struct Richiesta {
    /// Which rows.
    pub filtro: FiltroDecreti,
    /// `None`: of the latest.
    pub numero: Option<NumeroRilevazione>,
}

/// A selection that was parsed and allowed, on a rilevazione that exists.
#[derive(Debug)]
pub struct Selezionato {
    /// Ready to be read.
    pub lettura: Lettura,
    /// What its tokens are bound to.
    pub binding: Binding,
    /// What it reads.
    pub rilevazione: Rilevazione,
    /// Where to go on from.
    pub dopo: Option<Posizione>,
}

impl Richiesta {
    /// Reads the fields that the requests of the detail share.
    ///
    /// # Errors
    /// [`crate::error::Reason::InvalidRequest`] with every field that is wrong.
    pub fn parse(
        normativa: &str,
        filtro: Option<proto::FiltroDecreti>,
        rilevazione: i32,
    ) -> Result<Self> {
        let (richiesta, ()) = Self::parse_con(normativa, filtro, rilevazione, |_| ())?;
        Ok(richiesta)
    }

    /// As [`Self::parse`], and the fields that a request has besides.
    ///
    /// # Errors
    /// Likewise.
    pub fn parse_con<T>(
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

impl Selezioni {
    /// In the database behind `pool`. `chiave` signs tokens, and hides natural persons in them: all instances have the same.
    #[must_use]
    pub fn new(pool: PgPool, rilevazioni: Rilevazioni, chiave: Chiave) -> Self {
        Self {
            pool,
            rilevazioni,
            signer: Signer::new(&chiave.derivata(pages::PURPOSE)),
            chiave,
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

    /// What the loads left behind.
    #[must_use]
    pub fn rilevazioni(&self) -> &Rilevazioni {
        &self.rilevazioni
    }

    /// Decides on a selection and finds its rilevazione. The token, if any, settles the rilevazione.
    ///
    /// # Errors
    /// What the profile or the grant denies; a token of another selection; a rilevazione or norm that there is not; the
    /// database's.
    pub async fn seleziona(
        &self,
        chi: &Abilitazione,
        richiesta: Richiesta,
        token: &str,
    ) -> Result<Selezionato> {
        let Richiesta { filtro, numero } = richiesta;
        let binding = filtro.binding(&self.chiave);
        let permesso = chi.permetti(filtro)?;
        let numero_chiesto = numero.map(NumeroRilevazione::get);
        let token = self.signer.decode(token, binding, numero_chiesto)?;
        let (numero, dopo) = match token {
            None => (numero, None),
            Some(token) => (
                NumeroRilevazione::parse(token.rilevazione).map_err(Error::internal)?,
                Some(Posizione::from_bytes(&token.position)?),
            ),
        };
        let rilevazione = self.rilevazioni.risolvi(&permesso, numero).await?;
        // The norm of a token was looked up when the first page was asked for.
        if dopo.is_none() {
            self.rilevazioni
                .noti(&permesso, "normativa", "prestazione")
                .await?;
        }
        Ok(Selezionato {
            lettura: Lettura::new(self.pool.clone(), permesso, rilevazione.numero),
            binding,
            rilevazione,
            dopo,
        })
    }
}
