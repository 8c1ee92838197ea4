//! One column of a record batch in the making.

use std::{collections::HashMap, sync::Arc};

use arrow_array::{
    ArrayRef, Date32Array, Decimal128Array, DictionaryArray, Int32Array, StringArray,
    types::Int32Type,
};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType};
use chrono::Datelike as _;

use super::schema::AMOUNT_DIGITS;
use crate::rilevazione::detail::{
    row::{DetailRowError, parse_day},
    sums::parse_hundredths,
};

/// Day 0 of Date32, 1970-01-01, counted as chrono does.
const EPOCH_DAY: i32 = 719_163;

/// The values since the last batch.
#[derive(Debug)]
pub(super) enum BatchColumn {
    Codes(CodeValues),
    Texts(TextValues),
    Days(Vec<i32>),
    Hundredths(Vec<i128>),
}

/// Texts, joined.
#[derive(Debug)]
pub(super) struct TextValues {
    fini: Vec<i32>,
    byte: Vec<u8>,
}

/// Texts of which there are few.
#[derive(Debug, Default)]
pub(super) struct CodeValues {
    chiavi: Vec<i32>,
    indici: HashMap<Box<str>, i32>,
    testi: Vec<Box<str>>,
    /// The dictionary as an array, until there is a text that it does not have.
    valori: Option<ArrayRef>,
    /// The last one: mostly it is the next one too.
    ultimo: Option<(Box<str>, i32)>,
}

impl BatchColumn {
    pub(super) fn new(tipo: &DataType) -> Self {
        match tipo {
            DataType::Dictionary(..) => Self::Codes(CodeValues::default()),
            DataType::Date32 => Self::Days(Vec::new()),
            DataType::Decimal128(..) => Self::Hundredths(Vec::new()),
            _ => Self::Texts(TextValues::default()),
        }
    }

    pub(super) fn add(&mut self, testo: &str) -> Result<(), DetailRowError> {
        // Every column of a row that is seen has a value.
        if testo.is_empty() {
            return Err(DetailRowError);
        }
        match self {
            Self::Codes(codici) => codici.add(testo),
            Self::Texts(testi) => testi.add(testo),
            Self::Days(date) => {
                date.push(days_since_epoch(testo)?);
                Ok(())
            }
            Self::Hundredths(centesimi_) => {
                centesimi_.push(parse_hundredths(testo)?.into());
                Ok(())
            }
        }
    }

    pub(super) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            Self::Codes(codici) => codici.finish()?,
            Self::Texts(testi) => testi.finish()?,
            Self::Days(date) => Arc::new(Date32Array::from(std::mem::take(date))),
            Self::Hundredths(hundredths) => Arc::new(
                Decimal128Array::from(std::mem::take(hundredths))
                    .with_precision_and_scale(AMOUNT_DIGITS.0, AMOUNT_DIGITS.1)?,
            ),
        })
    }
}

impl Default for TextValues {
    fn default() -> Self {
        Self {
            fini: vec![0],
            byte: Vec::new(),
        }
    }
}

impl TextValues {
    fn add(&mut self, testo: &str) -> Result<(), DetailRowError> {
        self.byte.extend_from_slice(testo.as_bytes());
        self.fini
            .push(i32::try_from(self.byte.len()).map_err(|_| DetailRowError)?);
        Ok(())
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let Self { fini, byte } = std::mem::take(self);
        // Never empty, and growing: the length of what was joined so far.
        let fini = OffsetBuffer::new(ScalarBuffer::from(fini));
        Ok(Arc::new(StringArray::try_new(
            fini,
            Buffer::from_vec(byte),
            None,
        )?))
    }
}

impl CodeValues {
    pub(super) fn with(testi: &[String]) -> Self {
        let mut codici = Self::default();
        for (indice, testo) in (0..).zip(testi) {
            codici.indici.insert(testo.as_str().into(), indice);
            codici.testi.push(testo.as_str().into());
        }
        codici
    }

    /// The dictionary.
    pub(super) fn texts(&self) -> Vec<String> {
        self.testi.iter().map(|testo| testo.to_string()).collect()
    }

    fn add(&mut self, testo: &str) -> Result<(), DetailRowError> {
        let chiave = match &self.ultimo {
            Some((ultimo, chiave)) if **ultimo == *testo => *chiave,
            _ => {
                let chiave = self.index(testo)?;
                self.ultimo = Some((testo.into(), chiave));
                chiave
            }
        };
        self.chiavi.push(chiave);
        Ok(())
    }

    fn index(&mut self, testo: &str) -> Result<i32, DetailRowError> {
        if let Some(indice) = self.indici.get(testo) {
            return Ok(*indice);
        }
        let indice = i32::try_from(self.testi.len()).map_err(|_| DetailRowError)?;
        self.indici.insert(testo.into(), indice);
        self.testi.push(testo.into());
        self.valori = None;
        Ok(indice)
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let testi = &self.testi;
        let valori = self
            .valori
            .get_or_insert_with(|| Arc::new(StringArray::from_iter_values(testi)));
        let chiavi = Int32Array::from(std::mem::take(&mut self.chiavi));
        let array = DictionaryArray::<Int32Type>::try_new(chiavi, Arc::clone(valori))?;
        Ok(Arc::new(array))
    }
}

/// `YYYY-MM-DD` in days since 1970-01-01.
fn days_since_epoch(testo: &str) -> Result<i32, DetailRowError> {
    Ok(parse_day(testo)?.num_days_from_ce() - EPOCH_DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days() {
        for (testo, days) in [
            ("1970-01-01", 0),
            ("1969-12-31", -1),
            ("2024-02-29", 19_782),
            ("9999-12-31", 2_932_896),
        ] {
            assert_eq!(days_since_epoch(testo), Ok(days));
        }
        for bad in [
            "",
            "2023-02-29",
            "2023-1-01",
            "2023/01/01",
            "20230101",
            "2023-13-01",
        ] {
            assert_eq!(days_since_epoch(bad), Err(DetailRowError), "{bad}");
        }
    }
}
