//! The stream of `ExportDifferenze`: one intestazione, lotti, one chiusura.

use super::differences::DifferenceBatches;
use crate::{
    contract::proto::{
        ChiusuraDifferenze, ExportDifferenzeResponse, IntestazioneDifferenze, LottoDifferenze,
        export_differenze_response::Parte,
    },
    error::Result,
    grpc::{
        pages::{Binding, PageToken, Signer},
        stream_task::StreamSender,
    },
};

/// An export of differences that is ready to run.
#[derive(Debug)]
pub(super) struct DifferenceExport {
    pub(super) batches: DifferenceBatches,
    pub(super) intestazione: IntestazioneDifferenze,
    /// What its tokens are bound to.
    pub(super) binding: Binding,
    pub(super) signer: Signer,
}

impl DifferenceExport {
    /// Sends all but the last message, and gives that.
    ///
    /// # Errors
    /// Those of [`DifferenceBatches::next`].
    pub(super) async fn send(
        self,
        sender: StreamSender<ExportDifferenzeResponse>,
    ) -> Result<ExportDifferenzeResponse> {
        let Self {
            mut batches,
            intestazione,
            binding,
            signer,
        } = self;
        let rilevazione = batches.reader().after;
        sender
            .send(Parte::Intestazione(intestazione).into(), 0)
            .await?;
        while let Some(batch) = batches.next().await? {
            let rows = i64::try_from(batch.differenze.len()).unwrap_or(i64::MAX);
            let resume_token = signer.encode(&PageToken {
                binding,
                rilevazione,
                position: batch.end.to_bytes(),
            });
            let resume = ("resume_token", resume_token.clone());
            let lotto = LottoDifferenze {
                differenze: batch.differenze,
                resume_token,
            };
            sender
                .send_resumable(Parte::Lotto(lotto).into(), rows, resume)
                .await?;
        }
        let permesso = &batches.reader().permesso;
        let (differenze, movimento) = batches.sums().told(|column| permesso.may_see(column));
        let chiusura = ChiusuraDifferenze {
            differenze: Some(differenze),
            movimento: Some(movimento),
        };
        Ok(Parte::Chiusura(chiusura).into())
    }
}

impl From<Parte> for ExportDifferenzeResponse {
    fn from(parte: Parte) -> Self {
        Self { parte: Some(parte) }
    }
}
