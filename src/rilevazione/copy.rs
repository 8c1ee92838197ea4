//! Rows in the binary format of `COPY`, so that Postgres has nothing left to parse.
//!
//! A file is the [`HEADER`], then for each row the number of fields and for each field its length and bytes, then
//! [`TRAILER`]. All numbers are big-endian.

use chrono::{Datelike as _, NaiveDate};

/// Signature, flags, length of the header's extension.
pub(super) const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// A row of −1 fields.
pub(super) const TRAILER: &[u8] = &[0xff, 0xff];

/// Days from 0001-01-01 (day 1) to 2000-01-01, Postgres's day 0.
const EPOCH: i32 = 730_120;

/// Rows in the making. A row can be taken back until the next one starts.
#[derive(Debug, Default)]
pub(super) struct CopyBuffer {
    bytes: Vec<u8>,
    row: usize,
}

impl CopyBuffer {
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn start_row(&mut self, fields: i16) {
        self.row = self.bytes.len();
        self.bytes.extend_from_slice(&fields.to_be_bytes());
    }

    pub(super) fn abandon_row(&mut self) {
        self.bytes.truncate(self.row);
    }

    /// The rows so far, leaving none.
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.row = 0;
        let capacity = self.bytes.capacity();
        std::mem::replace(&mut self.bytes, Vec::with_capacity(capacity))
    }

    /// A `text`: at most some hundred bytes here.
    pub(super) fn text(&mut self, text: &str) {
        self.field(text.as_bytes());
    }

    /// An `integer`.
    pub(super) fn integer(&mut self, number: i32) {
        self.field(&number.to_be_bytes());
    }

    /// A `boolean`.
    pub(super) fn boolean(&mut self, value: bool) {
        self.field(&[u8::from(value)]);
    }

    /// A `bigint`.
    pub(super) fn bigint(&mut self, number: i64) {
        self.field(&number.to_be_bytes());
    }

    /// A `date`.
    pub(super) fn date(&mut self, date: NaiveDate) {
        self.integer(date.num_days_from_ce() - EPOCH);
    }

    /// A `numeric` of so many hundredths, with two decimals.
    ///
    /// Its digits are to base 10,000, without leading or trailing zeros; `weight` is the exponent of the first. So
    /// 1234567.80 is the digits 123, 4567, 8000 of weight 1.
    pub(super) fn numeric(&mut self, hundredths: u64) {
        let (units, cents) = (hundredths / 100, hundredths % 100);
        // 20 decimal digits before the point are five to base 10,000; one after it.
        let mut digits = [0_u16; 6];
        let mut rest = units;
        for digit in digits[..5].iter_mut().rev() {
            // A remainder of 10,000 fits.
            *digit = (rest % 10_000) as u16;
            rest /= 10_000;
        }
        digits[5] = (cents * 100) as u16;
        let first = digits.iter().position(|d| *d != 0).unwrap_or(6);
        let end = digits
            .iter()
            .rposition(|d| *d != 0)
            .map_or(first, |last| last + 1);
        let digits = &digits[first..end];
        // Both are at most 6.
        let weight = if digits.is_empty() {
            0
        } else {
            4 - first as i16
        };
        let mut field = [0_u8; 20];
        let words = [digits.len() as u16, weight as u16, 0, 2];
        for (bytes, word) in field.chunks_exact_mut(2).zip(words.iter().chain(digits)) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
        self.field(&field[..8 + 2 * digits.len()]);
    }

    fn field(&mut self, bytes: &[u8]) {
        // Fields come from a record, which is far shorter than 2 GiB.
        self.bytes
            .extend_from_slice(&(bytes.len() as i32).to_be_bytes());
        self.bytes.extend_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {

    use super::*;

    fn numeric(hundredths: u64) -> Vec<u8> {
        let mut copy = CopyBuffer::default();
        copy.numeric(hundredths);
        copy.take()
    }

    #[test]
    fn numerics_as_postgres_sends_them() {
        // From `select numeric_send(…)`.
        for (hundredths, sent) in [
            (0, "0000000000000002"),
            (1, "0001ffff00000002 0064"),
            (123_456_780, "0003000100000002 007b 11d7 1f40"),
            (1_000_000, "0001000100000002 0001"),
            (
                999_999_999_999_999_999,
                "0005000300000002 270f 270f 270f 270f 26ac",
            ),
        ] {
            let hex: String = numeric(hundredths)[4..]
                .iter()
                .map(|b| format!("{b:02x}"))
                .collect();
            assert_eq!(hex, sent.replace(' ', ""), "{hundredths}");
        }
    }
}
