//! The stream of `ExportDecrees`: one intestazione, lotti, one chiusura.

use super::{messaggio::Messaggio, query::Lettura};
use crate::{
    blocks::{posizione::Posizione, somme::Somme},
    contract::proto::{ChiusuraExport, IntestazioneExport, export_decrees_response::Parte},
    error::Result,
    grpc::{
        pages::{Binding, Signer, Token},
        produttore::{Flusso, Limiti, Mittente, Posto},
    },
    rilevazione::elenco::Rilevazione,
};

/// An export that is ready to run.
#[derive(Debug)]
pub struct Esportazione {
    /// The selection.
    pub lettura: Lettura,
    /// What its resume tokens are bound to.
    pub binding: Binding,
    /// Writes them.
    pub signer: Signer,
    /// What it reads.
    pub rilevazione: Rilevazione,
    /// Where to go on from.
    pub dopo: Option<Posizione>,
    /// Rows in a lotto.
    pub righe_per_lotto: u32,
}

impl Esportazione {
    /// Starts reading.
    #[must_use]
    pub fn avvia(self, limiti: &Limiti, posto: Posto) -> Flusso<Messaggio> {
        let traccia = self.lettura.traccia().clone();
        limiti.avvia(posto, traccia, |mittente| self.manda(mittente))
    }

    async fn manda(self, mittente: Mittente<Messaggio>) -> Result<Messaggio> {
        let rilevazione = self.rilevazione.numero;
        let intestazione = IntestazioneExport {
            rilevazione: Some(self.rilevazione.into()),
        };
        let intestazione = Parte::Intestazione(intestazione).into();
        mittente.manda(intestazione, 0).await?;

        let mut somme = Somme::default();
        let mut lotti = self.lettura.lotti(self.dopo, self.righe_per_lotto);
        while let Some(lotto) = lotti.prossimo().await? {
            let token = Token {
                binding: self.binding,
                rilevazione,
                position: lotto.fine.to_bytes(),
            };
            somme += lotto.somme;
            let token = self.signer.encode(&token);
            let messaggio = Messaggio::lotto(lotto.byte, &token);
            let ripresa = ("resume_token", token);
            mittente
                .manda_fin_qui(messaggio, lotto.somme.righe, ripresa)
                .await?;
        }
        let totali = somme.totali(|colonna| lotti.lettura().vede(colonna));
        let chiusura = ChiusuraExport {
            totali: Some(totali.into()),
        };
        Ok(Parte::Chiusura(chiusura).into())
    }
}
