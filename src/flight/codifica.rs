//! Rows as the messages of a stream of `DoGet`.

use arrow_flight::FlightData;
use arrow_schema::SchemaRef;
use serde_json::Value;

use crate::{
    blocks::{
        Lotto,
        arrow::{
            Costruttore, Dizionari,
            codifica::{self, Messaggio},
        },
    },
    error::Result,
};

/// Encodes one stream. It begins with its schema; dictionaries come before the batch that needs them.
pub(super) struct Codifica {
    costruttore: Costruttore,
    messaggi: codifica::Codifica,
}

impl Codifica {
    /// The first message is that of the schema.
    pub(super) fn new(schema: SchemaRef) -> Result<(Self, FlightData)> {
        let (messaggi, first) = codifica::Codifica::new(&schema)?;
        let codifica = Self {
            costruttore: Costruttore::new(schema),
            messaggi,
        };
        Ok((codifica, messaggio(first)))
    }

    /// From here on the dictionaries begin with these texts: batches that point into them can be sent after these messages.
    pub(super) fn dizionari(&mut self, dizionari: &Dizionari) -> Result<Vec<FlightData>> {
        let schema = self.costruttore.schema().clone();
        self.costruttore = Costruttore::con_dizionari(schema, dizionari);
        let (dizionari, _) = self.messaggi.batch(&self.costruttore.finisci()?)?;
        Ok(dizionari.into_iter().map(messaggio).collect())
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
        let (dizionari, batch) = self.messaggi.batch(&self.costruttore.finisci()?)?;
        let dizionari = dizionari.into_iter().map(messaggio).collect();
        Ok((dizionari, pronto(batch, app)))
    }
}

/// A batch that is encoded.
pub(super) fn pronto(batch: Messaggio, app: &Value) -> FlightData {
    messaggio(batch).with_app_metadata(app.to_string())
}

fn messaggio(messaggio: Messaggio) -> FlightData {
    FlightData::new()
        .with_data_header(messaggio.testata)
        .with_data_body(messaggio.corpo)
}
