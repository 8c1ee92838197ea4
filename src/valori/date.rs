//! Days, years, and the periodo that selects by them.

use std::fmt;

use chrono::{Datelike as _, NaiveDate};

use super::ValueDefect;

const DATE: ValueDefect = ValueDefect::new(
    "must be a day as YYYY-MM-DD",
    "deve essere una data nella forma AAAA-MM-GG",
);
const ORDER: ValueDefect = ValueDefect::new(
    "must not be before `dal`",
    "non deve precedere l'inizio del periodo",
);
const YEAR: ValueDefect = ValueDefect::new(
    "must be a year from 1970 to 2199",
    "deve essere un anno dal 1970 al 2199",
);

/// Reads an RFC 3339 full-date of the years 0001 to 9999.
///
/// # Errors
/// Any other form, or a day that does not exist.
pub fn parse_date(text: &str) -> Result<NaiveDate, ValueDefect> {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(i, b)| match i {
            4 | 7 => b == b'-',
            _ => b.is_ascii_digit(),
        });
    let date: NaiveDate = if shape {
        text.parse()
    } else {
        return Err(DATE);
    }
    .map_err(|_| DATE)?;
    if date.year() < 1 {
        return Err(DATE);
    }
    Ok(date)
}

/// How the validity of a decree is compared with a [`Periodo`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Criterio {
    /// They have a day in common.
    #[default]
    Sovrapposizione,
    /// The validity starts in the periodo.
    InizioValidita,
}

/// A range of days, both ends included, with at least one end.
///
/// The fields are private so that `dal` is never after `al`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Periodo {
    dal: Option<NaiveDate>,
    al: Option<NaiveDate>,
    criterio: Criterio,
}

impl Periodo {
    /// The range, or `None` where both ends are open: such a periodo selects everything, like no periodo at all.
    ///
    /// # Errors
    /// `al` before `dal`.
    pub fn new(
        dal: Option<NaiveDate>,
        al: Option<NaiveDate>,
        criterio: Criterio,
    ) -> Result<Option<Self>, ValueDefect> {
        if let (Some(dal), Some(al)) = (dal, al)
            && al < dal
        {
            return Err(ORDER);
        }
        Ok((dal.is_some() || al.is_some()).then_some(Self { dal, al, criterio }))
    }

    /// First day, if not open.
    #[must_use]
    pub fn dal(&self) -> Option<NaiveDate> {
        self.dal
    }

    /// Last day, if not open.
    #[must_use]
    pub fn al(&self) -> Option<NaiveDate> {
        self.al
    }

    /// How validity is compared with the range.
    #[must_use]
    pub fn criterio(&self) -> Criterio {
        self.criterio
    }
}

/// As ISO 8601-2 spells an interval, an open end as two dots, and the criterio: `2023-01-01/.. SOVRAPPOSIZIONE`.
impl fmt::Display for Periodo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = |day: Option<NaiveDate>| day.map_or_else(|| "..".to_owned(), |d| d.to_string());
        let criterio = match self.criterio {
            Criterio::Sovrapposizione => "SOVRAPPOSIZIONE",
            Criterio::InizioValidita => "INIZIO_VALIDITA",
        };
        write!(f, "{}/{} {criterio}", day(self.dal), day(self.al))
    }
}

/// A year of appropriations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Year(i32);

impl Year {
    /// Reads four digits.
    ///
    /// # Errors
    /// Any other form, or a year outside 1970-2199.
    pub fn parse(text: &str) -> Result<Self, ValueDefect> {
        if text.len() != 4 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(YEAR);
        }
        let year = text.parse().map_err(|_| YEAR)?;
        if !(1970..=2199).contains(&year) {
            return Err(YEAR);
        }
        Ok(Self(year))
    }

    /// The year.
    #[must_use]
    pub fn get(self) -> i32 {
        self.0
    }
}

impl fmt::Display for Year {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        parse_date(text).unwrap()
    }

    #[test]
    fn dates() {
        assert_eq!(day("2024-02-29").to_string(), "2024-02-29");
        for bad in [
            "",
            "2023-02-29",
            "2023-13-01",
            "2023-1-1",
            "+2023-1-01",
            "20230101",
            "2023/01/01",
            "0000-01-01",
            "2023-01-01T00",
            "2023-01-0١",
            " 2023-01-1",
        ] {
            assert_eq!(parse_date(bad), Err(DATE), "{bad}");
        }
    }

    #[test]
    fn an_open_periodo_is_none_and_a_reversed_one_is_refused() {
        let (a, b) = (day("2023-01-01"), day("2023-12-31"));
        assert_eq!(Periodo::new(None, None, Criterio::InizioValidita), Ok(None));
        assert_eq!(
            Periodo::new(Some(b), Some(a), Criterio::default()),
            Err(ORDER)
        );
        assert!(Periodo::new(Some(a), Some(a), Criterio::default()).is_ok_and(|p| p.is_some()));
        assert!(Periodo::new(Some(a), None, Criterio::default()).is_ok_and(|p| p.is_some()));
    }

    #[test]
    fn years() {
        assert_eq!(Year::parse("2023").unwrap().get(), 2023);
        for bad in ["", "23", "1969", "2200", "02023", "-202", "20a3"] {
            assert_eq!(Year::parse(bad), Err(YEAR), "{bad}");
        }
    }
}
