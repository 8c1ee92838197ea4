//! The stream of `DoGet`: schema, batches, a last batch without rows.

use std::sync::Arc;

use arrow_flight::FlightData;
use arrow_schema::SchemaRef;
use serde_json::{Value, json};

use super::{
    biglietto::{Biglietto, Sigillo},
    codifica::{self, Codifica},
    schema,
};
use crate::{
    blocks::{posizione::Posizione, somme::Somme},
    decreto::{blocchi::Seguono, lotti::Lotti, query::Lettura},
    error::Result,
    grpc::produttore::{Flusso, Limiti, Mittente, Posto, Ripresa},
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
        let lettura = Arc::new(self.lettura);
        let mut detto = Detto {
            somme: Somme::default(),
            biglietto: self.biglietto,
            sigillo: self.sigillo,
        };
        let (mut dopo, limite) = (self.dopo, self.righe_per_lotto);
        let whole = dopo.is_none() && lettura.is_whole();
        let mut fatto = false;
        if let Some(mut pronti) = lettura.batch_pronti(dopo.as_ref(), limite.into()).await? {
            for dizionario in codifica.dizionari(pronti.dizionari())? {
                mittente.manda(dizionario, 0).await?;
            }
            fatto = loop {
                match pronti.prossimo().await? {
                    Seguono::Niente => break true,
                    // The rest is encoded from its rows.
                    Seguono::Rifatti => break false,
                    Seguono::Batch(batch) => {
                        let app = detto.fin_qui(batch.somme, &batch.fine)?;
                        dopo = Some(batch.fine);
                        let messaggio = codifica::pronto(batch.messaggio, &app);
                        mittente
                            .manda_fin_qui(messaggio, batch.somme.righe, ripresa(&app))
                            .await?;
                    }
                }
            };
        }
        if !fatto {
            let mut lotti = Lotti::new(Arc::clone(&lettura), dopo, limite);
            while let Some(lotto) = lotti.prossimo().await? {
                let app = detto.fin_qui(lotto.somme, &lotto.fine)?;
                let (dizionari, batch) = codifica.lotto(&lotto, &app)?;
                for dizionario in dizionari {
                    mittente.manda(dizionario, 0).await?;
                }
                mittente
                    .manda_fin_qui(batch, lotto.somme.righe, ripresa(&app))
                    .await?;
            }
        }
        if whole {
            lettura.reconcile(&detto.somme).await?;
        }
        let vede = |colonna: &str| lettura.vede(colonna);
        let totali = schema::json(&detto.somme.totali(vede).into(), vede);
        let (dizionari, last) = codifica.vuoto(&json!({ "chiusura": totali }))?;
        for dizionario in dizionari {
            mittente.manda(dizionario, 0).await?;
        }
        Ok(last)
    }
}

/// The ticket for the rest, out of the metadata of a batch.
fn ripresa(app: &Value) -> Ripresa {
    let ticket = app["ripresa"].as_str().unwrap_or_default();
    ("ripresa", ticket.to_owned())
}

/// What the stream has said of its rows.
struct Detto {
    somme: Somme,
    biglietto: Biglietto,
    sigillo: Arc<Sigillo>,
}

impl Detto {
    /// Rows more, up to this position; and the metadata of their batch: the ticket for the rest.
    fn fin_qui(&mut self, somme: Somme, fine: &Posizione) -> Result<Value> {
        self.somme += somme;
        self.biglietto.dopo = fine.to_bytes();
        Ok(json!({ "ripresa": self.sigillo.chiudi(&self.biglietto)? }))
    }
}
