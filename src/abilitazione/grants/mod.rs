//! The AA07 grants: what INPS gave to whom, and by which steps.
//!
//! ```text
//! soggetto      ente  profilo   normative         prestazioni  valida                     reti          orari
//! mef-igop-be   MEF   mef-rgs   DL109-2018-ART44  *            2026-01-01 ... 2026-12-31  192.0.2.0/24  lun-ven 08:00-18:30
//! ```
//!
//! A grant never changes; what changes is its state, by steps that are kept for ever ([`StatoAa07`] has the picture). As an
//! example: Anna records the request that came by PEC, Bruno verifies the form and approves it (Anna could not), a year later
//! the scope is to be wider. Carla records a request that replaces the grant; when Dario approves it, the old one is
//! revoked in the same transaction, and no moment has two or none.
//!
//! ```text
//! RichiestaAa07 ── record ──► RICHIESTA ── advance ──► … ATTIVA ──► read ──► ApprovedGrant ── select ──► the Aa07 of a call
//! ```
//!
//! A subject has at most one grant on any day, in Rome. Grants that contradict each other, which the table does not let
//! in, refuse: they are never added up.

mod advance;
pub(crate) mod ambito;
mod approved_grant;
mod certificati;
mod evento;
mod finalita;
pub(crate) mod grant_cache;
pub(crate) mod grant_conditions;
mod grant_record;
mod idempotency;
mod listing;
mod modulo;
mod operatore;
mod orari;
mod quote;
#[cfg(feature = "demo")]
mod record_and_approve;
mod record_request;
mod reti;
pub(super) mod richiesta;
mod stato;
mod transaction;

use std::{fmt, num::NonZeroU32, str::FromStr};

use chrono::NaiveDate;
use sqlx::{Row as _, postgres::PgRow};

use self::ambito::{Ambito, AmbitoCode, AmbitoCodes};
use crate::{
    error::{Error, Result},
    valori::{CodiceNormativa, CodicePrestazione, ValueDefect},
};

pub use advance::{advance, advance_once};
pub use approved_grant::{ApprovedGrant, read_approved, select_for_day, valid_for};
pub use certificati::Certificati;
pub use evento::{EventoAa07, MotivoAa07, eventi};
pub use finalita::Finalita;
pub use grant_record::{GrantRecord, list, record_as_of, record_by_id};
pub use idempotency::{IdempotencyKey, TakenStep};
pub use listing::{FiltroAbilitazioni, list_expiring, list_page};
pub use modulo::{ImprontaModulo, ProtocolloPec};
pub use operatore::Operatore;
pub use orari::Orari;
pub use quote::{Quote, quota};
#[cfg(feature = "demo")]
pub use record_and_approve::record_and_approve;
pub use record_request::{record_request, record_request_once};
pub use reti::Reti;
pub use richiesta::{LimitiAa07, RichiestaAa07};
pub use stato::{Azione, EffectiveStato, StatoAa07, transition};

/// The channel on which every step of a grant is announced, with the number of the grant.
pub const NOTIFY_CHANNEL: &str = "omnia_abilitazioni";

/// The application of the AA07 form.
pub const APPLICAZIONE: &str = "OMNIA Integrazioni Salariali monitoraggio – OMNIA IS";

/// The columns of [`Aa07::from_row`], of a table `a`.
const GRANT_COLUMNS: &str = "a.id, a.soggetto, a.ente, a.applicazione, a.profilo, a.normative, a.prestazioni, a.valida_dal, \
     a.valida_al, a.reti::text[] as reti, a.orari, a.finalita::text[] as finalita, a.certificati, a.quota_al_secondo, \
     a.quota_esportazioni, a.quota_al_giorno";

/// Joins the last step, `e`, of a grant `a`.
const JOIN_LAST_EVENTO: &str = "join lateral (select * from abilitazione_evento e where e.abilitazione = a.id \
     order by e.versione desc limit 1) e on true";

/// In the table: all codes.
const ALL_CODES: &str = "*";

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
    type Err = ValueDefect;

    fn from_str(text: &str) -> Result<Self, ValueDefect> {
        [Self::Mlps, Self::Mef, Self::Inps]
            .into_iter()
            .find(|ente| ente.as_str() == text)
            .ok_or(ValueDefect::new(
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
    /// The networks of its calls.
    pub reti: Reti,
    /// The hours of its calls.
    pub orari: Orari,
    /// The purposes of its vouchers.
    pub finalita: Finalita,
    /// The client certificates that it demands.
    pub certificati: Certificati,
    /// How much it may be used.
    pub quote: Quote,
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
                codes(row.try_get("normative")?, CodiceNormativa::parse)?,
                codes(row.try_get("prestazioni")?, CodicePrestazione::parse)?,
            ),
            valida_dal: row.try_get("valida_dal")?,
            valida_al: row.try_get("valida_al")?,
            reti: read_list(row, "reti", Reti::parse)?,
            orari: read_list(row, "orari", Orari::parse)?,
            finalita: read_list(row, "finalita", Finalita::parse)?,
            certificati: read_list(row, "certificati", Certificati::parse)?,
            quote: Quote {
                al_secondo: quota_column(row, "quota_al_secondo")?,
                esportazioni: quota_column(row, "quota_esportazioni")?,
                al_giorno: quota_column(row, "quota_al_giorno")?,
            },
        })
    }
}

/// A limit of the table. One that cannot be read would otherwise be no limit.
fn read_list<T>(
    row: &PgRow,
    column: &str,
    parse: fn(&[String]) -> Result<T, ValueDefect>,
) -> Result<T> {
    let texts: Vec<String> = row.try_get(column)?;
    parse(&texts).map_err(|defect| Error::internal(format!("{column} of a grant {defect}")))
}

fn quota_column(row: &PgRow, column: &str) -> Result<Option<NonZeroU32>> {
    let numero: Option<i32> = row.try_get(column)?;
    let positive = |n: i32| u32::try_from(n).ok().and_then(NonZeroU32::new);
    let missing = || Error::internal(format!("{column} of a grant is not positive"));
    numero.map(|n| positive(n).ok_or_else(missing)).transpose()
}

/// A list of the table. What is neither `{*}` nor codes alone was not written by this program: nothing is guessed.
fn codes<C: AmbitoCode>(
    code_list: Vec<String>,
    parse: fn(&str) -> Result<C, ValueDefect>,
) -> Result<AmbitoCodes<C>> {
    if code_list == [ALL_CODES] {
        return Ok(AmbitoCodes::All);
    }
    let code_list: Vec<C> = code_list
        .iter()
        .map(|codice| parse(codice))
        .collect::<Result<_, _>>()
        .map_err(|defect| Error::internal(format!("a code of a grant {defect}")))?;
    AmbitoCodes::only(code_list).ok_or_else(|| Error::internal("a grant without codes"))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::error::Reason;

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
            reti: Reti::default(),
            orari: Orari::default(),
            finalita: Finalita::default(),
            certificati: Certificati::default(),
            quote: Quote::default(),
        }
    }

    #[test]
    fn a_list_of_codes_is_read_strictly() {
        let read = |code_list: &[&str]| {
            let code_list = code_list.iter().map(|c| (*c).to_owned()).collect();
            codes(code_list, CodiceNormativa::parse).map_err(|error| error.reason)
        };
        assert_eq!(read(&["*"]), Ok(AmbitoCodes::All));
        let two = read(&["B", "A"]).unwrap();
        assert_eq!(two.texts().unwrap(), ["A", "B"]);
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
