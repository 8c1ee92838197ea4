//! The prunings, and what to think of each.

use std::fmt;

use chrono::NaiveDate;
use sqlx::{Postgres, Transaction};

use super::{
    super::potatura::{self, Fatta, Fino},
    Verifica, Vista,
};

/// A pruning as verification sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Potata {
    /// What was done.
    pub fatta: Fatta,
    /// The day of its anchor: what is left begins there. `None`: that anchor is gone.
    pub giorno: Option<NaiveDate>,
    /// Whether it removed records that the retention kept: the one that it went by, and for others `audit.retention_days` as it
    /// is set now. Where a day was asked for, a person may have had a reason and it is only shown; where none was,
    /// nothing allowed it and it is a [`Difformita`](super::Difformita).
    pub presto: bool,
    /// The first anchor that names it as it is: from there on it is proved.
    pub provata_da: Option<i64>,
}

impl Verifica {
    /// Reads the prunings, and tells of those that are not as an anchor saw them or that nothing allowed.
    pub(super) async fn potature(
        &mut self,
        tx: &mut Transaction<'_, Postgres>,
        ancore: &[Vista],
        conservazione: Option<u32>,
    ) -> Result<(), sqlx::Error> {
        for fatta in potatura::fatte(tx).await? {
            let giorno = ancore
                .iter()
                .find(|ancora| ancora.numero == fatta.ancora)
                .and_then(|ancora| ancora.giorno.parse().ok());
            let giorni = fatta.conservazione.or(conservazione);
            let oggi = fatta.quando.get(..10).and_then(|g| g.parse().ok());
            let presto = match (giorno, giorni, oggi) {
                (Some(giorno), Some(giorni), Some(oggi)) => {
                    giorno > Fino::Conservazione(giorni).giorno(oggi)
                }
                _ => false,
            };
            if presto && fatta.prima_di.is_none() {
                let giorni = giorni.unwrap_or_default();
                let cosa = format!("removed records younger than the retention of {giorni} days");
                self.nota(&dove(&fatta), &cosa);
            }
            let provata_da = ancore
                .iter()
                .find(|ancora| ancora.potature.contains(&fatta))
                .map(|ancora| ancora.numero);
            self.potature.push(Potata {
                fatta,
                giorno,
                presto,
                provata_da,
            });
        }
        let mut told: Vec<&Fatta> = Vec::new();
        for ancora in ancore {
            for fatta in &ancora.potature {
                let there = self.potature.iter().any(|potata| potata.fatta == *fatta);
                if !there && !told.contains(&fatta) {
                    told.push(fatta);
                    let cosa = format!("is not as anchor {} saw it, or is missing", ancora.numero);
                    self.nota(&dove(fatta), &cosa);
                }
            }
        }
        Ok(())
    }

    /// Whether chains were pruned to this anchor.
    pub(super) fn potata(&self, ancora: i64) -> bool {
        let mut potature = self.potature.iter();
        potature.any(|potata| potata.fatta.ancora == ancora)
    }
}

fn dove(fatta: &Fatta) -> String {
    format!("potatura of {}", fatta.quando)
}

impl fmt::Display for Potata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fatta {
            ancora,
            quando,
            chi,
            righe,
            prima_di,
            conservazione,
        } = &self.fatta;
        write!(f, "{righe} records up to anchor {ancora}")?;
        if let Some(giorno) = self.giorno {
            write!(f, " of {giorno}")?;
        }
        write!(f, ", at {quando} by {chi}")?;
        if let Some(giorno) = prima_di {
            write!(f, ", --prima-di {giorno}")?;
        }
        if let Some(giorni) = conservazione {
            write!(f, ", retention {giorni} days")?;
        }
        if self.presto {
            f.write_str(", YOUNGER than the retention")?;
        }
        match self.provata_da {
            Some(ancora) => write!(f, "; in anchor {ancora}"),
            None => f.write_str("; in no anchor yet"),
        }
    }
}
