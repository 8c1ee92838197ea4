//! Rows as the messages of a stream of `DoGet`.

use arrow_array::RecordBatch;
use arrow_flight::FlightData;
use arrow_ipc::{
    MetadataVersion,
    writer::{DictionaryTracker, EncodedData, IpcDataGenerator, IpcWriteContext, IpcWriteOptions},
};
use arrow_schema::SchemaRef;
use serde_json::Value;

use crate::{
    arrow::Costruttore,
    error::{Error, Result},
    lotto::Lotto,
};

/// Bytes that a buffer begins at a multiple of: what the format asks for. More would only be padding.
const ALIGNMENT: usize = 8;

/// Encodes one stream. It begins with its schema; dictionaries come before the batch that needs them.
pub(super) struct Codifica {
    costruttore: Costruttore,
    generatore: IpcDataGenerator,
    dizionari: DictionaryTracker,
    opzioni: IpcWriteOptions,
    contesto: IpcWriteContext,
}

impl Codifica {
    /// The first message is that of the schema.
    pub(super) fn new(schema: SchemaRef) -> Result<(Self, FlightData)> {
        let opzioni = IpcWriteOptions::try_new(ALIGNMENT, false, MetadataVersion::V5)
            .map_err(Error::internal)?;
        let generatore = IpcDataGenerator::default();
        let mut dizionari = DictionaryTracker::new(false);
        let first =
            generatore.schema_to_bytes_with_dictionary_tracker(&schema, &mut dizionari, &opzioni);
        let codifica = Self {
            costruttore: Costruttore::new(schema),
            generatore,
            dizionari,
            opzioni,
            contesto: IpcWriteContext::default(),
        };
        Ok((codifica, messaggio(first)))
    }

    /// A lotto: its dictionaries, where they are new, and its batch.
    pub(super) fn lotto(
        &mut self,
        lotto: &Lotto,
        app: &Value,
    ) -> Result<(Vec<FlightData>, FlightData)> {
        for riga in lotto.righe() {
            self.costruttore.aggiungi(&riga?)?;
        }
        self.batch(app)
    }

    /// A batch without rows.
    pub(super) fn vuoto(&mut self, app: &Value) -> Result<(Vec<FlightData>, FlightData)> {
        self.batch(app)
    }

    fn batch(&mut self, app: &Value) -> Result<(Vec<FlightData>, FlightData)> {
        let batch: RecordBatch = self.costruttore.finisci()?;
        let (dizionari, batch) = self
            .generatore
            .encode(
                &batch,
                &mut self.dizionari,
                &self.opzioni,
                &mut self.contesto,
            )
            .map_err(Error::internal)?;
        let batch = messaggio(batch).with_app_metadata(app.to_string());
        Ok((dizionari.into_iter().map(messaggio).collect(), batch))
    }
}

fn messaggio(data: EncodedData) -> FlightData {
    FlightData::new()
        .with_data_header(data.ipc_message)
        .with_data_body(data.arrow_data)
}
