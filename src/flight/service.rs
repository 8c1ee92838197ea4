//! `FlightService`: decode, decide, query, encode.

use std::{pin::Pin, sync::Arc};

use arrow_flight::{
    Action, ActionType, Criteria, Empty, FlightData, FlightDescriptor, FlightEndpoint, FlightInfo,
    HandshakeRequest, HandshakeResponse, PollInfo, PutResult, SchemaAsIpc, SchemaResult, Ticket,
    flight_service_server::FlightService,
};
use arrow_ipc::writer::IpcWriteOptions;
use futures_util::{Stream, stream};
use serde_json::json;
use sqlx::PgPool;
use tonic::{Request, Response, Status, Streaming};

use super::{
    biglietto::{Biglietto, Sigillo},
    comando,
    piano::{Piano, piano},
    schema::{self, Intestazione},
    sql,
    volata::Volata,
};
use crate::{
    abilitazione::{Abilitazione, NessunFiltro, abilitazione},
    blocks::posizione::Posizione,
    contract::proto::{ExportDecreesRequest, TotaliControllo},
    crypto::chiave::Chiave,
    decreto::selezione::{Richiesta, Selezionato, Selezioni},
    error::{Error, Reason, Result},
    grpc::{
        pages,
        produttore::{Flusso, Limiti},
        status::into_status,
    },
    rilevazione::Rilevazioni,
    valori::Difetto,
};

/// The flights over one database.
#[derive(Debug, Clone)]
pub struct Voli {
    selezioni: Selezioni,
    sigillo: Arc<Sigillo>,
    limiti: Limiti,
    righe_per_lotto: u32,
}

impl Voli {
    /// Serves from the database behind `pool`. `chiave` seals tickets: all instances have the same.
    ///
    /// # Errors
    /// A key that is refused: a fault of ours.
    pub fn new(
        pool: PgPool,
        rilevazioni: Rilevazioni,
        chiave: Chiave,
        limiti: Limiti,
        righe_per_lotto: u32,
    ) -> Result<Self> {
        Ok(Self {
            sigillo: Arc::new(Sigillo::new(&chiave)?),
            selezioni: Selezioni::new(pool, rilevazioni, chiave),
            limiti,
            righe_per_lotto,
        })
    }

    async fn elenca(&self, request: Request<Criteria>) -> Result<Vec<FlightInfo>> {
        const EMPTY: Difetto = Difetto::new(
            "must be empty: every flight in scope is listed",
            "deve essere vuota: sono elencati tutti i voli consentiti",
        );
        let permesso = abilitazione(&request)?.permetti(NessunFiltro)?;
        if !request.get_ref().expression.is_empty() {
            return Err(comando::invalid("expression", EMPTY));
        }
        let rilevazione = match self.selezioni.rilevazioni().risolvi(&permesso, None).await {
            // Before the first load there is nowhere to fly.
            Err(error) if error.reason == Reason::NoRilevazione => return Ok(Vec::new()),
            found => found?,
        };
        let normative = super::elenco::normative(self.selezioni.pool(), &permesso).await?;
        permesso.traccia().righe(normative.len());
        let volo = |normativa: &String| {
            let intestazione = Intestazione {
                normativa,
                rilevazione: &rilevazione,
                totali: None,
            };
            let schema = schema::schema(|colonna| permesso.vede(colonna), intestazione);
            let command = json!({ "normativa": normativa, "rilevazione": rilevazione.numero });
            FlightInfo::new()
                .with_descriptor(FlightDescriptor::new_cmd(command.to_string()))
                .try_with_schema(&schema)
                .map_err(Error::internal)
        };
        normative.iter().map(volo).collect()
    }

    /// The selection of a descriptor, decided on.
    async fn descritto(
        &self,
        chi: &Abilitazione,
        descriptor: &FlightDescriptor,
    ) -> Result<(ExportDecreesRequest, Selezionato)> {
        const TICKETS: Difetto = Difetto::new(
            "must be empty: a flight resumes by the tickets of its batches",
            "deve essere vuoto: un volo riprende dai biglietti dei suoi lotti",
        );
        let request = comando::descritto(descriptor)?;
        if !request.resume_token.is_empty() {
            return Err(comando::invalid("resume_token", TICKETS));
        }
        let filtro = request.filtro.clone();
        let richiesta = Richiesta::parse(&request.normativa, filtro, request.rilevazione)?;
        let selezionato = self.selezioni.seleziona(chi, richiesta, "").await?;
        Ok((request, selezionato))
    }

    async fn schema(&self, request: Request<FlightDescriptor>) -> Result<SchemaResult> {
        let chi = abilitazione(&request)?.clone();
        let (request, s) = self.descritto(&chi, request.get_ref()).await?;
        let intestazione = Intestazione {
            normativa: &request.normativa,
            rilevazione: &s.rilevazione,
            totali: None,
        };
        let schema = schema::schema(|colonna| s.lettura.vede(colonna), intestazione);
        s.lettura.traccia().righe(0);
        let options = IpcWriteOptions::default();
        SchemaAsIpc::new(&schema, &options)
            .try_into()
            .map_err(Error::internal)
    }

    async fn pianifica(&self, request: Request<FlightDescriptor>) -> Result<FlightInfo> {
        let chi = abilitazione(&request)?.clone();
        let descriptor = request.into_inner();
        let (request, s) = self.descritto(&chi, &descriptor).await?;
        let Piano { totali, parti } = piano(&s.lettura, self.righe_per_lotto).await?;
        s.lettura.traccia().righe(1);

        let totali: TotaliControllo = totali.into();
        let vede = |colonna: &str| s.lettura.vede(colonna);
        // -1: not known, or not for the caller.
        let righe = if vede("righe") { totali.righe } else { -1 };
        let intestazione = Intestazione {
            normativa: &request.normativa,
            rilevazione: &s.rilevazione,
            totali: Some(&totali),
        };
        let schema = schema::schema(vede, intestazione);
        let posizione = |p: Option<Posizione>| p.map(|p| p.to_bytes()).unwrap_or_default();
        let endpoint = |(dopo, fino)| {
            let ticket = self.sigillo.chiudi(&Biglietto {
                soggetto: chi.aa07().soggetto.clone(),
                rilevazione: s.rilevazione.numero,
                normativa: request.normativa.clone(),
                filtro: request.filtro.clone(),
                dopo: posizione(dopo),
                fino: posizione(fino),
                totali: Some(totali.clone()),
            })?;
            Ok(FlightEndpoint::new().with_ticket(Ticket::new(ticket)))
        };
        let endpoints = parti.into_iter().map(endpoint).collect::<Result<_>>()?;
        let app = json!({
            "rilevazione": s.rilevazione.numero,
            "totali": schema::json(&totali, vede),
        });
        FlightInfo::new()
            .with_descriptor(descriptor)
            .with_endpoints(endpoints)
            .with_total_records(righe)
            .with_ordered(true)
            .with_app_metadata(app.to_string())
            .try_with_schema(&schema)
            .map_err(Error::internal)
    }

    async fn prendi(&self, request: Request<Ticket>) -> Result<Flusso<FlightData>> {
        let chi = abilitazione(&request)?.clone();
        sql::refuse(&request.get_ref().ticket)?;
        let biglietto = self.sigillo.apri(&request.get_ref().ticket)?;
        let (dopo, fino) = biglietto.posizioni()?;
        let filtro = biglietto.filtro.clone();
        let richiesta = Richiesta::parse(&biglietto.normativa, filtro, biglietto.rilevazione)?;
        let s = self.selezioni.seleziona(&chi, richiesta, "").await?;
        // One that was found, or passed on, is of no use.
        if biglietto.soggetto != chi.aa07().soggetto {
            return Err(pages::invalid());
        }
        let intestazione = Intestazione {
            normativa: &biglietto.normativa,
            rilevazione: &s.rilevazione,
            totali: biglietto.totali.as_ref(),
        };
        let schema = schema::schema(|colonna| s.lettura.vede(colonna), intestazione);

        let posto = self.limiti.posto(&chi.aa07().soggetto)?;
        let volata = Volata {
            lettura: s.lettura.fino(fino),
            schema,
            dopo,
            biglietto,
            sigillo: Arc::clone(&self.sigillo),
            righe_per_lotto: self.righe_per_lotto,
        };
        Ok(volata.avvia(&self.limiti, posto))
    }
}

/// What a method that is not answered would stream.
type Niente<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// The door lets none of them pass; this is for whoever opens it.
fn nessuna<T>() -> Result<T, Status> {
    Err(into_status(Error::new(
        Reason::CallUnknown,
        "there is no such call",
    )))
}

#[tonic::async_trait]
impl FlightService for Voli {
    type ListFlightsStream = Flusso<FlightInfo>;
    type DoGetStream = Flusso<FlightData>;
    type HandshakeStream = Niente<HandshakeResponse>;
    type DoPutStream = Niente<PutResult>;
    type DoExchangeStream = Niente<FlightData>;
    type DoActionStream = Niente<arrow_flight::Result>;
    type ListActionsStream = Niente<ActionType>;

    async fn list_flights(
        &self,
        request: Request<Criteria>,
    ) -> Result<Response<Flusso<FlightInfo>>, Status> {
        let flights = self.elenca(request).await.map_err(into_status)?;
        let flights = stream::iter(flights.into_iter().map(Ok));
        Ok(Response::new(Box::pin(flights)))
    }

    async fn get_flight_info(
        &self,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        let answer = self.pianifica(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn get_schema(
        &self,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<SchemaResult>, Status> {
        let answer = self.schema(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn do_get(
        &self,
        request: Request<Ticket>,
    ) -> Result<Response<Flusso<FlightData>>, Status> {
        let answer = self.prendi(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn handshake(
        &self,
        _: Request<Streaming<HandshakeRequest>>,
    ) -> Result<Response<Self::HandshakeStream>, Status> {
        nessuna()
    }

    async fn poll_flight_info(
        &self,
        _: Request<FlightDescriptor>,
    ) -> Result<Response<PollInfo>, Status> {
        nessuna()
    }

    async fn do_put(
        &self,
        _: Request<Streaming<FlightData>>,
    ) -> Result<Response<Self::DoPutStream>, Status> {
        nessuna()
    }

    async fn do_exchange(
        &self,
        _: Request<Streaming<FlightData>>,
    ) -> Result<Response<Self::DoExchangeStream>, Status> {
        nessuna()
    }

    async fn do_action(
        &self,
        _: Request<Action>,
    ) -> Result<Response<Self::DoActionStream>, Status> {
        nessuna()
    }

    async fn list_actions(
        &self,
        _: Request<Empty>,
    ) -> Result<Response<Self::ListActionsStream>, Status> {
        nessuna()
    }
}
