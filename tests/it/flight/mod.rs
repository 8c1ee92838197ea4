//! Arrow Flight over the real server: the same rows, totals and refusals as DecreeService.

mod access;
mod interrupted;
mod messages;
mod rows;
mod schema;
mod stored_batches;
mod tickets;

use arrow_array::{Array as _, ArrayRef, RecordBatch, cast::AsArray as _, types::*};
use arrow_flight::{
    Criteria, FlightDescriptor, FlightInfo, Ticket,
    decode::{DecodedPayload, FlightDataDecoder},
};
use arrow_schema::{DataType, SchemaRef};
use futures_util::TryStreamExt as _;
use omnia::{
    contract::proto::{DettaglioDecreto, ExportDecreesRequest, FiltroDecreti, TotaliControllo},
    crypto::key::AuditKey,
    flight::ticket::{FlightTicket, TicketSealer},
};
use prost::Message as _;
use serde_json::Value;
use tonic::Status;

use crate::server::{AUDIT_KEY, CallerClients};

/// A request of Flight by the name of the call, for [`crate::chiamate::call_rpc`]. How many things the answer holds.
pub async fn call_rpc(
    client: &mut CallerClients,
    rpc: &str,
    normativa: &str,
    filtro: FiltroDecreti,
) -> Result<usize, Status> {
    let request = ExportDecreesRequest {
        normativa: normativa.into(),
        filtro: Some(filtro),
        ..Default::default()
    };
    let descriptor = FlightDescriptor::new_cmd(request.encode_to_vec());
    Ok(match rpc {
        "FlightService/ListFlights" => {
            let flights = client.flight.list_flights(Criteria::default()).await?;
            let flights: Vec<FlightInfo> = flights.into_inner().try_collect().await?;
            flights.len()
        }
        "FlightService/GetFlightInfo" => {
            let info = client
                .flight
                .get_flight_info(descriptor)
                .await?
                .into_inner();
            usize::try_from(info.total_records).unwrap()
        }
        "FlightService/GetSchema" => {
            let schema = client.flight.get_schema(descriptor).await?.into_inner();
            let schema = arrow_schema::Schema::try_from(schema).unwrap();
            schema.fields().len()
        }
        "FlightService/DoGet" => {
            let ticket = plain_ticket(&client.soggetto, &request);
            let taken = take(client, ticket).await?;
            taken.outcome.map(|_| taken.rows.len())?
        }
        other => panic!("{other}"),
    })
}

/// A ticket for all of a selection, as the service would have sealed it.
pub fn plain_ticket(soggetto: &str, request: &ExportDecreesRequest) -> String {
    let ticket = FlightTicket {
        soggetto: soggetto.into(),
        rilevazione: request.rilevazione,
        normativa: request.normativa.clone(),
        filtro: request.filtro.clone(),
        ..Default::default()
    };
    let sealer = TicketSealer::new(&AuditKey::new(&AUDIT_KEY)).unwrap();
    sealer.seal(&ticket).unwrap()
}

/// What a stream gave until it ended.
#[derive(Debug)]
pub struct TakenFlight {
    pub schema: Option<SchemaRef>,
    pub rows: Vec<DettaglioDecreto>,
    /// After how many rows, and the ticket of what follows them.
    pub resumes: Vec<(usize, String)>,
    /// The totals of the closing batch, or the error that the stream ended with.
    pub outcome: Result<TotaliControllo, Status>,
}

/// Reads a ticket to the end of its stream. One that ends well without a chiusura fails the test.
pub async fn take(
    client: &mut CallerClients,
    ticket: impl Into<String>,
) -> Result<TakenFlight, Status> {
    let ticket: String = ticket.into();
    let stream = client
        .flight
        .do_get(Ticket::new(ticket))
        .await?
        .into_inner();
    Ok(read_flight(stream).await)
}

/// Reads a stream to its end, on the same terms.
pub async fn read_flight(stream: tonic::Streaming<arrow_flight::FlightData>) -> TakenFlight {
    let mut stream = FlightDataDecoder::new(stream.map_err(Into::into));
    let (mut schema, mut righe, mut resume_tokens, mut totali) =
        (None, Vec::new(), Vec::new(), None);
    let esito = loop {
        match stream.try_next().await {
            Err(arrow_flight::error::FlightError::Tonic(status)) => {
                assert!(totali.is_none(), "an error after the chiusura: {status:?}");
                break Err(*status);
            }
            Err(error) => panic!("{error}"),
            Ok(None) => break Ok(totali.expect("the stream ended well without a chiusura")),
            Ok(Some(message)) => {
                assert!(totali.is_none(), "a message after the chiusura");
                match message.payload {
                    DecodedPayload::None => panic!("a message without data"),
                    DecodedPayload::Schema(first) => schema = Some(first),
                    DecodedPayload::RecordBatch(batch) => {
                        let app: Value =
                            serde_json::from_slice(&message.inner.app_metadata).unwrap();
                        righe.extend(decreti(&batch));
                        match app["ripresa"].as_str() {
                            Some(resume_point) => {
                                assert!(batch.num_rows() > 0, "only the last batch is empty");
                                resume_tokens.push((righe.len(), resume_point.to_owned()));
                            }
                            None => totali = Some(from_json(&app["chiusura"])),
                        }
                    }
                }
            }
        }
    };
    if let Ok(totali) = &esito {
        assert_eq!(totali.righe, i64::try_from(righe.len()).unwrap());
    }
    TakenFlight {
        schema,
        rows: righe,
        resumes: resume_tokens,
        outcome: esito,
    }
}

/// The tickets of a flight, in order.
pub fn tickets_of(info: &FlightInfo) -> Vec<String> {
    let ticket = |endpoint: &arrow_flight::FlightEndpoint| {
        let bytes = endpoint.ticket.clone().unwrap().ticket;
        String::from_utf8(bytes.to_vec()).unwrap()
    };
    info.endpoint.iter().map(ticket).collect()
}

pub fn from_json(totali: &Value) -> TotaliControllo {
    let text = |nome: &str| totali[nome].as_str().unwrap_or_default().to_owned();
    TotaliControllo {
        righe: text("righe").parse().unwrap_or_default(),
        ore_decretate: text("ore_decretate"),
        importi_autorizzati: text("importi_autorizzati"),
        importi_erogati: text("importi_erogati"),
    }
}

/// The rows of a batch, as DecreeService writes them; empty: a column that is not there.
fn decreti(batch: &RecordBatch) -> Vec<DettaglioDecreto> {
    let text = |colonna: &str, row: usize| {
        batch
            .column_by_name(colonna)
            .map(|array| cell_text(array, row))
            .unwrap_or_default()
    };
    (0..batch.num_rows())
        .map(|row| DettaglioDecreto {
            prestazione: text("prestazione", row),
            codifica_sistema_unico: text("codifica_sistema_unico", row),
            numero_decreto: text("numero_decreto", row),
            data_decreto: text("data_decreto", row),
            validita_dal: text("validita_dal", row),
            validita_al: text("validita_al", row),
            cf_azienda: text("cf_azienda", row),
            matricola_azienda: text("matricola_azienda", row),
            ore_decretate: text("ore_decretate", row),
            importi_autorizzati: text("importi_autorizzati", row),
            importi_erogati: text("importi_erogati", row),
        })
        .collect()
}

fn cell_text(array: &ArrayRef, row: usize) -> String {
    match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value(row).to_owned(),
        DataType::Date32 => array
            .as_primitive::<Date32Type>()
            .value_as_date(row)
            .unwrap()
            .to_string(),
        DataType::Decimal128(18, 2) => array.as_primitive::<Decimal128Type>().value_as_string(row),
        DataType::Dictionary(..) => {
            let codes = array.as_dictionary::<Int32Type>();
            let key = usize::try_from(codes.keys().value(row)).unwrap();
            codes.values().as_string::<i32>().value(key).to_owned()
        }
        other => panic!("{other} is no type of the detail"),
    }
}
