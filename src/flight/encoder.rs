//! Rows as the messages of a stream of `DoGet`.

use arrow_schema::SchemaRef;
use serde_json::Value;

use crate::{
    blocks::{
        RowBatch,
        arrow::{
            BatchDictionaries, RecordBatchBuilder,
            ipc::{self, IpcMessage},
        },
    },
    contract::flight::protocol::FlightData,
    error::Result,
};

/// Encodes one stream. It begins with its schema; dictionaries come before the batch that needs them.
pub(super) struct FlightEncoder {
    builder: RecordBatchBuilder,
    messages: ipc::IpcEncoder,
}

impl FlightEncoder {
    /// The first message is that of the schema.
    pub(super) fn new(schema: SchemaRef) -> Result<(Self, FlightData)> {
        let (messages, first) = ipc::IpcEncoder::new(&schema)?;
        let encoder = Self {
            builder: RecordBatchBuilder::new(schema),
            messages,
        };
        Ok((encoder, flight_data(first)))
    }

    /// From here on the dictionaries begin with these texts: batches that point into them can be sent after these messages.
    pub(super) fn dictionaries(
        &mut self,
        dictionaries: &BatchDictionaries,
    ) -> Result<Vec<FlightData>> {
        let schema = self.builder.schema().clone();
        self.builder = RecordBatchBuilder::with_dictionaries(schema, dictionaries);
        let (dictionaries, _) = self.messages.batch(&self.builder.finish()?)?;
        Ok(dictionaries.into_iter().map(flight_data).collect())
    }

    /// A batch of rows: its dictionaries, where they are new, and its batch.
    pub(super) fn row_batch(
        &mut self,
        rows: &RowBatch,
        metadata: &Value,
    ) -> Result<(Vec<FlightData>, FlightData)> {
        for row in rows.rows() {
            self.builder.add(&row?)?;
        }
        self.batch(metadata)
    }

    /// A batch without rows.
    pub(super) fn empty(&mut self, metadata: &Value) -> Result<(Vec<FlightData>, FlightData)> {
        self.batch(metadata)
    }

    fn batch(&mut self, metadata: &Value) -> Result<(Vec<FlightData>, FlightData)> {
        let (dictionaries, batch) = self.messages.batch(&self.builder.finish()?)?;
        let dictionaries = dictionaries.into_iter().map(flight_data).collect();
        Ok((dictionaries, with_metadata(batch, metadata)))
    }
}

/// A batch that is encoded.
pub(super) fn with_metadata(batch: IpcMessage, metadata: &Value) -> FlightData {
    FlightData {
        app_metadata: metadata.to_string().into(),
        ..flight_data(batch)
    }
}

fn flight_data(message: IpcMessage) -> FlightData {
    FlightData {
        data_header: message.header.into(),
        data_body: message.body.into(),
        ..FlightData::default()
    }
}
