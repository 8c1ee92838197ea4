//! The stream of `ExportDecrees`: one intestazione, lotti, one chiusura.

use std::sync::Arc;

use super::{export_message::ExportMessage, selection::ReadySelection};
use crate::{
    blocks::sums::ControlSums,
    contract::proto::{ChiusuraExport, IntestazioneExport, export_decrees_response::Parte},
    error::Result,
    grpc::{
        pages::{PageToken, Signer},
        stream_task::{ResponseStream, StreamLimits, StreamPermit, StreamSender},
    },
};

/// An export that is ready to run.
#[derive(Debug)]
pub struct DecreeExport {
    /// What is exported, and from where.
    pub selection: ReadySelection,
    /// Writes the resume tokens.
    pub signer: Signer,
    /// Rows in a lotto.
    pub batch_rows: u32,
}

impl DecreeExport {
    /// Starts reading.
    #[must_use]
    pub fn start(
        self,
        limits: &StreamLimits,
        permit: StreamPermit,
    ) -> ResponseStream<ExportMessage> {
        let record = self.selection.reader.call_record().clone();
        limits.start(permit, record, |sender| self.send(sender))
    }

    async fn send(self, sender: StreamSender<ExportMessage>) -> Result<ExportMessage> {
        let ReadySelection {
            reader,
            binding,
            rilevazione,
            after,
        } = self.selection;
        let (reader, numero) = (Arc::new(reader), rilevazione.numero);
        let intestazione = IntestazioneExport {
            rilevazione: Some(rilevazione.into()),
        };
        let intestazione = Parte::Intestazione(intestazione).into();
        sender.send(intestazione, 0).await?;

        let mut sums = ControlSums::default();
        let mut batches = reader.row_batches(after, self.batch_rows);
        while let Some(batch) = batches.next().await? {
            sums += batch.sums;
            let token = self.signer.encode(&PageToken {
                binding,
                rilevazione: numero,
                position: batch.end.to_bytes(),
            });
            let lotto = ExportMessage::lotto(batch.bytes, &token);
            let resume = ("resume_token", token);
            sender
                .send_resumable(lotto, batch.sums.righe, resume)
                .await?;
        }
        let totali = sums.totali(|column| reader.may_see(column));
        let chiusura = ChiusuraExport {
            totali: Some(totali.into()),
        };
        Ok(Parte::Chiusura(chiusura).into())
    }
}
