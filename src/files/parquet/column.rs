//! One column of a row group: its values until the group is full.

use std::mem;

use ::parquet::{
    basic::{LogicalType, Repetition, Type as Physical},
    column::writer::ColumnWriter,
    data_type::{ByteArray, FixedLenByteArray},
    errors::ParquetError,
    schema::types::{Type, TypePtr},
};
use bytes::Bytes;
use chrono::{Datelike as _, NaiveDate};

use crate::{
    error::{Error, Result},
    files::{self as formato, CellType},
};

/// Digits of an amount, and those after the point: as `numeric(18, 2)` has them.
const AMOUNT_DIGITS: (i32, i32) = (18, 2);
/// Of what amounts add up to: as many digits as a decimal may have anywhere.
const SUM_DIGITS: (i32, i32) = (38, 2);
/// Of a whole number.
const COUNT_DIGITS: (i32, i32) = (18, 0);
/// Of one amount divided by another.
const RATIO_DIGITS: (i32, i32) = (38, 6);
/// As many bytes as 38 digits need.
const SUM_BYTES: i32 = 16;
/// 1970-01-01, counted from 0001-01-01 as chrono does.
const EPOCH_DAY: i32 = 719_163;

/// The values that are there, and which rows have one.
#[derive(Debug)]
pub(super) struct ParquetColumn {
    valori: ColumnValues,
    /// 1: the row has a value; 0: a null.
    present: Vec<i16>,
}

#[derive(Debug)]
enum ColumnValues {
    /// Joined, and where each ends.
    Texts(Vec<u8>, Vec<usize>),
    Days(Vec<i32>),
    /// Without their points, and which digits they have.
    Short(Vec<i64>, (i32, i32)),
    Long(Vec<i128>, (i32, i32)),
}

/// The field of a column.
pub(super) fn field(colonna: &formato::FileColumn) -> Result<TypePtr, ParquetError> {
    let plain = |physical| {
        Type::primitive_type_builder(colonna.name, physical).with_repetition(Repetition::OPTIONAL)
    };
    let field = |physical, logical| plain(physical).with_logical_type(Some(logical));
    let decimal = |physical, (precision, scale)| {
        field(physical, LogicalType::decimal(scale, precision))
            .with_precision(precision)
            .with_scale(scale)
    };
    let field = match colonna.cell_type {
        CellType::Text => field(Physical::BYTE_ARRAY, LogicalType::String),
        CellType::Date => field(Physical::INT32, LogicalType::Date),
        CellType::Number => decimal(Physical::INT64, AMOUNT_DIGITS),
        CellType::Sum => decimal(Physical::FIXED_LEN_BYTE_ARRAY, SUM_DIGITS).with_length(SUM_BYTES),
        CellType::Count => plain(Physical::INT64),
        CellType::Ratio => {
            decimal(Physical::FIXED_LEN_BYTE_ARRAY, RATIO_DIGITS).with_length(SUM_BYTES)
        }
    };
    Ok(field.build()?.into())
}

impl ParquetColumn {
    pub(super) fn new(tipo: CellType) -> Self {
        Self {
            valori: match tipo {
                CellType::Text => ColumnValues::Texts(Vec::new(), Vec::new()),
                CellType::Date => ColumnValues::Days(Vec::new()),
                CellType::Number => ColumnValues::Short(Vec::new(), AMOUNT_DIGITS),
                CellType::Count => ColumnValues::Short(Vec::new(), COUNT_DIGITS),
                CellType::Sum => ColumnValues::Long(Vec::new(), SUM_DIGITS),
                CellType::Ratio => ColumnValues::Long(Vec::new(), RATIO_DIGITS),
            },
            present: Vec::new(),
        }
    }

    /// Adds a cell; an empty one is a null.
    pub(super) fn add(&mut self, cell: &str) -> Result<()> {
        self.present.push(i16::from(!cell.is_empty()));
        if cell.is_empty() {
            return Ok(());
        }
        match &mut self.valori {
            ColumnValues::Texts(byte, ends) => {
                byte.extend_from_slice(cell.as_bytes());
                ends.push(byte.len());
            }
            ColumnValues::Days(giorni) => giorni.push(day_number(cell)?),
            ColumnValues::Short(valori, digits) => valori.push(
                without_point(cell, *digits)
                    .and_then(|n| n.try_into().ok())
                    .ok_or_else(no_number)?,
            ),
            ColumnValues::Long(valori, digits) => {
                valori.push(without_point(cell, *digits).ok_or_else(no_number)?);
            }
        }
        Ok(())
    }

    /// Hands the values to the writer of their column, and forgets them.
    pub(super) fn write(&mut self, writer: &mut ColumnWriter<'_>) -> Result<(), ParquetError> {
        let present = Some(self.present.as_slice());
        match (&mut self.valori, writer) {
            (ColumnValues::Texts(byte, ends), ColumnWriter::ByteArrayColumnWriter(writer)) => {
                let byte = Bytes::from(mem::take(byte));
                let mut inizio = 0;
                let texts = ends
                    .drain(..)
                    .map(|end| ByteArray::from(byte.slice(mem::replace(&mut inizio, end)..end)));
                let texts: Vec<ByteArray> = texts.collect();
                writer.write_batch(&texts, present, None)?;
            }
            (ColumnValues::Days(giorni), ColumnWriter::Int32ColumnWriter(writer)) => {
                writer.write_batch(giorni, present, None)?;
                giorni.clear();
            }
            (ColumnValues::Short(valori, _), ColumnWriter::Int64ColumnWriter(writer)) => {
                writer.write_batch(valori, present, None)?;
                valori.clear();
            }
            (
                ColumnValues::Long(valori, _),
                ColumnWriter::FixedLenByteArrayColumnWriter(writer),
            ) => {
                // Two's complement, the first byte first.
                let sums = valori.drain(..).map(|sum| sum.to_be_bytes().to_vec());
                let sums: Vec<FixedLenByteArray> =
                    sums.map(|bytes| ByteArray::from(bytes).into()).collect();
                writer.write_batch(&sums, present, None)?;
            }
            _ => return Err(ParquetError::General("a column of another type".into())),
        }
        self.present.clear();
        Ok(())
    }
}

/// `YYYY-MM-DD` in days since 1970-01-01.
fn day_number(cell: &str) -> Result<i32> {
    let bad = || Error::internal("a cell of a date column is not a date");
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = cell.as_bytes() else {
        return Err(bad());
    };
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0_u32, |number, digit| {
            digit
                .is_ascii_digit()
                .then(|| number * 10 + u32::from(digit - b'0'))
        })
    };
    let data = || {
        // Four digits.
        let year = number(&[y1, y2, y3, y4])?.cast_signed();
        NaiveDate::from_ymd_opt(year, number(&[m1, m2])?, number(&[d1, d2])?)
    };
    Ok(data().ok_or_else(bad)?.num_days_from_ce() - EPOCH_DAY)
}

fn no_number() -> Error {
    Error::internal("a cell of a number column is not a number of its type")
}

/// `-?\d+` and, where there are decimals, a point before exactly so many: all of it as one number. `None`: another form, or more digits
/// than these.
fn without_point(cell: &str, (digits, decimals): (i32, i32)) -> Option<i128> {
    let unsigned = cell.strip_prefix('-').unwrap_or(cell);
    let after = usize::try_from(decimals).ok()?;
    let (units, fraction) = match after {
        0 => (unsigned.as_bytes(), &[][..]),
        _ => {
            let bytes = unsigned.as_bytes();
            let (units, fraction) = bytes.split_at_checked(bytes.len().checked_sub(after + 1)?)?;
            (units, fraction.strip_prefix(b".")?)
        }
    };
    let most = usize::try_from(digits - decimals).ok()?;
    if units.is_empty() || units.len() > most {
        return None;
    }
    // At most 38 digits: below 2^127.
    let mut number = 0_i128;
    for digit in units.iter().chain(fraction) {
        if !digit.is_ascii_digit() {
            return None;
        }
        number = number * 10 + i128::from(digit - b'0');
    }
    Some(if unsigned.len() < cell.len() {
        -number
    } else {
        number
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_and_sums_without_their_points() {
        let nines = format!("{}.99", "9".repeat(16));
        let more = format!("1{}.00", "0".repeat(16));
        for (cell, expected) in [
            ("0.00", 0),
            ("-0.01", -1),
            ("1234567.80", 123_456_780),
            (&nines, 999_999_999_999_999_999),
        ] {
            for digits in [AMOUNT_DIGITS, SUM_DIGITS] {
                assert_eq!(without_point(cell, digits), Some(expected));
            }
        }
        assert_eq!(without_point(&more, AMOUNT_DIGITS), None);
        assert_eq!(without_point(&more, SUM_DIGITS), Some(10_i128.pow(18)));
        let most = format!("-{}.99", "9".repeat(36));
        assert_eq!(without_point(&most, SUM_DIGITS), Some(1 - 10_i128.pow(38)));
        let beyond = format!("1{}.00", "0".repeat(36));
        for bad in [
            "", "-", ".00", "1", "1.0", "--1.00", "1,00", "1.-5", &beyond,
        ] {
            assert_eq!(without_point(bad, SUM_DIGITS), None, "{bad}");
        }
    }

    #[test]
    fn whole_numbers_and_ratios() {
        assert_eq!(without_point("2026", COUNT_DIGITS), Some(2026));
        assert_eq!(without_point("-3", COUNT_DIGITS), Some(-3));
        assert_eq!(without_point("0.660600", RATIO_DIGITS), Some(660_600));
        for (bad, digits) in [
            ("1.00", COUNT_DIGITS),
            ("-", COUNT_DIGITS),
            ("0.66", RATIO_DIGITS),
        ] {
            assert_eq!(without_point(bad, digits), None, "{bad}");
        }
    }

    #[test]
    fn days() {
        for (cell, days) in [
            ("1970-01-01", 0),
            ("1969-12-31", -1),
            ("2024-02-29", 19_782),
        ] {
            assert_eq!(day_number(cell).unwrap(), days);
        }
        for bad in ["", "2023-02-29", "2023-1-01", "2023/01/01", "20230101"] {
            assert!(day_number(bad).is_err(), "{bad}");
        }
    }
}
