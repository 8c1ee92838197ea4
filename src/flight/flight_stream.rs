//! The stream of `DoGet`: schema, batches, a last batch without rows.

use std::sync::Arc;

use arrow_flight::FlightData;
use arrow_schema::SchemaRef;
use serde_json::{Value, json};

use super::{
    encoder::{self, FlightEncoder},
    schema,
    ticket::{FlightTicket, TicketSealer},
};
use crate::{
    blocks::{cursor::Cursor, sums::ControlSums},
    decreto::{blocks::NextBatch, query::DetailReader, row_batches::RowBatches},
    error::Result,
    grpc::stream_task::{ResponseStream, ResumePoint, StreamLimits, StreamPermit, StreamSender},
};

/// A part of a flight that is ready to be sent.
pub(super) struct FlightStream {
    /// Ends where the part does.
    pub(super) reader: DetailReader,
    pub(super) schema: SchemaRef,
    pub(super) after: Option<Cursor>,
    /// What was shown: a `ripresa` is the same from a later position.
    pub(super) ticket: FlightTicket,
    pub(super) sealer: Arc<TicketSealer>,
    pub(super) batch_rows: u32,
}

impl FlightStream {
    /// Starts reading.
    pub(super) fn start(
        self,
        limiti: &StreamLimits,
        posto: StreamPermit,
    ) -> ResponseStream<FlightData> {
        let traccia = self.reader.call_record().clone();
        limiti.start(posto, traccia, |mittente| self.send(mittente))
    }

    async fn send(self, mittente: StreamSender<FlightData>) -> Result<FlightData> {
        let (mut codifica, first) = FlightEncoder::new(self.schema)?;
        mittente.send(first, 0).await?;
        let lettura = Arc::new(self.reader);
        let mut detto = FlightProgress {
            somme: ControlSums::default(),
            biglietto: self.ticket,
            sigillo: self.sealer,
        };
        let (mut dopo, limite) = (self.after, self.batch_rows);
        let whole = dopo.is_none() && lettura.is_whole();
        let mut fatto = false;
        if let Some(mut pronti) = lettura.ready_batches(dopo.as_ref(), limite.into()).await? {
            for dizionario in codifica.dictionaries(pronti.dictionaries())? {
                mittente.send(dizionario, 0).await?;
            }
            fatto = loop {
                match pronti.next().await? {
                    NextBatch::End => break true,
                    // The rest is encoded from its rows.
                    NextBatch::Rebuilt => break false,
                    NextBatch::Batch(batch) => {
                        let app = detto.advance(batch.sums, &batch.end)?;
                        dopo = Some(batch.end);
                        let messaggio = encoder::with_metadata(batch.message, &app);
                        mittente
                            .send_resumable(messaggio, batch.sums.righe, resume(&app))
                            .await?;
                    }
                }
            };
        }
        if !fatto {
            let mut lotti = RowBatches::new(Arc::clone(&lettura), dopo, limite);
            while let Some(lotto) = lotti.next().await? {
                let app = detto.advance(lotto.sums, &lotto.end)?;
                let (dizionari, batch) = codifica.row_batch(&lotto, &app)?;
                for dizionario in dizionari {
                    mittente.send(dizionario, 0).await?;
                }
                mittente
                    .send_resumable(batch, lotto.sums.righe, resume(&app))
                    .await?;
            }
        }
        if whole {
            lettura.reconcile(&detto.somme).await?;
        }
        let vede = |colonna: &str| lettura.may_see(colonna);
        let totali = schema::json(&detto.somme.totali(vede).into(), vede);
        let (dizionari, last) = codifica.empty(&json!({ "chiusura": totali }))?;
        for dizionario in dizionari {
            mittente.send(dizionario, 0).await?;
        }
        Ok(last)
    }
}

/// The ticket for the rest, out of the metadata of a batch.
fn resume(app: &Value) -> ResumePoint {
    let ticket = app["ripresa"].as_str().unwrap_or_default();
    ("ripresa", ticket.to_owned())
}

/// What the stream has said of its rows.
struct FlightProgress {
    somme: ControlSums,
    biglietto: FlightTicket,
    sigillo: Arc<TicketSealer>,
}

impl FlightProgress {
    /// Rows more, up to this position; and the metadata of their batch: the ticket for the rest.
    fn advance(&mut self, somme: ControlSums, fine: &Cursor) -> Result<Value> {
        self.somme += somme;
        self.biglietto.after = fine.to_bytes();
        Ok(json!({ "ripresa": self.sigillo.seal(&self.biglietto)? }))
    }
}
