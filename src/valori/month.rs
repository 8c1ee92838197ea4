//! Months of the calendar.

use std::fmt;

use chrono::{Datelike as _, Months, NaiveDate};

use super::{ValueDefect, parse_date};

/// In Italian, for those who read figures.
const NAMES: [&str; 12] = [
    "gennaio",
    "febbraio",
    "marzo",
    "aprile",
    "maggio",
    "giugno",
    "luglio",
    "agosto",
    "settembre",
    "ottobre",
    "novembre",
    "dicembre",
];

const MONTH: ValueDefect = ValueDefect::new(
    "must be a month as YYYY-MM",
    "deve essere un mese nella forma AAAA-MM",
);

/// A month of a year.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(
    /// Months since January of the year 0.
    i32,
);

impl Month {
    /// Reads `YYYY-MM`, of the years 0001 to 9999.
    ///
    /// # Errors
    /// Any other form, or a month that does not exist.
    pub fn parse(text: &str) -> Result<Self, ValueDefect> {
        if text.len() != 7 {
            return Err(MONTH);
        }
        let first = parse_date(&format!("{text}-01")).map_err(|_| MONTH)?;
        Ok(Self::of(first))
    }

    /// That of a day.
    #[must_use]
    pub fn of(day: NaiveDate) -> Self {
        // At most 9999 × 12.
        Self(day.year() * 12 + day.month0().cast_signed())
    }

    /// January of a year.
    #[must_use]
    pub const fn january(year: i32) -> Self {
        Self(year * 12)
    }

    /// Its year.
    #[must_use]
    pub const fn year(self) -> i32 {
        self.0.div_euclid(12)
    }

    /// From 0, January, to 11.
    #[must_use]
    pub const fn month0(self) -> i32 {
        self.0.rem_euclid(12)
    }

    /// "ottobre".
    #[must_use]
    pub fn name(self) -> &'static str {
        let n = usize::try_from(self.month0()).unwrap_or_default();
        NAMES.get(n).copied().unwrap_or_default()
    }

    /// So many months later; earlier, where negative.
    #[must_use]
    pub const fn plus(self, months: i32) -> Self {
        Self(self.0 + months)
    }

    /// How many months it is after another.
    #[must_use]
    pub const fn since(self, other: Self) -> i32 {
        self.0 - other.0
    }

    /// Its first day.
    #[must_use]
    pub fn first_day(self) -> NaiveDate {
        let first = NaiveDate::from_ymd_opt(self.year(), 1, 1).unwrap_or(NaiveDate::MIN);
        first
            .checked_add_months(Months::new(self.month0().cast_unsigned()))
            .unwrap_or(first)
    }

    /// Its last day.
    #[must_use]
    pub fn last_day(self) -> NaiveDate {
        let next = self.plus(1).first_day();
        next.pred_opt().unwrap_or(next)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.month0() + 1)
    }
}

impl fmt::Debug for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_days() {
        for (text, first, last) in [
            ("0001-01", "0001-01-01", "0001-01-31"),
            ("2024-02", "2024-02-01", "2024-02-29"),
            ("2023-02", "2023-02-01", "2023-02-28"),
            ("2023-12", "2023-12-01", "2023-12-31"),
            ("9999-12", "9999-12-01", "9999-12-31"),
        ] {
            let month = Month::parse(text).unwrap();
            assert_eq!(month.to_string(), text);
            assert_eq!(month.first_day().to_string(), first);
            assert_eq!(month.last_day().to_string(), last);
            assert_eq!(Month::of(month.last_day()), month);
        }
        for bad in [
            "",
            "2023",
            "2023-13",
            "2023-00",
            "2023-1",
            "2023-01-01",
            "0000-01",
            "+023-01",
        ] {
            assert_eq!(Month::parse(bad), Err(MONTH), "{bad}");
        }
    }

    #[test]
    fn counting() {
        let december = Month::january(2023).plus(11);
        assert_eq!(december.to_string(), "2023-12");
        assert_eq!(december.plus(2).to_string(), "2024-02");
        assert_eq!(december.plus(2).since(december), 2);
        assert_eq!((december.year(), december.month0()), (2023, 11));
        assert_eq!(Month::january(2023).plus(-1).to_string(), "2022-12");
    }
}
