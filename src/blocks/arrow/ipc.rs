//! Record batches as the messages of a stream ("IPC", in the words of the format).
//!
//! A message has a header (a flatbuffer: what kind it is, where each buffer of its body begins) and a body (the buffers). A stream
//! is a schema, and batches; a dictionary comes before the first batch that needs it.

use arrow_array::RecordBatch;
use arrow_ipc::{
    MetadataVersion,
    writer::{
        DictionaryTracker, EncodedData, IpcDataGenerator, IpcWriteContext, IpcWriteOptions,
        write_message,
    },
};
use arrow_schema::Schema;

use crate::error::{Error, Result};

/// Bytes that a buffer begins at a multiple of: what the format asks for. More would only be padding.
const ALIGNMENT: usize = 8;

/// One message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IpcMessage {
    /// The header.
    pub header: Vec<u8>,
    /// The body.
    pub body: Vec<u8>,
}

/// Encodes one stream.
#[derive(Debug)]
pub struct IpcEncoder {
    generator: IpcDataGenerator,
    dictionaries: DictionaryTracker,
    opzioni: IpcWriteOptions,
    context: IpcWriteContext,
}

impl IpcEncoder {
    /// The first message is that of the schema.
    ///
    /// # Errors
    /// None that could be caused: a fault of ours.
    pub fn new(schema: &Schema) -> Result<(Self, IpcMessage)> {
        let opzioni = IpcWriteOptions::try_new(ALIGNMENT, false, MetadataVersion::V5)
            .map_err(Error::internal)?;
        let generator = IpcDataGenerator::default();
        let mut dictionaries = DictionaryTracker::new(false);
        let first =
            generator.schema_to_bytes_with_dictionary_tracker(schema, &mut dictionaries, &opzioni);
        let codifica = Self {
            generator,
            dictionaries,
            opzioni,
            context: IpcWriteContext::default(),
        };
        Ok((codifica, first.into()))
    }

    /// A batch, and before it those of its dictionaries that are not what the last batch had.
    ///
    /// # Errors
    /// None that could be caused: a fault of ours.
    pub fn batch(&mut self, batch: &RecordBatch) -> Result<(Vec<IpcMessage>, IpcMessage)> {
        let (dictionaries, batch) = self
            .generator
            .encode(
                batch,
                &mut self.dictionaries,
                &self.opzioni,
                &mut self.context,
            )
            .map_err(Error::internal)?;
        Ok((
            dictionaries.into_iter().map(IpcMessage::from).collect(),
            batch.into(),
        ))
    }
}

/// A schema by itself, with the prefix that a message has outside a stream: what the fields `schema` of a flight hold.
///
/// # Errors
/// None that could be caused: a fault of ours.
pub fn schema_message(schema: &Schema) -> Result<Vec<u8>> {
    let options = IpcWriteOptions::default();
    let encoded = IpcDataGenerator::default().schema_to_bytes_with_dictionary_tracker(
        schema,
        &mut DictionaryTracker::new(false),
        &options,
    );
    let mut message = Vec::new();
    write_message(&mut message, encoded, &options).map_err(Error::internal)?;
    Ok(message)
}

impl From<EncodedData> for IpcMessage {
    fn from(data: EncodedData) -> Self {
        Self {
            header: data.ipc_message,
            body: data.arrow_data,
        }
    }
}
