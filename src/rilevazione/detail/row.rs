//! One row of the detail, its columns as texts.

use chrono::NaiveDate;

use crate::{contract::column::Column, error::Error};

/// The columns, in the order of their field numbers in the contract (1 to 11).
pub const DETAIL_COLUMNS: [Column; 11] = [
    Column::Prestazione,
    Column::CodificaSistemaUnico,
    Column::NumeroDecreto,
    Column::DataDecreto,
    Column::ValiditaDal,
    Column::ValiditaAl,
    Column::CfAzienda,
    Column::MatricolaAzienda,
    Column::OreDecretate,
    Column::ImportiAutorizzati,
    Column::ImportiErogati,
];

/// One row: see `DettaglioDecreto` for what each column means. Empty: a column that the caller does not see.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DetailRow<'a> {
    /// Code of the benefit.
    pub prestazione: &'a str,
    /// Intervento and evento.
    pub codifica_sistema_unico: &'a str,
    /// Number of the decree.
    pub numero_decreto: &'a str,
    /// `YYYY-MM-DD`.
    pub data_decreto: &'a str,
    /// `YYYY-MM-DD`.
    pub validita_dal: &'a str,
    /// `YYYY-MM-DD`.
    pub validita_al: &'a str,
    /// Codice fiscale, or its mask.
    pub cf_azienda: &'a str,
    /// Employer number.
    pub matricola_azienda: &'a str,
    /// Hours, two decimals.
    pub ore_decretate: &'a str,
    /// Euro, two decimals.
    pub importi_autorizzati: &'a str,
    /// Euro, two decimals.
    pub importi_erogati: &'a str,
}

/// Bytes that are not rows: a fault of ours, or of the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bytes of a lotto are not rows of the detail")]
pub struct DetailRowError;

impl<'a> DetailRow<'a> {
    /// A row of these columns, in the order of [`DETAIL_COLUMNS`].
    #[must_use]
    pub fn of(colonne: [&'a str; 11]) -> Self {
        let [
            prestazione,
            codifica_sistema_unico,
            numero_decreto,
            data_decreto,
            validita_dal,
            validita_al,
            cf_azienda,
            matricola_azienda,
            ore_decretate,
            importi_autorizzati,
            importi_erogati,
        ] = colonne;
        Self {
            prestazione,
            codifica_sistema_unico,
            numero_decreto,
            data_decreto,
            validita_dal,
            validita_al,
            cf_azienda,
            matricola_azienda,
            ore_decretate,
            importi_autorizzati,
            importi_erogati,
        }
    }

    /// The columns, in the order of [`DETAIL_COLUMNS`].
    #[must_use]
    pub fn columns(&self) -> [&'a str; 11] {
        [
            self.prestazione,
            self.codifica_sistema_unico,
            self.numero_decreto,
            self.data_decreto,
            self.validita_dal,
            self.validita_al,
            self.cf_azienda,
            self.matricola_azienda,
            self.ore_decretate,
            self.importi_autorizzati,
            self.importi_erogati,
        ]
    }
}

impl From<DetailRowError> for Error {
    fn from(error: DetailRowError) -> Self {
        Self::internal(error)
    }
}

/// The day of a column that has one: `YYYY-MM-DD`, as every row has it.
///
/// # Errors
/// Any other form, or no day.
pub fn parse_day(testo: &str) -> Result<NaiveDate, DetailRowError> {
    let digits = |from: usize, to: usize| {
        let digits = testo.as_bytes().get(from..to)?;
        digits.iter().try_fold(0, |number, digit| {
            digit
                .is_ascii_digit()
                .then(|| number * 10 + u32::from(digit - b'0'))
        })
    };
    let read = || {
        let dashes =
            testo.len() == 10 && testo.as_bytes()[4] == b'-' && testo.as_bytes()[7] == b'-';
        let year = i32::try_from(digits(0, 4).filter(|_| dashes)?).ok()?;
        NaiveDate::from_ymd_opt(year, digits(5, 7)?, digits(8, 10)?)
    };
    read().ok_or(DetailRowError)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn days(days in 1..3_652_059_i32) {
            let day = NaiveDate::from_num_days_from_ce_opt(days).unwrap();
            prop_assert_eq!(parse_day(&day.to_string()), Ok(day));
        }

        #[test]
        fn what_is_no_day(text in "\\PC{0,12}|[0-9-]{10}") {
            // chrono reads other forms too, of ten characters as well: "-0000-1-01".
            let day = text.parse::<NaiveDate>().ok().filter(|day| day.to_string() == text);
            prop_assert_eq!(parse_day(&text).ok(), day, "{}", text);
        }

        #[test]
        fn a_signed_year_is_no_day(text in "[-+][0-9]{4}-[0-9]-[0-9]{2}") {
            prop_assert_eq!(parse_day(&text), Err(DetailRowError), "{}", text);
        }
    }
}
