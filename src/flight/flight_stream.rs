//! The stream of `DoGet`: schema, batches, a last batch without rows.

use std::sync::Arc;

use arrow_schema::SchemaRef;
use futures_util::TryStreamExt as _;
use serde_json::{Value, json};

use super::{
    encoder::{self, FlightEncoder},
    schema,
    ticket::{FlightTicket, TicketSealer},
};
use crate::{
    blocks::{cursor::Cursor, sums::ControlSums},
    contract::flight::protocol::FlightData,
    decreto::{
        query::DetailReader,
        reader::{ReadyBatch, ReadyBatches},
    },
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
        limits: &StreamLimits,
        permit: StreamPermit,
    ) -> ResponseStream<FlightData> {
        let record = self.reader.call_record().clone();
        limits.start(permit, record, |sender| self.send(sender))
    }

    async fn send(self, sender: StreamSender<FlightData>) -> Result<FlightData> {
        let (mut encoder, first) = FlightEncoder::new(self.schema)?;
        sender.send(first, 0).await?;
        let (reader, mut after) = (Arc::new(self.reader), self.after);
        let whole = after.is_none() && reader.is_whole();
        let mut progress = FlightProgress {
            sums: ControlSums::default(),
            ticket: self.ticket,
            sealer: self.sealer,
        };

        let mut rows_follow = true;
        let ready = reader.ready_batches(after.as_ref(), self.batch_rows);
        if let Some(ReadyBatches {
            dictionaries,
            mut batches,
        }) = ready.await?
        {
            for dictionary in encoder.dictionaries(&dictionaries)? {
                sender.send(dictionary, 0).await?;
            }
            rows_follow = false;
            while let Some(read) = batches.try_next().await? {
                // The blocks were made again: the rest is encoded from its rows.
                let Some(ReadyBatch { message, sums, end }) = read else {
                    rows_follow = true;
                    break;
                };
                let metadata = progress.advance(sums, &end)?;
                after = Some(end);
                let batch = encoder::with_metadata(message, &metadata);
                sender
                    .send_resumable(batch, sums.righe, resume(&metadata))
                    .await?;
            }
        }
        if rows_follow {
            let mut batches = reader.row_batches(after, self.batch_rows);
            while let Some(rows) = batches.next().await? {
                let metadata = progress.advance(rows.sums, &rows.end)?;
                let (dictionaries, batch) = encoder.row_batch(&rows, &metadata)?;
                for dictionary in dictionaries {
                    sender.send(dictionary, 0).await?;
                }
                sender
                    .send_resumable(batch, rows.sums.righe, resume(&metadata))
                    .await?;
            }
        }
        if whole {
            reader.reconcile(&progress.sums).await?;
        }

        let may_see = |column| reader.may_see(column);
        let totali = schema::json(&progress.sums.totali(may_see).into(), may_see);
        let (dictionaries, last) = encoder.empty(&json!({ "chiusura": totali }))?;
        for dictionary in dictionaries {
            sender.send(dictionary, 0).await?;
        }
        Ok(last)
    }
}

/// The ticket for the rest, out of the metadata of a batch.
fn resume(metadata: &Value) -> ResumePoint {
    let ticket = metadata["ripresa"].as_str().unwrap_or_default();
    ("ripresa", ticket.to_owned())
}

/// What the stream has said of its rows.
struct FlightProgress {
    sums: ControlSums,
    ticket: FlightTicket,
    sealer: Arc<TicketSealer>,
}

impl FlightProgress {
    /// Rows more, up to this position; and the metadata of their batch: the ticket for the rest.
    fn advance(&mut self, sums: ControlSums, end: &Cursor) -> Result<Value> {
        self.sums += sums;
        self.ticket.after = end.to_bytes();
        Ok(json!({ "ripresa": self.sealer.seal(&self.ticket)? }))
    }
}
