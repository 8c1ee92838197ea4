//! The values of the domain: parsed once at the edge, then right by construction.
//!
//! ```
//! use omnia::valori::{CodiceFiscale, Importo};
//!
//! let importo = Importo::parse("1234567.80").unwrap();
//! assert_eq!(importo.to_string(), "1234567.80");
//! assert!(Importo::parse("1234567.8").is_err(), "exactly two decimals");
//!
//! let cf = CodiceFiscale::parse("RCCMNL83S18D969H").unwrap();
//! assert!(cf.persona_fisica());
//! assert!(CodiceFiscale::parse("00743110158").is_err(), "wrong check digit");
//! ```
//!
//! A value that does not parse gives a [`ValueDefect`]: what is wrong, in English for the developer and in Italian for
//! the end user. It never repeats the value, which may be personal data. The same types read gRPC requests and CSV
//! files, so both accept the same.

use std::borrow::Cow;

mod bom;
mod codes;
mod codice_fiscale;
mod date;
mod importo;
mod month;
pub mod name;
pub mod tax_codes;
mod tipo_stanziamento;

pub use bom::{BYTE_ORDER_MARK, without_bom};
pub use codes::{
    CodiceNormativa, CodicePrestazione, CodificaSistemaUnico, Matricola, NumeroDecreto,
    NumeroRilevazione,
};
pub use codice_fiscale::CodiceFiscale;
pub use date::{Criterio, Periodo, Year, parse_date};
pub use importo::{Importo, Ore};
pub use month::Month;
pub use tipo_stanziamento::{TipiStanziamento, TipoStanziamento};

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueDefect {
    /// For developers and logs.
    pub english: Cow<'static, str>,
    /// For the end user.
    pub italian: Cow<'static, str>,
}

impl ValueDefect {
    /// A defect, in both languages.
    #[must_use]
    pub const fn new(english: &'static str, italian: &'static str) -> Self {
        Self {
            english: Cow::Borrowed(english),
            italian: Cow::Borrowed(italian),
        }
    }

    /// A defect with something in it that only the value shows, such as a place in a text.
    #[must_use]
    pub fn owned(english: String, italian: String) -> Self {
        Self {
            english: Cow::Owned(english),
            italian: Cow::Owned(italian),
        }
    }
}

impl std::fmt::Display for ValueDefect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.english)
    }
}

impl std::error::Error for ValueDefect {}
