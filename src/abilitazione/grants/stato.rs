//! The states of a grant and the steps between them.
//!
//! ```text
//! RICHIESTA ──verifica──► VERIFICATA ──approvazione──► ATTIVA ◄──riattivazione── SOSPESA
//!     │                       │                          │  ──sospensione──►       │
//!     └──────revoca──────► RIFIUTATA                     └──────revoca──► REVOCATA ┘
//! ```
//!
//! The table has the same picture as a constraint (`abilitazione_evento`): what is not in it cannot be written. FUTURA
//! and SCADUTA are no states of the table: they come of the days and the clock, by themselves.

use std::{fmt, str::FromStr};

use chrono::NaiveDate;

use crate::{
    error::{Error, Reason, Result},
    valori::ValueDefect,
};

/// What the last step of a grant left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StatoAa07 {
    /// Recorded.
    Richiesta,
    /// The form was checked against the PEC message.
    Verificata,
    /// It gives access on its days.
    Attiva,
    /// It gives nothing until it is resumed.
    Sospesa,
    /// It was active and is so no more.
    Revocata,
    /// It was refused before it was ever active.
    Rifiutata,
}

/// A step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Azione {
    /// Recording the request: the first step of every grant, and no other.
    Richiesta,
    /// The form was checked.
    Verifica,
    /// By another person than the one who recorded it.
    Approvazione,
    /// For a time.
    Sospensione,
    /// The end of a suspension.
    Riattivazione,
    /// For ever.
    Revoca,
}

/// What a grant amounts to on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EffectiveStato {
    /// As [`StatoAa07::Richiesta`].
    Richiesta,
    /// As [`StatoAa07::Verificata`].
    Verificata,
    /// Active, and its first day is to come.
    Futura,
    /// It gives access.
    Attiva,
    /// As [`StatoAa07::Sospesa`].
    Sospesa,
    /// Its last day has passed.
    Scaduta,
    /// As [`StatoAa07::Revocata`].
    Revocata,
    /// As [`StatoAa07::Rifiutata`].
    Rifiutata,
}

macro_rules! spelt {
    ($name:ident, $defect:expr, $($variant:ident = $text:literal),+) => {
        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// As the table and the contract spell it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = ValueDefect;

            fn from_str(text: &str) -> Result<Self, ValueDefect> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err($defect),
                }
            }
        }
    };
}

spelt!(
    StatoAa07,
    ValueDefect::new(
        "must be a state of a grant",
        "deve essere uno stato previsto"
    ),
    Richiesta = "RICHIESTA",
    Verificata = "VERIFICATA",
    Attiva = "ATTIVA",
    Sospesa = "SOSPESA",
    Revocata = "REVOCATA",
    Rifiutata = "RIFIUTATA"
);
spelt!(
    Azione,
    ValueDefect::new(
        "must be a step of a grant",
        "deve essere un passaggio previsto"
    ),
    Richiesta = "RICHIESTA",
    Verifica = "VERIFICA",
    Approvazione = "APPROVAZIONE",
    Sospensione = "SOSPENSIONE",
    Riattivazione = "RIATTIVAZIONE",
    Revoca = "REVOCA"
);
spelt!(
    EffectiveStato,
    ValueDefect::new(
        "must be RICHIESTA, VERIFICATA, FUTURA, ATTIVA, SOSPESA, SCADUTA, REVOCATA or RIFIUTATA",
        "deve essere RICHIESTA, VERIFICATA, FUTURA, ATTIVA, SOSPESA, SCADUTA, REVOCATA o RIFIUTATA",
    ),
    Richiesta = "RICHIESTA",
    Verificata = "VERIFICATA",
    Futura = "FUTURA",
    Attiva = "ATTIVA",
    Sospesa = "SOSPESA",
    Scaduta = "SCADUTA",
    Revocata = "REVOCATA",
    Rifiutata = "RIFIUTATA"
);

impl StatoAa07 {
    /// What a grant in this state with these days amounts to on a day.
    #[must_use]
    pub fn effective_on(
        self,
        (dal, al): (NaiveDate, NaiveDate),
        oggi: NaiveDate,
    ) -> EffectiveStato {
        match self {
            Self::Revocata => EffectiveStato::Revocata,
            Self::Rifiutata => EffectiveStato::Rifiutata,
            _ if oggi > al => EffectiveStato::Scaduta,
            Self::Richiesta => EffectiveStato::Richiesta,
            Self::Verificata => EffectiveStato::Verificata,
            Self::Sospesa => EffectiveStato::Sospesa,
            Self::Attiva if oggi < dal => EffectiveStato::Futura,
            Self::Attiva => EffectiveStato::Attiva,
        }
    }
}

/// Where a step leads from a state, on a day on which the grant amounts to `situation`. A grant that has expired can be
/// revoked, and nothing else.
///
/// # Errors
/// [`Reason::TransitionIllegal`], naming the present state.
pub fn transition(
    stato: StatoAa07,
    situation: EffectiveStato,
    azione: Azione,
) -> Result<StatoAa07> {
    let expired = situation == EffectiveStato::Scaduta;
    match (azione, stato) {
        (Azione::Revoca, StatoAa07::Attiva | StatoAa07::Sospesa) => Ok(StatoAa07::Revocata),
        (Azione::Revoca, StatoAa07::Richiesta | StatoAa07::Verificata) => Ok(StatoAa07::Rifiutata),
        (Azione::Verifica, StatoAa07::Richiesta) if !expired => Ok(StatoAa07::Verificata),
        (Azione::Approvazione, StatoAa07::Verificata) if !expired => Ok(StatoAa07::Attiva),
        (Azione::Sospensione, StatoAa07::Attiva) if !expired => Ok(StatoAa07::Sospesa),
        (Azione::Riattivazione, StatoAa07::Sospesa) if !expired => Ok(StatoAa07::Attiva),
        _ => Err(Error::new(
            Reason::TransitionIllegal,
            format!("a grant that is {situation} does not admit this step: {azione}"),
        )
        .with("stato", situation.as_str())
        .with("azione", azione.as_str())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    const DAYS: (&str, &str) = ("2026-03-01", "2026-12-31");

    fn on(stato: StatoAa07, oggi: &str) -> EffectiveStato {
        stato.effective_on((day(DAYS.0), day(DAYS.1)), day(oggi))
    }

    /// The whole picture, as a text to review: on a day of the grant, and after its last.
    #[test]
    fn every_step_from_every_state() {
        let mut legal = Vec::new();
        for &stato in StatoAa07::ALL {
            for &azione in Azione::ALL {
                for (when, oggi) in [("", "2026-12-31"), (" expired", "2027-01-01")] {
                    match transition(stato, on(stato, oggi), azione) {
                        Ok(to) => legal.push(format!("{stato}{when} {azione} {to}")),
                        Err(error) => {
                            assert_eq!(error.reason, Reason::TransitionIllegal);
                            let named = on(stato, oggi).to_string();
                            assert!(error.message.contains(&named), "{error}");
                            assert_eq!(error.metadata[0], ("stato", named));
                        }
                    }
                }
            }
        }
        assert_eq!(
            legal,
            [
                "RICHIESTA VERIFICA VERIFICATA",
                "RICHIESTA REVOCA RIFIUTATA",
                "RICHIESTA expired REVOCA RIFIUTATA",
                "VERIFICATA APPROVAZIONE ATTIVA",
                "VERIFICATA REVOCA RIFIUTATA",
                "VERIFICATA expired REVOCA RIFIUTATA",
                "ATTIVA SOSPENSIONE SOSPESA",
                "ATTIVA REVOCA REVOCATA",
                "ATTIVA expired REVOCA REVOCATA",
                "SOSPESA RIATTIVAZIONE ATTIVA",
                "SOSPESA REVOCA REVOCATA",
                "SOSPESA expired REVOCA REVOCATA",
            ]
        );
    }

    #[test]
    fn what_it_amounts_to() {
        for (stato, oggi, expected) in [
            (StatoAa07::Attiva, "2026-02-28", EffectiveStato::Futura),
            (StatoAa07::Attiva, "2026-03-01", EffectiveStato::Attiva),
            (StatoAa07::Attiva, "2026-12-31", EffectiveStato::Attiva),
            (StatoAa07::Attiva, "2027-01-01", EffectiveStato::Scaduta),
            (StatoAa07::Sospesa, "2026-02-28", EffectiveStato::Sospesa),
            (StatoAa07::Sospesa, "2027-01-01", EffectiveStato::Scaduta),
            (
                StatoAa07::Richiesta,
                "2026-02-28",
                EffectiveStato::Richiesta,
            ),
            (StatoAa07::Verificata, "2027-01-01", EffectiveStato::Scaduta),
            (StatoAa07::Revocata, "2027-01-01", EffectiveStato::Revocata),
            (
                StatoAa07::Rifiutata,
                "2026-02-28",
                EffectiveStato::Rifiutata,
            ),
        ] {
            assert_eq!(on(stato, oggi), expected, "{stato} {oggi}");
        }
    }

    #[test]
    fn what_is_spelt_is_read() {
        for &s in EffectiveStato::ALL {
            assert_eq!(s.as_str().parse(), Ok(s));
        }
        for &s in StatoAa07::ALL {
            assert_eq!(s.as_str().parse(), Ok(s));
        }
        for &a in Azione::ALL {
            assert_eq!(a.as_str().parse(), Ok(a));
        }
        assert!("attiva".parse::<StatoAa07>().is_err());
    }
}
