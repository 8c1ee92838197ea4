//! Figures and days as Italians write them.
//!
//! `1234567.80` is `1.234.567,80 €`, `2026-08-31` is `31 agosto 2026`. The texts of the contract are rewritten and never become a float.

use rust_decimal::Decimal;

use crate::valori::Month;

/// What stands before a negative number, and is as wide as a plus.
const MINUS: char = '−';
/// A space at which no line breaks.
const NBSP: char = '\u{a0}';

/// Euro. An empty text, of a column that is not seen, stays empty.
pub(super) fn euro(decimal: &str) -> String {
    match decimal.is_empty() {
        true => String::new(),
        false => format!("{}{NBSP}€", number(decimal)),
    }
}

/// A decimal number, or a whole one.
pub(super) fn number(decimal: &str) -> String {
    let (sign, digits) = match decimal.strip_prefix('-') {
        Some(digits) => (Some(MINUS), digits),
        None => (None, decimal),
    };
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let mut text: String = sign.into_iter().collect();
    for (n, digit) in whole.chars().enumerate() {
        if n > 0 && (whole.len() - n) % 3 == 0 {
            text.push('.');
        }
        text.push(digit);
    }
    if !decimals.is_empty() {
        text.push(',');
        text.push_str(decimals);
    }
    text
}

/// A whole number.
pub(super) fn count(number_of: i64) -> String {
    number(&number_of.to_string())
}

/// A day in words. What is no day stays as it is.
pub(super) fn day(date: &str) -> String {
    let Some((month_of_year, day)) = date.rsplit_once('-') else {
        return date.to_owned();
    };
    let Ok(month) = Month::parse(month_of_year) else {
        return date.to_owned();
    };
    // The first has an ordinal.
    let day = match day.trim_start_matches('0') {
        "1" => "1º",
        day => day,
    };
    format!("{day}{NBSP}{}{NBSP}{}", month.name(), month.year())
}

/// A day in figures.
pub(super) fn short_day(date: &str) -> String {
    let mut parts = date.splitn(3, '-');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(year), Some(month), Some(day)) => format!("{day}/{month}/{year}"),
        _ => date.to_owned(),
    }
}

/// A month in words.
pub(super) fn month(month_of_year: &str) -> String {
    Month::parse(month_of_year).map_or_else(
        |_| month_of_year.to_owned(),
        |month| format!("{}{NBSP}{}", month.name(), month.year()),
    )
}

/// A month without its year, in three letters.
pub(super) fn short_month(month_of_year: &str) -> String {
    let month = Month::parse(month_of_year);
    month.map_or_else(
        |_| String::new(),
        |month| month.name().chars().take(3).collect(),
    )
}

/// A part of a whole, in thousandths, cut. `None`: there is no whole, or no such number.
pub(super) fn permille(part: Decimal, whole: Decimal) -> Option<i64> {
    let part = part
        .checked_mul(Decimal::ONE_THOUSAND)?
        .checked_div(whole)?;
    i64::try_from(part.trunc()).ok()
}

/// A part of one, as a percentage with one decimal, cut: what is not 100 % is not written so.
pub(super) fn percentage(permille: i64) -> String {
    let (sign, size) = match permille < 0 {
        true => ("−", -permille),
        false => ("", permille),
    };
    format!("{sign}{},{}{NBSP}%", count(size / 10), size % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_italians_write_them() {
        for (decimal, text) in [
            ("0.00", "0,00"),
            ("999.99", "999,99"),
            ("1234567.80", "1.234.567,80"),
            ("-1234.50", "−1.234,50"),
            ("-999.00", "−999,00"),
            ("1000", "1.000"),
        ] {
            assert_eq!(number(decimal), text);
        }
        assert_eq!(euro("1234.50"), "1.234,50\u{a0}€");
        assert_eq!(euro(""), "");
        assert_eq!(day("2026-08-31"), "31\u{a0}agosto\u{a0}2026");
        assert_eq!(day("2026-09-01"), "1º\u{a0}settembre\u{a0}2026");
        assert_eq!(day("x"), "x");
        assert_eq!(short_day("2026-08-31"), "31/08/2026");
        assert_eq!(month("2026-01"), "gennaio\u{a0}2026");
        assert_eq!(short_month("2026-01"), "gen");
        assert_eq!(
            (percentage(1234), percentage(-5)),
            ("123,4\u{a0}%".to_owned(), "−0,5\u{a0}%".to_owned())
        );
    }
}
