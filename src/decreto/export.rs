//! The stream of `ExportDecrees`: one intestazione, lotti, one chiusura.

use super::{export_message::ExportMessage, query::DetailReader};
use crate::{
    blocks::{cursor::Cursor, sums::ControlSums},
    contract::proto::{ChiusuraExport, IntestazioneExport, export_decrees_response::Parte},
    error::Result,
    grpc::{
        pages::{Binding, PageToken, Signer},
        stream_task::{ResponseStream, StreamLimits, StreamPermit, StreamSender},
    },
    rilevazione::list::Rilevazione,
};

/// An export that is ready to run.
#[derive(Debug)]
pub struct DecreeExport {
    /// The selection.
    pub reader: DetailReader,
    /// What its resume tokens are bound to.
    pub binding: Binding,
    /// Writes them.
    pub signer: Signer,
    /// What it reads.
    pub rilevazione: Rilevazione,
    /// Where to go on from.
    pub after: Option<Cursor>,
    /// Rows in a lotto.
    pub batch_rows: u32,
}

impl DecreeExport {
    /// Starts reading.
    #[must_use]
    pub fn start(
        self,
        limiti: &StreamLimits,
        posto: StreamPermit,
    ) -> ResponseStream<ExportMessage> {
        let traccia = self.reader.call_record().clone();
        limiti.start(posto, traccia, |mittente| self.send(mittente))
    }

    async fn send(self, mittente: StreamSender<ExportMessage>) -> Result<ExportMessage> {
        let rilevazione = self.rilevazione.numero;
        let intestazione = IntestazioneExport {
            rilevazione: Some(self.rilevazione.into()),
        };
        let intestazione = Parte::Intestazione(intestazione).into();
        mittente.send(intestazione, 0).await?;

        let mut somme = ControlSums::default();
        let mut lotti = self.reader.row_batches(self.after, self.batch_rows);
        while let Some(lotto) = lotti.next().await? {
            let token = PageToken {
                binding: self.binding,
                rilevazione,
                position: lotto.end.to_bytes(),
            };
            somme += lotto.sums;
            let token = self.signer.encode(&token);
            let messaggio = ExportMessage::lotto(lotto.bytes, &token);
            let ripresa = ("resume_token", token);
            mittente
                .send_resumable(messaggio, lotto.sums.righe, ripresa)
                .await?;
        }
        let totali = somme.totali(|colonna| lotti.reader().may_see(colonna));
        let chiusura = ChiusuraExport {
            totali: Some(totali.into()),
        };
        Ok(Parte::Chiusura(chiusura).into())
    }
}
