//! The stream of `DoGet`: schema, batches, a last batch without rows.

use std::sync::Arc;

use arrow_flight::FlightData;
use arrow_schema::SchemaRef;
use serde_json::json;

use super::{
    biglietto::{Biglietto, Sigillo},
    codifica::Codifica,
    schema,
};
use crate::{
    decreto::query::Lettura,
    error::Result,
    lotto::{posizione::Posizione, somme::Somme},
    rpc::produttore::{Flusso, Limiti, Mittente, Posto},
};

/// A part of a flight that is ready to be sent.
pub(super) struct Volata {
    /// Ends where the part does.
    pub(super) lettura: Lettura,
    pub(super) schema: SchemaRef,
    pub(super) dopo: Option<Posizione>,
    /// What was shown: a `ripresa` is the same from a later position.
    pub(super) biglietto: Biglietto,
    pub(super) sigillo: Arc<Sigillo>,
    pub(super) righe_per_lotto: u32,
}

impl Volata {
    /// Starts reading.
    pub(super) fn avvia(self, limiti: &Limiti, posto: Posto) -> Flusso<FlightData> {
        let traccia = self.lettura.traccia().clone();
        limiti.avvia(posto, traccia, |mittente| self.manda(mittente))
    }

    async fn manda(self, mittente: Mittente<FlightData>) -> Result<FlightData> {
        let (mut codifica, first) = Codifica::new(self.schema)?;
        mittente.manda(first, 0).await?;
        let mut somme = Somme::default();
        let mut biglietto = self.biglietto;
        let mut lotti = self.lettura.lotti(self.dopo, self.righe_per_lotto);
        while let Some(lotto) = lotti.prossimo().await? {
            biglietto.dopo = lotto.fine.to_bytes();
            somme += lotto.somme;
            let app = json!({ "ripresa": self.sigillo.chiudi(&biglietto)? });
            let (dizionari, batch) = codifica.lotto(&lotto, &app)?;
            for dizionario in dizionari {
                mittente.manda(dizionario, 0).await?;
            }
            mittente.manda(batch, lotto.somme.righe).await?;
        }
        let vede = |colonna: &str| lotti.lettura().vede(colonna);
        let totali = schema::json(&somme.totali(vede).into(), vede);
        let (dizionari, last) = codifica.vuoto(&json!({ "chiusura": totali }))?;
        for dizionario in dizionari {
            mittente.manda(dizionario, 0).await?;
        }
        Ok(last)
    }
}
