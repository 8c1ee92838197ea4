//! Control totals in the making: whole hundredths, so that adding them up is exact and costs nothing.

use std::{
    fmt,
    ops::{AddAssign, Sub},
};

use rust_decimal::Decimal;

use super::row::{DetailRow, DetailRowError};
use crate::{
    contract::{column::Column, proto},
    valori::{Importo, Ore},
};

/// Sums over rows. `None`: a column that the caller does not see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ControlTotals {
    /// Number of rows.
    pub righe: Option<i64>,
    /// Hours.
    pub ore_decretate: Option<Ore>,
    /// Euro.
    pub importi_autorizzati: Option<Importo>,
    /// Euro.
    pub importi_erogati: Option<Importo>,
}

/// Sums over rows. A column that the caller does not see adds nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ControlSums {
    /// Number of rows.
    pub righe: i64,
    /// Hundredths of an hour.
    pub ore_decretate: i128,
    /// Cents.
    pub importi_autorizzati: i128,
    /// Cents.
    pub importi_erogati: i128,
}

impl ControlSums {
    /// Adds a row, from the very text that is sent.
    ///
    /// # Errors
    /// A value that does not parse is a fault of ours: no total is better than a wrong one.
    pub fn add(&mut self, riga: &DetailRow<'_>) -> Result<(), DetailRowError> {
        self.righe += 1;
        self.ore_decretate += i128::from(parse_hundredths(riga.ore_decretate)?);
        self.importi_autorizzati += i128::from(parse_hundredths(riga.importi_autorizzati)?);
        self.importi_erogati += i128::from(parse_hundredths(riga.importi_erogati)?);
        Ok(())
    }

    /// As the caller gets them: without the columns that it does not see.
    #[must_use]
    pub fn totali(&self, may_see: impl Fn(Column) -> bool) -> ControlTotals {
        let [ore, autorizzati, erogati] = self.decimals();
        ControlTotals {
            righe: may_see(Column::Righe).then_some(self.righe),
            ore_decretate: may_see(Column::OreDecretate).then(|| ore.into()),
            importi_autorizzati: may_see(Column::ImportiAutorizzati).then(|| autorizzati.into()),
            importi_erogati: may_see(Column::ImportiErogati).then(|| erogati.into()),
        }
    }

    /// Sums that were stored: rows; hours, authorised, paid, with two decimals.
    #[must_use]
    pub fn from_decimals(righe: i64, decimali: [Decimal; 3]) -> Self {
        let [ore_decretate, importi_autorizzati, importi_erogati] = decimali.map(|mut decimal| {
            decimal.rescale(2);
            decimal.mantissa()
        });
        Self {
            righe,
            ore_decretate,
            importi_autorizzati,
            importi_erogati,
        }
    }

    /// Hours, authorised, paid, with two decimals.
    #[must_use]
    pub fn decimals(&self) -> [Decimal; 3] {
        [
            self.ore_decretate,
            self.importi_autorizzati,
            self.importi_erogati,
        ]
        .map(|hundredths| Decimal::from_i128_with_scale(hundredths, 2))
    }
}

/// For the operator: rows, hours, amounts.
impl fmt::Display for ControlSums {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [ore, autorizzati, erogati] = self.decimals();
        let righe = self.righe;
        write!(
            f,
            "{righe} rows, {ore:.2} hours, {autorizzati:.2} authorised, {erogati:.2} paid"
        )
    }
}

impl From<ControlTotals> for proto::TotaliControllo {
    fn from(totali: ControlTotals) -> Self {
        let text = |value: Option<String>| value.unwrap_or_default();
        Self {
            righe: totali.righe.unwrap_or_default(),
            ore_decretate: text(totali.ore_decretate.map(|v| v.to_string())),
            importi_autorizzati: text(totali.importi_autorizzati.map(|v| v.to_string())),
            importi_erogati: text(totali.importi_erogati.map(|v| v.to_string())),
        }
    }
}

impl AddAssign for ControlSums {
    fn add_assign(&mut self, other: Self) {
        self.righe += other.righe;
        self.ore_decretate += other.ore_decretate;
        self.importi_autorizzati += other.importi_autorizzati;
        self.importi_erogati += other.importi_erogati;
    }
}

impl Sub for ControlSums {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            righe: self.righe - other.righe,
            ore_decretate: self.ore_decretate - other.ore_decretate,
            importi_autorizzati: self.importi_autorizzati - other.importi_autorizzati,
            importi_erogati: self.importi_erogati - other.importi_erogati,
        }
    }
}

/// `\d{1,16}\.\d{2}` in hundredths; empty: 0.
///
/// # Errors
/// Any other form.
pub fn parse_hundredths(text: &str) -> Result<i64, DetailRowError> {
    if text.is_empty() {
        return Ok(0);
    }
    let (units, cents) = text
        .as_bytes()
        .split_last_chunk::<3>()
        .ok_or(DetailRowError)?;
    let [b'.', tens, ones] = cents else {
        return Err(DetailRowError);
    };
    if units.is_empty() || units.len() > 16 {
        return Err(DetailRowError);
    }
    // 18 digits: below 2^63.
    let mut number = 0_i64;
    for digit in units.iter().chain([tens, ones]) {
        if !digit.is_ascii_digit() {
            return Err(DetailRowError);
        }
        number = number * 10 + i64::from(digit - b'0');
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hundredths() {
        for (text, hundredths) in [
            ("", 0),
            ("0.00", 0),
            ("0.01", 1),
            ("1234567.80", 123_456_780),
            ("9999999999999999.99", 999_999_999_999_999_999),
        ] {
            assert_eq!(parse_hundredths(text), Ok(hundredths));
        }
        for bad in [
            ".00",
            "1",
            "1.0",
            "1.000",
            "-1.00",
            "1,00",
            "a.00",
            "10000000000000000.00",
        ] {
            assert_eq!(parse_hundredths(bad), Err(DetailRowError), "{bad}");
        }
    }

    #[test]
    fn a_hidden_column_is_absent() {
        let riga = DetailRow {
            ore_decretate: "1.50",
            importi_autorizzati: "2.05",
            ..DetailRow::default()
        };
        let mut somme = ControlSums::default();
        somme.add(&riga).unwrap();
        let once = ControlSums::from_decimals(somme.righe, somme.decimals());
        assert_eq!(once, somme);
        somme += once;
        let totali = somme.totali(|column| column != Column::ImportiErogati);
        assert_eq!(totali.righe, Some(2));
        assert_eq!(totali.ore_decretate.unwrap().to_string(), "3.00");
        assert_eq!(totali.importi_autorizzati.unwrap().to_string(), "4.10");
        assert_eq!(totali.importi_erogati, None);
    }
}
