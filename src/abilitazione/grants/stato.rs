//! The states of a grant and the steps between them.
//!
//! ```text
//! RICHIESTA ──verifica──► VERIFICATA ──approvazione──► ATTIVA ◄──riattivazione── SOSPESA
//!     │                       │                          │  ──sospensione──►       │
//!     └──────revoca──────► RIFIUTATA                     └──────revoca──► REVOCATA ┘
//! ```
//!
//! The table has the same picture as a constraint (`abilitazione_evento`): what is not in it can be written by nobody. FUTURA
//! and SCADUTA are no states of the table: they come of the days and the clock, by themselves.

use std::{fmt, str::FromStr};

use chrono::NaiveDate;

use crate::{
    error::{Error, Reason, Result},
    valori::Difetto,
};

/// What the last step of a grant left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stato {
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
pub enum Situazione {
    /// As [`Stato::Richiesta`].
    Richiesta,
    /// As [`Stato::Verificata`].
    Verificata,
    /// Active, and its first day is to come.
    Futura,
    /// It gives access.
    Attiva,
    /// As [`Stato::Sospesa`].
    Sospesa,
    /// Its last day has passed.
    Scaduta,
    /// As [`Stato::Revocata`].
    Revocata,
    /// As [`Stato::Rifiutata`].
    Rifiutata,
}

macro_rules! spelt {
    ($name:ident, $difetto:expr, $($variant:ident = $text:literal),+) => {
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
            type Err = Difetto;

            fn from_str(text: &str) -> Result<Self, Difetto> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err($difetto),
                }
            }
        }
    };
}

spelt!(
    Stato,
    Difetto::new(
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
    Difetto::new(
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
    Situazione,
    Difetto::new(
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

impl Stato {
    /// What a grant in this state with these days amounts to on a day.
    #[must_use]
    pub fn situazione(self, (dal, al): (NaiveDate, NaiveDate), oggi: NaiveDate) -> Situazione {
        match self {
            Self::Revocata => Situazione::Revocata,
            Self::Rifiutata => Situazione::Rifiutata,
            _ if oggi > al => Situazione::Scaduta,
            Self::Richiesta => Situazione::Richiesta,
            Self::Verificata => Situazione::Verificata,
            Self::Sospesa => Situazione::Sospesa,
            Self::Attiva if oggi < dal => Situazione::Futura,
            Self::Attiva => Situazione::Attiva,
        }
    }
}

/// Where a step leads from a state, on a day on which the grant amounts to `situazione`. A grant that has expired can be
/// revoked, and nothing else.
///
/// # Errors
/// [`Reason::TransitionIllegal`], naming the present state.
pub fn transizione(stato: Stato, situazione: Situazione, azione: Azione) -> Result<Stato> {
    let scaduta = situazione == Situazione::Scaduta;
    match (azione, stato) {
        (Azione::Revoca, Stato::Attiva | Stato::Sospesa) => Ok(Stato::Revocata),
        (Azione::Revoca, Stato::Richiesta | Stato::Verificata) => Ok(Stato::Rifiutata),
        (Azione::Verifica, Stato::Richiesta) if !scaduta => Ok(Stato::Verificata),
        (Azione::Approvazione, Stato::Verificata) if !scaduta => Ok(Stato::Attiva),
        (Azione::Sospensione, Stato::Attiva) if !scaduta => Ok(Stato::Sospesa),
        (Azione::Riattivazione, Stato::Sospesa) if !scaduta => Ok(Stato::Attiva),
        _ => Err(Error::new(
            Reason::TransitionIllegal,
            format!("a grant that is {situazione} does not admit this step: {azione}"),
        )
        .with("stato", situazione.as_str())
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

    fn on(stato: Stato, oggi: &str) -> Situazione {
        stato.situazione((day(DAYS.0), day(DAYS.1)), day(oggi))
    }

    /// The whole picture, as a text to review: on a day of the grant, and after its last.
    #[test]
    fn every_step_from_every_state() {
        let mut legal = Vec::new();
        for &stato in Stato::ALL {
            for &azione in Azione::ALL {
                for (when, oggi) in [("", "2026-12-31"), (" expired", "2027-01-01")] {
                    match transizione(stato, on(stato, oggi), azione) {
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
            (Stato::Attiva, "2026-02-28", Situazione::Futura),
            (Stato::Attiva, "2026-03-01", Situazione::Attiva),
            (Stato::Attiva, "2026-12-31", Situazione::Attiva),
            (Stato::Attiva, "2027-01-01", Situazione::Scaduta),
            (Stato::Sospesa, "2026-02-28", Situazione::Sospesa),
            (Stato::Sospesa, "2027-01-01", Situazione::Scaduta),
            (Stato::Richiesta, "2026-02-28", Situazione::Richiesta),
            (Stato::Verificata, "2027-01-01", Situazione::Scaduta),
            (Stato::Revocata, "2027-01-01", Situazione::Revocata),
            (Stato::Rifiutata, "2026-02-28", Situazione::Rifiutata),
        ] {
            assert_eq!(on(stato, oggi), expected, "{stato} {oggi}");
        }
    }

    #[test]
    fn what_is_spelt_is_read() {
        for &s in Situazione::ALL {
            assert_eq!(s.as_str().parse(), Ok(s));
        }
        for &s in Stato::ALL {
            assert_eq!(s.as_str().parse(), Ok(s));
        }
        for &a in Azione::ALL {
            assert_eq!(a.as_str().parse(), Ok(a));
        }
        assert!("attiva".parse::<Stato>().is_err());
    }
}
