//! `FlightService`: decode, decide, query, encode.

use std::{pin::Pin, sync::Arc};

use futures_util::{Stream, stream};
use serde_json::json;
use tonic::{Request, Response, Status, Streaming};

use super::{
    command,
    flight_stream::FlightStream,
    plan::{FlightPlan, plan},
    schema::{self, FlightHeader},
    sql,
    ticket::{FlightTicket, TicketSealer},
};
use crate::{
    abilitazione::{Abilitazione, NoFilter, abilitazione},
    blocks::{arrow::ipc, cursor::Cursor},
    contract::{
        column::Column,
        flight::protocol::{
            self, Action, ActionType, Criteria, Empty, FlightData, FlightDescriptor,
            FlightEndpoint, FlightInfo, HandshakeRequest, HandshakeResponse, PollInfo, PutResult,
            SchemaResult, Ticket, flight_descriptor::DescriptorType,
            flight_service_server::FlightService,
        },
        proto::{ExportDecreesRequest, TotaliControllo},
    },
    decreto::selection::{DecreeRequest, DecreeSelections, ReadySelection},
    error::{Error, Reason, Result},
    grpc::{
        pages,
        stream_task::{ResponseStream, StreamLimits},
    },
    valori::ValueDefect,
};

/// What Arrow says of records or bytes that are not counted, or not for the caller.
const UNKNOWN: i64 = -1;

/// The flights over one database.
#[derive(Debug, Clone)]
pub struct FlightServer {
    selections: DecreeSelections,
    sealer: Arc<TicketSealer>,
    limits: StreamLimits,
    batch_rows: u32,
}

impl FlightServer {
    /// Serves these selections, in batches of so many rows. Their key seals the tickets.
    ///
    /// # Errors
    /// A key that is refused: a fault of ours.
    pub fn new(
        selections: DecreeSelections,
        limits: StreamLimits,
        batch_rows: u32,
    ) -> Result<Self> {
        Ok(Self {
            sealer: Arc::new(TicketSealer::new(selections.key())?),
            selections,
            limits,
            batch_rows,
        })
    }

    async fn list(&self, request: Request<Criteria>) -> Result<Vec<FlightInfo>> {
        const EMPTY: ValueDefect = ValueDefect::new(
            "must be empty: every flight in scope is listed",
            "deve essere vuota: sono elencati tutti i voli consentiti",
        );
        let permesso = abilitazione(&request)?.permit(NoFilter)?;
        if !request.get_ref().expression.is_empty() {
            return Err(command::invalid("expression", EMPTY));
        }
        let rilevazione = match self.selections.rilevazioni().resolve(&permesso, None).await {
            // Before the first load there is nowhere to fly.
            Err(error) if error.reason == Reason::NoRilevazione => return Ok(Vec::new()),
            found => found?,
        };
        let normative = super::list::normative(self.selections.pool(), &permesso).await?;
        permesso.call_record().add_rows(normative.len());
        let volo = |normativa: &String| {
            let intestazione = FlightHeader {
                normativa,
                rilevazione: &rilevazione,
                totali: None,
            };
            let schema = schema::schema(|colonna| permesso.may_see(colonna), intestazione);
            let command = json!({ "normativa": normativa, "rilevazione": rilevazione.numero });
            Ok(FlightInfo {
                schema: ipc::schema_message(&schema)?.into(),
                flight_descriptor: Some(FlightDescriptor {
                    r#type: DescriptorType::Cmd.into(),
                    cmd: command.to_string().into(),
                    path: Vec::new(),
                }),
                total_records: UNKNOWN,
                total_bytes: UNKNOWN,
                ..FlightInfo::default()
            })
        };
        normative.iter().map(volo).collect()
    }

    /// The selection of a descriptor, decided on.
    async fn select(
        &self,
        chi: &Abilitazione,
        descriptor: &FlightDescriptor,
    ) -> Result<(ExportDecreesRequest, ReadySelection)> {
        const TICKETS: ValueDefect = ValueDefect::new(
            "must be empty: a flight resumes by the tickets of its batches",
            "deve essere vuoto: un volo riprende dai biglietti dei suoi lotti",
        );
        let request = command::from_descriptor(descriptor)?;
        if !request.resume_token.is_empty() {
            return Err(command::invalid("resume_token", TICKETS));
        }
        let filtro = request.filtro.clone();
        let richiesta = DecreeRequest::parse(&request.normativa, filtro, request.rilevazione)?;
        let selezionato = self.selections.select(chi, richiesta, "").await?;
        Ok((request, selezionato))
    }

    async fn schema(&self, request: Request<FlightDescriptor>) -> Result<SchemaResult> {
        let chi = abilitazione(&request)?.clone();
        let (request, s) = self.select(&chi, request.get_ref()).await?;
        let intestazione = FlightHeader {
            normativa: &request.normativa,
            rilevazione: &s.rilevazione,
            totali: None,
        };
        let schema = schema::schema(|colonna| s.reader.may_see(colonna), intestazione);
        s.reader.call_record().add_rows(0);
        Ok(SchemaResult {
            schema: ipc::schema_message(&schema)?.into(),
        })
    }

    async fn plan(&self, request: Request<FlightDescriptor>) -> Result<FlightInfo> {
        let chi = abilitazione(&request)?.clone();
        let descriptor = request.into_inner();
        let (request, s) = self.select(&chi, &descriptor).await?;
        let FlightPlan { totali, parts } = plan(&s.reader, self.batch_rows).await?;
        s.reader.call_record().add_rows(1);

        let totali: TotaliControllo = totali.into();
        let may_see = |column| s.reader.may_see(column);
        let righe = if may_see(Column::Righe) {
            totali.righe
        } else {
            UNKNOWN
        };
        let intestazione = FlightHeader {
            normativa: &request.normativa,
            rilevazione: &s.rilevazione,
            totali: Some(&totali),
        };
        let schema = schema::schema(may_see, intestazione);
        let posizione = |p: Option<Cursor>| p.map(|p| p.to_bytes()).unwrap_or_default();
        let endpoint = |(dopo, fino)| {
            let ticket = self.sealer.seal(&FlightTicket {
                soggetto: chi.aa07().soggetto.clone(),
                rilevazione: s.rilevazione.numero,
                normativa: request.normativa.clone(),
                filtro: request.filtro.clone(),
                after: posizione(dopo),
                until: posizione(fino),
                totali: Some(totali.clone()),
            })?;
            Ok(FlightEndpoint {
                ticket: Some(Ticket {
                    ticket: ticket.into(),
                }),
                ..FlightEndpoint::default()
            })
        };
        let endpoints = parts.into_iter().map(endpoint).collect::<Result<_>>()?;
        let app = json!({
            "rilevazione": s.rilevazione.numero,
            "totali": schema::json(&totali, may_see),
        });
        Ok(FlightInfo {
            schema: ipc::schema_message(&schema)?.into(),
            flight_descriptor: Some(descriptor),
            endpoint: endpoints,
            total_records: righe,
            total_bytes: UNKNOWN,
            ordered: true,
            app_metadata: app.to_string().into(),
        })
    }

    async fn get(&self, request: Request<Ticket>) -> Result<ResponseStream<FlightData>> {
        let chi = abilitazione(&request)?.clone();
        sql::refuse(&request.get_ref().ticket)?;
        let biglietto = self.sealer.open(&request.get_ref().ticket)?;
        let (dopo, fino) = biglietto.positions()?;
        let filtro = biglietto.filtro.clone();
        let richiesta = DecreeRequest::parse(&biglietto.normativa, filtro, biglietto.rilevazione)?;
        let s = self.selections.select(&chi, richiesta, "").await?;
        // One that was found, or passed on, is of no use.
        if biglietto.soggetto != chi.aa07().soggetto {
            return Err(pages::invalid());
        }
        let intestazione = FlightHeader {
            normativa: &biglietto.normativa,
            rilevazione: &s.rilevazione,
            totali: biglietto.totali.as_ref(),
        };
        let schema = schema::schema(|colonna| s.reader.may_see(colonna), intestazione);

        let permit = self.limits.permit(&chi.aa07().soggetto)?;
        let stream = FlightStream {
            reader: s.reader.up_to(fino),
            schema,
            after: dopo,
            ticket: biglietto,
            sealer: Arc::clone(&self.sealer),
            batch_rows: self.batch_rows,
        };
        Ok(stream.start(&self.limits, permit))
    }
}

/// What a method that is not answered would stream.
type UnansweredStream<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// The gate lets none of them pass; this answers should it be opened one day.
fn unanswered<T>() -> Result<T, Status> {
    Err(Status::from(Error::new(
        Reason::CallUnknown,
        "there is no such call",
    )))
}

#[tonic::async_trait]
impl FlightService for FlightServer {
    type ListFlightsStream = ResponseStream<FlightInfo>;
    type DoGetStream = ResponseStream<FlightData>;
    type HandshakeStream = UnansweredStream<HandshakeResponse>;
    type DoPutStream = UnansweredStream<PutResult>;
    type DoExchangeStream = UnansweredStream<FlightData>;
    type DoActionStream = UnansweredStream<protocol::Result>;
    type ListActionsStream = UnansweredStream<ActionType>;

    async fn list_flights(
        &self,
        request: Request<Criteria>,
    ) -> Result<Response<ResponseStream<FlightInfo>>, Status> {
        let flights = self.list(request).await?;
        let flights = stream::iter(flights.into_iter().map(Ok));
        Ok(Response::new(Box::pin(flights)))
    }

    async fn get_flight_info(
        &self,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        Ok(Response::new(self.plan(request).await?))
    }

    async fn get_schema(
        &self,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<SchemaResult>, Status> {
        Ok(Response::new(self.schema(request).await?))
    }

    async fn do_get(
        &self,
        request: Request<Ticket>,
    ) -> Result<Response<ResponseStream<FlightData>>, Status> {
        Ok(Response::new(self.get(request).await?))
    }

    async fn handshake(
        &self,
        _: Request<Streaming<HandshakeRequest>>,
    ) -> Result<Response<Self::HandshakeStream>, Status> {
        unanswered()
    }

    async fn poll_flight_info(
        &self,
        _: Request<FlightDescriptor>,
    ) -> Result<Response<PollInfo>, Status> {
        unanswered()
    }

    async fn do_put(
        &self,
        _: Request<Streaming<FlightData>>,
    ) -> Result<Response<Self::DoPutStream>, Status> {
        unanswered()
    }

    async fn do_exchange(
        &self,
        _: Request<Streaming<FlightData>>,
    ) -> Result<Response<Self::DoExchangeStream>, Status> {
        unanswered()
    }

    async fn do_action(
        &self,
        _: Request<Action>,
    ) -> Result<Response<Self::DoActionStream>, Status> {
        unanswered()
    }

    async fn list_actions(
        &self,
        _: Request<Empty>,
    ) -> Result<Response<Self::ListActionsStream>, Status> {
        unanswered()
    }
}
