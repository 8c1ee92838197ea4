//! Rows as the messages of a stream of `DoGet`.

use arrow_flight::FlightData;
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
    error::Result,
};

/// Encodes one stream. It begins with its schema; dictionaries come before the batch that needs them.
pub(super) struct FlightEncoder {
    costruttore: RecordBatchBuilder,
    messaggi: ipc::IpcEncoder,
}

impl FlightEncoder {
    /// The first message is that of the schema.
    pub(super) fn new(schema: SchemaRef) -> Result<(Self, FlightData)> {
        let (messaggi, first) = ipc::IpcEncoder::new(&schema)?;
        let encoder = Self {
            costruttore: RecordBatchBuilder::new(schema),
            messaggi,
        };
        Ok((encoder, flight_data(first)))
    }

    /// From here on the dictionaries begin with these texts: batches that point into them can be sent after these messages.
    pub(super) fn dictionaries(
        &mut self,
        dizionari: &BatchDictionaries,
    ) -> Result<Vec<FlightData>> {
        let schema = self.costruttore.schema().clone();
        self.costruttore = RecordBatchBuilder::with_dictionaries(schema, dizionari);
        let (dizionari, _) = self.messaggi.batch(&self.costruttore.finish()?)?;
        Ok(dizionari.into_iter().map(flight_data).collect())
    }

    /// A lotto: its dictionaries, where they are new, and its batch.
    pub(super) fn row_batch(
        &mut self,
        lotto: &RowBatch,
        app: &Value,
    ) -> Result<(Vec<FlightData>, FlightData)> {
        for riga in lotto.rows() {
            self.costruttore.add(&riga?)?;
        }
        self.batch(app)
    }

    /// A batch without rows.
    pub(super) fn empty(&mut self, app: &Value) -> Result<(Vec<FlightData>, FlightData)> {
        self.batch(app)
    }

    fn batch(&mut self, app: &Value) -> Result<(Vec<FlightData>, FlightData)> {
        let (dizionari, batch) = self.messaggi.batch(&self.costruttore.finish()?)?;
        let dizionari = dizionari.into_iter().map(flight_data).collect();
        Ok((dizionari, with_metadata(batch, app)))
    }
}

/// A batch that is encoded.
pub(super) fn with_metadata(batch: IpcMessage, app: &Value) -> FlightData {
    flight_data(batch).with_app_metadata(app.to_string())
}

fn flight_data(messaggio: IpcMessage) -> FlightData {
    FlightData::new()
        .with_data_header(messaggio.header)
        .with_data_body(messaggio.body)
}
