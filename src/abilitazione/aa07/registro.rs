//! The register of grants, for INPS staff: add, list, revoke. Nothing is ever deleted.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgPool, Postgres, Row as _, Transaction};

use super::{APPLICAZIONE, Aa07, Ente, TUTTI};
use crate::{
    abilitazione::{Ambito, Insieme, Tabella, ambito::Codice, token},
    clock::Clock,
};

/// A grant to register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NuovaAbilitazione {
    /// The `sub` of the token.
    pub soggetto: String,
    /// Whose the subject is.
    pub ente: Ente,
    /// A profile of the policy.
    pub profilo: String,
    /// The data.
    pub ambito: Ambito,
    /// First day, included, in Rome.
    pub valida_dal: NaiveDate,
    /// Last day, included, in Rome.
    pub valida_al: NaiveDate,
}

/// A grant as registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registrata {
    /// The grant.
    pub aa07: Aa07,
    /// When, and by whom.
    pub registrata: (DateTime<Utc>, String),
    /// When, and by whom, if it was.
    pub revocata: Option<(DateTime<Utc>, String)>,
}

/// What a grant amounts to on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stato {
    /// It gives access.
    Valida,
    /// Its first day is to come.
    Futura,
    /// Its last day has passed.
    Scaduta,
    /// It was revoked.
    Revocata,
}

impl Registrata {
    /// What it amounts to on a day.
    #[must_use]
    pub fn stato(&self, oggi: NaiveDate) -> Stato {
        if self.revocata.is_some() {
            Stato::Revocata
        } else if oggi < self.aa07.valida_dal {
            Stato::Futura
        } else if oggi > self.aa07.valida_al {
            Stato::Scaduta
        } else {
            Stato::Valida
        }
    }
}

/// Why the register refuses.
#[derive(Debug, thiserror::Error)]
pub enum RegistroError {
    /// The subject cannot be that of a token.
    #[error(
        "a subject is 1 to 255 bytes without control characters and without blanks at its ends"
    )]
    Soggetto,
    /// Who does it must be known.
    #[error("the name of who does this must not be blank")]
    Operatore,
    /// The policy has no such profile.
    #[error("the policy has no profile `{0}`; it has {1}")]
    Profilo(String, String),
    /// The catalogue does not have these.
    #[error("the catalogue has no such {what}: {codici} (are the data loaded?)")]
    Codici {
        /// `normative` or `prestazioni`.
        what: &'static str,
        /// The codes, comma-joined.
        codici: String,
    },
    /// The last day is before the first.
    #[error("the last day, {al}, is before the first, {dal}")]
    Giorni {
        /// First day.
        dal: NaiveDate,
        /// Last day.
        al: NaiveDate,
    },
    /// The grant would be over already.
    #[error("the last day, {0}, has passed: such a grant gives nothing")]
    Passata(NaiveDate),
    /// The subject has a grant in those days.
    #[error(
        "the subject has grant {id}, valid from {dal} to {al}: revoke it first, or choose other days"
    )]
    Sovrapposta {
        /// Its number.
        id: i64,
        /// Its first day.
        dal: NaiveDate,
        /// Its last day.
        al: NaiveDate,
    },
    /// No such grant.
    #[error("there is no grant {0}")]
    Sconosciuta(i64),
    /// It is revoked.
    #[error("grant {0} was revoked already")]
    GiaRevocata(i64),
    /// The database.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// A row that this program did not write.
    #[error("the register holds a grant that cannot be read: {0}")]
    Illeggibile(#[source] crate::error::Error),
}

/// Registers a grant and gives its number. `tabella` is the policy that the grant's profile must be of.
///
/// # Errors
/// Whatever makes it a grant that should not be.
pub async fn add(
    pool: &PgPool,
    clock: &Clock,
    tabella: &Tabella,
    nuova: &NuovaAbilitazione,
    operatore: &str,
) -> Result<i64, RegistroError> {
    check(nuova, clock.today(), tabella, operatore)?;
    let mut tx = pool.begin().await?;
    // Two that register at once would not see each other's grant. Readers are not held up.
    sqlx::query("lock table abilitazione in share row exclusive mode")
        .execute(&mut *tx)
        .await?;
    let normative = nuova.ambito.normative();
    let prestazioni = nuova.ambito.prestazioni();
    check_codes(
        "normative",
        "select codice from unnest($1::text[]) as codice where codice not in (select normativa from normativa)",
        normative,
        &mut tx,
    )
    .await?;
    check_codes(
        "prestazioni",
        "select codice from unnest($1::text[]) as codice where codice not in (select prestazione from prestazione)",
        prestazioni,
        &mut tx,
    )
    .await?;
    let other = sqlx::query(
        "select id, valida_dal, valida_al from abilitazione
         where soggetto = $1 and revocata_il is null and valida_dal <= $3 and valida_al >= $2
         order by id limit 1",
    )
    .bind(&nuova.soggetto)
    .bind(nuova.valida_dal)
    .bind(nuova.valida_al)
    .fetch_optional(&mut *tx)
    .await?;
    if let Some(row) = other {
        return Err(RegistroError::Sovrapposta {
            id: row.try_get("id")?,
            dal: row.try_get("valida_dal")?,
            al: row.try_get("valida_al")?,
        });
    }
    let id = sqlx::query_scalar(
        "insert into abilitazione (soggetto, ente, applicazione, profilo, normative, prestazioni, valida_dal, valida_al,
                                   registrata_il, registrata_da)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         returning id",
    )
    .bind(&nuova.soggetto)
    .bind(nuova.ente.as_str())
    .bind(APPLICAZIONE)
    .bind(&nuova.profilo)
    .bind(as_list(normative))
    .bind(as_list(prestazioni))
    .bind(nuova.valida_dal)
    .bind(nuova.valida_al)
    .bind(clock.now())
    .bind(operatore)
    .fetch_one(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(id)
}

fn check(
    nuova: &NuovaAbilitazione,
    oggi: NaiveDate,
    tabella: &Tabella,
    operatore: &str,
) -> Result<(), RegistroError> {
    if !token::is_soggetto(&nuova.soggetto) {
        return Err(RegistroError::Soggetto);
    }
    if operatore.trim().is_empty() {
        return Err(RegistroError::Operatore);
    }
    if tabella.profilo(&nuova.profilo).is_none() {
        let known: Vec<&str> = tabella.profili().map(|p| p.nome()).collect();
        return Err(RegistroError::Profilo(
            nuova.profilo.clone(),
            known.join(", "),
        ));
    }
    if nuova.valida_al < nuova.valida_dal {
        return Err(RegistroError::Giorni {
            dal: nuova.valida_dal,
            al: nuova.valida_al,
        });
    }
    if nuova.valida_al < oggi {
        return Err(RegistroError::Passata(nuova.valida_al));
    }
    Ok(())
}

async fn check_codes<C: Codice>(
    what: &'static str,
    unknown: &'static str,
    insieme: &Insieme<C>,
    tx: &mut Transaction<'_, Postgres>,
) -> Result<(), RegistroError> {
    let Some(codici) = insieme.testi() else {
        return Ok(());
    };
    let unknown: Vec<String> = sqlx::query_scalar(unknown)
        .bind(codici)
        .fetch_all(&mut **tx)
        .await?;
    if unknown.is_empty() {
        return Ok(());
    }
    Err(RegistroError::Codici {
        what,
        codici: unknown.join(", "),
    })
}

fn as_list<C: Codice>(insieme: &Insieme<C>) -> Vec<String> {
    insieme.testi().unwrap_or_else(|| vec![TUTTI.to_owned()])
}

/// Every grant ever registered, in order.
///
/// # Errors
/// The database's, or a row that this program did not write.
pub async fn list(pool: &PgPool) -> Result<Vec<Registrata>, RegistroError> {
    let rows = sqlx::query(
        "select id, soggetto, ente, applicazione, profilo, normative, prestazioni, valida_dal, valida_al,
                registrata_il, registrata_da, revocata_il, revocata_da
         from abilitazione order by id",
    )
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| {
            let il: Option<DateTime<Utc>> = row.try_get("revocata_il")?;
            let da: Option<String> = row.try_get("revocata_da")?;
            Ok(Registrata {
                aa07: Aa07::from_row(row).map_err(RegistroError::Illeggibile)?,
                registrata: (row.try_get("registrata_il")?, row.try_get("registrata_da")?),
                revocata: il.zip(da),
            })
        })
        .collect()
}

/// Revokes a grant: it gives nothing from the next call on.
///
/// # Errors
/// There is no such grant, or it was revoked before.
pub async fn revoke(
    pool: &PgPool,
    clock: &Clock,
    id: i64,
    operatore: &str,
) -> Result<(), RegistroError> {
    if operatore.trim().is_empty() {
        return Err(RegistroError::Operatore);
    }
    let revoked = sqlx::query(
        "update abilitazione set revocata_il = $2, revocata_da = $3 where id = $1 and revocata_il is null",
    )
    .bind(id)
    .bind(clock.now())
    .bind(operatore)
    .execute(pool)
    .await?;
    if revoked.rows_affected() == 1 {
        return Ok(());
    }
    let known: bool = sqlx::query_scalar("select exists (select from abilitazione where id = $1)")
        .bind(id)
        .fetch_one(pool)
        .await?;
    Err(if known {
        RegistroError::GiaRevocata(id)
    } else {
        RegistroError::Sconosciuta(id)
    })
}
