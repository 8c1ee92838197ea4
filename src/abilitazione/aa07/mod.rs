//! The AA07 grants: what INPS gave to whom.
//!
//! ```text
//! soggetto      ente  profilo   normative         prestazioni  valida
//! mef-igop-be   MEF   mef-rgs   DL109-2018-ART44  *            2026-01-01 ... 2026-12-31
//! ```
//!
//! A subject has at most one grant on any day, in Rome. Each call reads the grant, so that a revocation holds from the
//! next call on. Grants that contradict each other, which the register does not let in, refuse: they are never added up.

mod registro;

use std::{fmt, str::FromStr};

use chrono::NaiveDate;
use sqlx::{PgPool, Row as _, postgres::PgRow};

use super::{Ambito, Insieme, ambito::Codice};
use crate::{
    error::{Error, Reason, Result},
    valori::{CodiceNormativa, CodicePrestazione, Difetto},
};

pub use registro::{NuovaAbilitazione, Registrata, RegistroError, Stato, add, list, revoke};

/// The application of the AA07 form.
pub const APPLICAZIONE: &str = "OMNIA Integrazioni Salariali monitoraggio – OMNIA IS";

/// In the table: all codes.
const TUTTI: &str = "*";

/// Who the grant was given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ente {
    /// Ministero del Lavoro e delle Politiche Sociali.
    Mlps,
    /// Ministero dell'Economia e delle Finanze.
    Mef,
    /// INPS.
    Inps,
}

impl Ente {
    /// As the table and the contract spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mlps => "MLPS",
            Self::Mef => "MEF",
            Self::Inps => "INPS",
        }
    }
}

impl fmt::Display for Ente {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Ente {
    type Err = Difetto;

    fn from_str(text: &str) -> Result<Self, Difetto> {
        [Self::Mlps, Self::Mef, Self::Inps]
            .into_iter()
            .find(|ente| ente.as_str() == text)
            .ok_or(Difetto::new(
                "must be MLPS, MEF or INPS",
                "deve essere MLPS, MEF o INPS",
            ))
    }
}

/// A grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aa07 {
    /// Its number in the register.
    pub id: i64,
    /// The `sub` of the token.
    pub soggetto: String,
    /// Whose the subject is.
    pub ente: String,
    /// The application of the form.
    pub applicazione: String,
    /// The profile of the policy.
    pub profilo: String,
    /// The data.
    pub ambito: Ambito,
    /// First day, included, in Rome.
    pub valida_dal: NaiveDate,
    /// Last day, included, in Rome.
    pub valida_al: NaiveDate,
}

impl Aa07 {
    fn from_row(row: &PgRow) -> Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            soggetto: row.try_get("soggetto")?,
            ente: row.try_get("ente")?,
            applicazione: row.try_get("applicazione")?,
            profilo: row.try_get("profilo")?,
            ambito: Ambito::new(
                insieme(row.try_get("normative")?, CodiceNormativa::parse)?,
                insieme(row.try_get("prestazioni")?, CodicePrestazione::parse)?,
            ),
            valida_dal: row.try_get("valida_dal")?,
            valida_al: row.try_get("valida_al")?,
        })
    }
}

/// A list of the table. What is neither `{*}` nor codes alone was not written by this program: nothing is guessed.
fn insieme<C: Codice>(
    codici: Vec<String>,
    parse: fn(&str) -> Result<C, Difetto>,
) -> Result<Insieme<C>> {
    if codici == [TUTTI] {
        return Ok(Insieme::Tutti);
    }
    let codici: Vec<C> = codici
        .iter()
        .map(|codice| parse(codice))
        .collect::<Result<_, _>>()
        .map_err(|difetto| Error::internal(format!("a code of a grant {difetto}")))?;
    Insieme::alcuni(codici).ok_or_else(|| Error::internal("a grant without codes"))
}

/// The grant of a subject that is valid on a day.
///
/// # Errors
/// [`Reason::GrantMissing`], [`Reason::GrantNotValid`], the database's; [`Reason::Internal`] where two are valid at once.
pub async fn valid_for(pool: &PgPool, soggetto: &str, oggi: NaiveDate) -> Result<Aa07> {
    let rows = sqlx::query(
        "select id, soggetto, ente, applicazione, profilo, normative, prestazioni, valida_dal, valida_al,
                revocata_il is null and $2 between valida_dal and valida_al as valida
         from abilitazione
         where soggetto = $1
         order by valida desc
         limit 2",
    )
    .bind(soggetto)
    .bind(oggi)
    .fetch_all(pool)
    .await?;
    let mut valid = Vec::new();
    for row in &rows {
        if row.try_get("valida")? {
            valid.push(row);
        }
    }
    match (valid.as_slice(), rows.len()) {
        ([one], _) => Aa07::from_row(one),
        ([], 0) => Err(Error::new(
            Reason::GrantMissing,
            "the subject has no AA07 grant",
        )),
        ([], _) => Err(Error::new(
            Reason::GrantNotValid,
            "the AA07 grant of the subject is not valid today",
        )),
        _ => Err(Error::internal(
            "a subject has two grants that are valid today",
        )),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A grant for tests of what follows from grants.
    pub(in crate::abilitazione) fn aa07(profilo: &str, ambito: Ambito) -> Aa07 {
        Aa07 {
            id: 1,
            soggetto: "client".to_owned(),
            ente: "MEF".to_owned(),
            applicazione: APPLICAZIONE.to_owned(),
            profilo: profilo.to_owned(),
            ambito,
            valida_dal: "2026-01-01".parse().unwrap(),
            valida_al: "2026-12-31".parse().unwrap(),
        }
    }

    #[test]
    fn a_list_of_codes_is_read_strictly() {
        let read = |codici: &[&str]| {
            let codici = codici.iter().map(|c| (*c).to_owned()).collect();
            insieme(codici, CodiceNormativa::parse).map_err(|error| error.reason)
        };
        assert_eq!(read(&["*"]), Ok(Insieme::Tutti));
        let two = read(&["B", "A"]).unwrap();
        assert_eq!(two.testi().unwrap(), ["A", "B"]);
        for broken in [
            &[][..],
            &["*", "A"],
            &["A", "*"],
            &["*", "*"],
            &[""],
            &["a"],
        ] {
            assert_eq!(read(broken), Err(Reason::Internal), "{broken:?}");
        }
    }

    #[test]
    fn the_enti() {
        for name in ["MLPS", "MEF", "INPS"] {
            assert_eq!(name.parse::<Ente>().unwrap().to_string(), name);
        }
        assert!("mef".parse::<Ente>().is_err());
    }
}
