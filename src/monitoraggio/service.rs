//! `MonitoraggioService`: decode, decide, query, encode.

use std::sync::Arc;

use sqlx::PgPool;
use tokio::task::spawn_blocking;
use tonic::{Request, Response, Status};

use super::{
    agreement::Agreement,
    andamento::andamento,
    capienza::capienza,
    comparison::Comparison,
    filtro::FiltroMonitoraggio,
    history::History,
    month_query,
    month_table::MonthTable,
    pair::Pair,
    proiezione::{Projection, proiezione},
    projection_query::{self, PairKnowledge},
    projection_request::ProjectionRequest,
    request::Course,
    storia::storia,
    storia_query,
    tiraggio::tiraggio,
    triangle::Triangle,
    triangle_query,
};
use crate::{
    abilitazione::{Permesso, abilitazione},
    contract::proto::{self, monitoraggio_service_server::MonitoraggioService},
    error::{Error, Result, Violations},
    grpc::{
        pages::Signer,
        request as read,
        stream_task::{ResponseStream, StreamLimits},
    },
    rilevazione::{RilevazioneRegister, cache::RilevazioneCache, list::Rilevazione},
    valori::NumeroRilevazione,
};

/// How differences are streamed.
#[derive(Debug, Clone)]
pub struct DifferenceStreams {
    /// How many at a time, and for how long.
    pub limits: StreamLimits,
    /// Writes and reads the resume tokens.
    pub signer: Signer,
    /// Rows of the detail in a message: half as many differences, since one may hold two.
    pub batch_rows: u32,
}

/// The caps over time, over one database.
#[derive(Debug, Clone)]
pub struct MonitoraggioServer {
    pub(super) pool: PgPool,
    pub(super) rilevazioni: RilevazioneRegister,
    months: RilevazioneCache<MonthTable>,
    histories: RilevazioneCache<History>,
    triangles: RilevazioneCache<Triangle, (i32, Pair)>,
    /// What projections are made of, likewise.
    knowledge: RilevazioneCache<PairKnowledge, (i32, Pair)>,
    projections: RilevazioneCache<Projection, (i32, ProjectionRequest)>,
    /// By the rilevazione before and the one after.
    pub(super) comparisons: RilevazioneCache<Comparison, (i32, i32)>,
    pub(super) differences: DifferenceStreams,
}

/// So many norms and benefits for each rilevazione that is kept.
const TRIANGLES: usize = 16;
/// So many projections: one is of a norm, a benefit and a year.
const PROJECTIONS: usize = 64;
/// So many comparisons.
const COMPARISONS: usize = 4;

impl MonitoraggioServer {
    /// Serves from the database behind `pool`. What is made of so many rilevazioni is kept in memory.
    #[must_use]
    pub fn new(
        pool: PgPool,
        rilevazioni: RilevazioneRegister,
        differences: DifferenceStreams,
        in_memory: usize,
    ) -> Self {
        Self {
            differences,
            pool,
            rilevazioni,
            months: RilevazioneCache::new(in_memory),
            histories: RilevazioneCache::new(in_memory),
            knowledge: RilevazioneCache::new(in_memory.saturating_mul(TRIANGLES)),
            projections: RilevazioneCache::new(in_memory.saturating_mul(PROJECTIONS)),
            comparisons: RilevazioneCache::new(in_memory.saturating_mul(COMPARISONS)),
            triangles: RilevazioneCache::new(in_memory.saturating_mul(TRIANGLES)),
        }
    }

    /// The rilevazione of a selection that was let in, whose codes are known.
    async fn resolve(
        &self,
        permesso: &Permesso<FiltroMonitoraggio>,
        numero: Option<NumeroRilevazione>,
    ) -> Result<Rilevazione> {
        let rilevazione = self.rilevazioni.resolve(permesso, numero).await?;
        self.rilevazioni
            .check_known(permesso, "filtro.normativa", "filtro.prestazione")
            .await?;
        Ok(rilevazione)
    }

    async fn andamento(
        &self,
        request: Request<proto::GetAndamentoRequest>,
    ) -> Result<proto::GetAndamentoResponse> {
        let chi = abilitazione(&request)?.clone();
        let mut request = request.into_inner();
        let mut violations = Violations::default();
        let filtro = FiltroMonitoraggio::parse(&mut violations, request.filtro.take());
        let numero = read::rilevazione(&mut violations, request.rilevazione);
        let course = Course::parse(&mut violations, &request);
        violations.finish()?;
        let course =
            course.ok_or_else(|| Error::internal("a field is missing without a violation"))?;

        let permesso = chi.permit(filtro)?;
        let record = permesso.call_record().clone();
        let rilevazione = self.resolve(&permesso, numero).await?;
        let read =
            async || month_query::month_table(&self.pool, &permesso, rilevazione.numero).await;
        let table = self.months.get(rilevazione.numero, read).await?;
        let (serie, totale) = andamento(&table, permesso, course)?;
        record.add_rows(serie.iter().map(|serie| serie.punti.len()).sum());
        Ok(proto::GetAndamentoResponse {
            serie,
            totale: Some(totale),
            rilevazione: Some(rilevazione.into()),
        })
    }

    async fn storia(
        &self,
        request: Request<proto::GetStoriaRequest>,
    ) -> Result<proto::GetStoriaResponse> {
        let chi = abilitazione(&request)?.clone();
        let request = request.into_inner();
        let mut violations = Violations::default();
        let filtro = FiltroMonitoraggio::parse(&mut violations, request.filtro);
        let numero = read::rilevazione(&mut violations, request.rilevazione);
        violations.finish()?;

        let permesso = chi.permit(filtro)?;
        let record = permesso.call_record().clone();
        let rilevazione = self.resolve(&permesso, numero).await?;
        let read = async || storia_query::history(&self.pool, &permesso, rilevazione.numero).await;
        let history = self.histories.get(rilevazione.numero, read).await?;
        let (serie, totale) = storia(&history, permesso)?;
        record.add_rows(serie.iter().map(|serie| serie.punti.len()).sum());
        Ok(proto::GetStoriaResponse {
            serie,
            totale: Some(totale),
            rilevazione: Some(rilevazione.into()),
        })
    }
}

impl MonitoraggioServer {
    async fn proiezione(
        &self,
        request: Request<proto::GetProiezioneRequest>,
    ) -> Result<proto::GetProiezioneResponse> {
        let chi = abilitazione(&request)?.clone();
        let request = request.into_inner();
        let mut violations = Violations::default();
        let asked = ProjectionRequest::parse(&mut violations, &request);
        let numero = read::rilevazione(&mut violations, request.rilevazione);
        violations.finish()?;
        let asked =
            asked.ok_or_else(|| Error::internal("a field is missing without a violation"))?;

        let permesso = chi.permit(asked.pair.clone())?;
        let rilevazione = self.rilevazioni.resolve(&permesso, numero).await?;
        self.rilevazioni
            .check_known(&permesso, "normativa", "prestazione")
            .await?;
        let projection = self
            .projection(&permesso, asked, rilevazione.numero)
            .await?;
        permesso.call_record().add_rows(1);
        Ok(proiezione(&projection, permesso, rilevazione))
    }

    async fn capienza(
        &self,
        request: Request<proto::VerificaCapienzaRequest>,
    ) -> Result<proto::VerificaCapienzaResponse> {
        let chi = abilitazione(&request)?.clone();
        let request = request.into_inner();
        let mut violations = Violations::default();
        let agreement = Agreement::parse(&mut violations, &request);
        let numero = read::rilevazione(&mut violations, request.rilevazione);
        violations.finish()?;
        let agreement =
            agreement.ok_or_else(|| Error::internal("a field is missing without a violation"))?;

        let permesso = chi.permit(agreement)?;
        let rilevazione = self.rilevazioni.resolve(&permesso, numero).await?;
        self.rilevazioni
            .check_known(&permesso, "normativa", "prestazione")
            .await?;
        let numero = rilevazione.numero;
        let mut years = Vec::new();
        for (year, agreement) in permesso.selection().years() {
            let asked = ProjectionRequest {
                pair: permesso.selection().pair.clone(),
                year,
                until: None,
            };
            let projection = self.projection(&permesso, asked, numero).await?;
            years.push((year, agreement, projection));
        }
        let pair = permesso.selection().pair.clone();
        let triangle = self.triangle(&permesso, &pair, numero).await?;
        permesso.call_record().add_rows(years.len());
        Ok(capienza(&years, &triangle, permesso, rilevazione))
    }

    /// Of the norm and the benefit that were let in. What it is made of is read once for all years and days that are asked for. Trying the
    /// methods on a long history takes its time, so it runs where no other call waits for it.
    async fn projection<F>(
        &self,
        permesso: &Permesso<F>,
        asked: ProjectionRequest,
        rilevazione: i32,
    ) -> Result<Arc<Projection>> {
        let key = (rilevazione, asked.clone());
        let make = async || {
            let pair = &asked.pair;
            let triangle = self.triangle(permesso, pair, rilevazione).await?;
            let read =
                async || projection_query::knowledge(&self.pool, permesso, pair, rilevazione).await;
            let known = (rilevazione, pair.clone());
            let knowledge = self.knowledge.get(known, read).await?;
            spawn_blocking(move || Projection::new(&knowledge, &triangle, &asked))
                .await
                .map_err(Error::internal)
        };
        self.projections.get(key, make).await
    }

    /// Likewise.
    async fn triangle<F>(
        &self,
        permesso: &Permesso<F>,
        pair: &Pair,
        rilevazione: i32,
    ) -> Result<Arc<Triangle>> {
        let read = async || triangle_query::triangle(&self.pool, permesso, pair, rilevazione).await;
        let key = (rilevazione, pair.clone());
        self.triangles.get(key, read).await
    }

    async fn tiraggio(
        &self,
        request: Request<proto::GetTiraggioRequest>,
    ) -> Result<proto::GetTiraggioResponse> {
        let chi = abilitazione(&request)?.clone();
        let request = request.into_inner();
        let mut violations = Violations::default();
        let pair = Pair::parse(&mut violations, &request.normativa, &request.prestazione);
        let numero = read::rilevazione(&mut violations, request.rilevazione);
        violations.finish()?;
        let pair = pair.ok_or_else(|| Error::internal("a field is missing without a violation"))?;

        let permesso = chi.permit(pair.clone())?;
        let record = permesso.call_record().clone();
        let rilevazione = self.rilevazioni.resolve(&permesso, numero).await?;
        self.rilevazioni
            .check_known(&permesso, "normativa", "prestazione")
            .await?;
        let triangle = self.triangle(&permesso, &pair, rilevazione.numero).await?;
        let answer = tiraggio(&triangle, permesso, rilevazione);
        record.add_rows(answer.coorti.iter().map(|coorte| coorte.celle.len()).sum());
        Ok(answer)
    }
}

#[tonic::async_trait]
impl MonitoraggioService for MonitoraggioServer {
    async fn get_andamento(
        &self,
        request: Request<proto::GetAndamentoRequest>,
    ) -> Result<Response<proto::GetAndamentoResponse>, Status> {
        Ok(Response::new(self.andamento(request).await?))
    }

    async fn get_storia(
        &self,
        request: Request<proto::GetStoriaRequest>,
    ) -> Result<Response<proto::GetStoriaResponse>, Status> {
        Ok(Response::new(self.storia(request).await?))
    }

    async fn confronta_rilevazioni(
        &self,
        request: Request<proto::ConfrontaRilevazioniRequest>,
    ) -> Result<Response<proto::ConfrontaRilevazioniResponse>, Status> {
        Ok(Response::new(self.confronto(request).await?))
    }

    type ExportDifferenzeStream = ResponseStream<proto::ExportDifferenzeResponse>;

    async fn export_differenze(
        &self,
        request: Request<proto::ExportDifferenzeRequest>,
    ) -> Result<Response<Self::ExportDifferenzeStream>, Status> {
        Ok(Response::new(self.export_differences(request).await?))
    }

    type DownloadDifferenzeStream = ResponseStream<proto::DownloadDifferenzeResponse>;

    async fn download_differenze(
        &self,
        request: Request<proto::DownloadDifferenzeRequest>,
    ) -> Result<Response<Self::DownloadDifferenzeStream>, Status> {
        Ok(Response::new(self.download_differences(request).await?))
    }

    async fn get_proiezione(
        &self,
        request: Request<proto::GetProiezioneRequest>,
    ) -> Result<Response<proto::GetProiezioneResponse>, Status> {
        Ok(Response::new(self.proiezione(request).await?))
    }

    async fn verifica_capienza(
        &self,
        request: Request<proto::VerificaCapienzaRequest>,
    ) -> Result<Response<proto::VerificaCapienzaResponse>, Status> {
        Ok(Response::new(self.capienza(request).await?))
    }

    async fn get_tiraggio(
        &self,
        request: Request<proto::GetTiraggioRequest>,
    ) -> Result<Response<proto::GetTiraggioResponse>, Status> {
        Ok(Response::new(self.tiraggio(request).await?))
    }
}
