//! One column of a record batch in the making.

use std::{collections::HashMap, sync::Arc};

use arrow_array::{
    ArrayRef, Date32Array, Decimal128Array, DictionaryArray, Int32Array, StringArray,
    types::Int32Type,
};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType};
use chrono::Datelike as _;

use crate::blocks::{
    riga::{RigaError, giorno},
    somme::centesimi,
};

/// Day 0 of Date32, 1970-01-01, counted as chrono does.
const EPOCA: i32 = 719_163;

/// The values since the last batch.
#[derive(Debug)]
pub(super) enum Colonna {
    Codici(Codici),
    Testi(Testi),
    Date(Vec<i32>),
    Centesimi(Vec<i128>),
}

/// Texts, joined.
#[derive(Debug)]
pub(super) struct Testi {
    fini: Vec<i32>,
    byte: Vec<u8>,
}

/// Texts of which there are few.
#[derive(Debug, Default)]
pub(super) struct Codici {
    chiavi: Vec<i32>,
    indici: HashMap<Box<str>, i32>,
    testi: Vec<Box<str>>,
    /// The dictionary as an array, until there is a text that it does not have.
    valori: Option<ArrayRef>,
    /// The last one: mostly it is the next one too.
    ultimo: Option<(Box<str>, i32)>,
}

impl Colonna {
    pub(super) fn new(tipo: &DataType) -> Self {
        match tipo {
            DataType::Dictionary(..) => Self::Codici(Codici::default()),
            DataType::Date32 => Self::Date(Vec::new()),
            DataType::Decimal128(..) => Self::Centesimi(Vec::new()),
            _ => Self::Testi(Testi::default()),
        }
    }

    pub(super) fn aggiungi(&mut self, testo: &str) -> Result<(), RigaError> {
        // Every column of a row that is seen has a value.
        if testo.is_empty() {
            return Err(RigaError);
        }
        match self {
            Self::Codici(codici) => codici.aggiungi(testo),
            Self::Testi(testi) => testi.aggiungi(testo),
            Self::Date(date) => {
                date.push(giorni(testo)?);
                Ok(())
            }
            Self::Centesimi(centesimi_) => {
                centesimi_.push(centesimi(testo)?);
                Ok(())
            }
        }
    }

    pub(super) fn finisci(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            Self::Codici(codici) => codici.finisci()?,
            Self::Testi(testi) => testi.finisci()?,
            Self::Date(date) => Arc::new(Date32Array::from(std::mem::take(date))),
            Self::Centesimi(centesimi) => Arc::new(
                Decimal128Array::from(std::mem::take(centesimi))
                    .with_precision_and_scale(super::CIFRE.0, super::CIFRE.1)?,
            ),
        })
    }
}

impl Default for Testi {
    fn default() -> Self {
        Self {
            fini: vec![0],
            byte: Vec::new(),
        }
    }
}

impl Testi {
    fn aggiungi(&mut self, testo: &str) -> Result<(), RigaError> {
        self.byte.extend_from_slice(testo.as_bytes());
        self.fini
            .push(i32::try_from(self.byte.len()).map_err(|_| RigaError)?);
        Ok(())
    }

    fn finisci(&mut self) -> Result<ArrayRef, ArrowError> {
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

impl Codici {
    pub(super) fn con(testi: &[String]) -> Self {
        let mut codici = Self::default();
        for (indice, testo) in (0..).zip(testi) {
            codici.indici.insert(testo.as_str().into(), indice);
            codici.testi.push(testo.as_str().into());
        }
        codici
    }

    /// The dictionary.
    pub(super) fn testi(&self) -> Vec<String> {
        self.testi.iter().map(|testo| testo.to_string()).collect()
    }

    fn aggiungi(&mut self, testo: &str) -> Result<(), RigaError> {
        let chiave = match &self.ultimo {
            Some((ultimo, chiave)) if **ultimo == *testo => *chiave,
            _ => {
                let chiave = self.indice(testo)?;
                self.ultimo = Some((testo.into(), chiave));
                chiave
            }
        };
        self.chiavi.push(chiave);
        Ok(())
    }

    fn indice(&mut self, testo: &str) -> Result<i32, RigaError> {
        if let Some(indice) = self.indici.get(testo) {
            return Ok(*indice);
        }
        let indice = i32::try_from(self.testi.len()).map_err(|_| RigaError)?;
        self.indici.insert(testo.into(), indice);
        self.testi.push(testo.into());
        self.valori = None;
        Ok(indice)
    }

    fn finisci(&mut self) -> Result<ArrayRef, ArrowError> {
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
fn giorni(testo: &str) -> Result<i32, RigaError> {
    Ok(giorno(testo)?.num_days_from_ce() - EPOCA)
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
            assert_eq!(giorni(testo), Ok(days));
        }
        for bad in [
            "",
            "2023-02-29",
            "2023-1-01",
            "2023/01/01",
            "20230101",
            "2023-13-01",
        ] {
            assert_eq!(giorni(bad), Err(RigaError), "{bad}");
        }
    }
}
