//! `DecreeService`: decode, decide, query, encode.

use sqlx::PgPool;
use tonic::{Request, Response, Status};

use super::{
    export::Esportazione,
    messaggio::Messaggio,
    scarico::Scarico,
    selezione::{Richiesta, Selezioni},
};
use crate::{
    abilitazione::abilitazione,
    contract::proto,
    crypto::chiave::Chiave,
    decreto::encoded::decree_service_server::DecreeService,
    error::{Error, Result},
    files as formato,
    grpc::{
        pages::Token,
        produttore::{Flusso, Limiti},
        request as read,
        status::into_status,
    },
    rilevazione::Rilevazioni,
    valori::NumeroRilevazione,
};

/// The detail of the decrees over one database.
#[derive(Debug, Clone)]
pub struct Decrees {
    selezioni: Selezioni,
    limiti: Limiti,
    righe_per_lotto: u32,
}

impl Decrees {
    /// Serves from the database behind `pool`. `chiave` signs tokens, and hides natural persons in them: all instances have the same.
    #[must_use]
    pub fn new(
        pool: PgPool,
        rilevazioni: Rilevazioni,
        chiave: Chiave,
        limiti: Limiti,
        righe_per_lotto: u32,
    ) -> Self {
        Self {
            selezioni: Selezioni::new(pool, rilevazioni, chiave),
            limiti,
            righe_per_lotto,
        }
    }

    async fn list(
        &self,
        request: Request<proto::ListDecreesRequest>,
    ) -> Result<proto::ListDecreesResponse> {
        let chi = abilitazione(&request)?.clone();
        let request = request.into_inner();
        let (normativa, filtro) = (request.normativa, request.filtro);
        let (richiesta, size) =
            Richiesta::parse_con(&normativa, filtro, request.rilevazione, |v| {
                read::page_size(v, request.page_size)
            })?;
        let token = &request.page_token;
        let s = self.selezioni.seleziona(&chi, richiesta, token).await?;

        let pagina = s.lettura.pagina(s.dopo.as_ref(), i64::from(size)).await?;
        s.lettura.traccia().righe(pagina.decreti.len());
        let next_page_token = match pagina.fine {
            Some(fine) if pagina.altre => self.selezioni.signer().encode(&Token {
                binding: s.binding,
                rilevazione: s.rilevazione.numero,
                position: fine.to_bytes(),
            }),
            _ => String::new(),
        };
        Ok(proto::ListDecreesResponse {
            decreti: pagina.decreti,
            next_page_token,
            rilevazione: Some(s.rilevazione.into()),
        })
    }

    async fn count(
        &self,
        request: Request<proto::CountDecreesRequest>,
    ) -> Result<proto::CountDecreesResponse> {
        let chi = abilitazione(&request)?.clone();
        let request = request.into_inner();
        let (normativa, filtro) = (request.normativa, request.filtro);
        let richiesta = Richiesta::parse(&normativa, filtro, request.rilevazione)?;
        let s = self.selezioni.seleziona(&chi, richiesta, "").await?;

        let totali = s.lettura.totali().await?;
        s.lettura.traccia().righe(1);
        Ok(proto::CountDecreesResponse {
            totali: Some(totali.into()),
            rilevazione: Some(s.rilevazione.into()),
        })
    }

    async fn export(
        &self,
        request: Request<proto::ExportDecreesRequest>,
    ) -> Result<Flusso<Messaggio>> {
        let chi = abilitazione(&request)?.clone();
        let request = request.into_inner();
        let (normativa, filtro) = (request.normativa, request.filtro);
        let richiesta = Richiesta::parse(&normativa, filtro, request.rilevazione)?;
        let token = &request.resume_token;
        let s = self.selezioni.seleziona(&chi, richiesta, token).await?;

        let posto = self.limiti.posto(&chi.aa07().soggetto)?;
        let esportazione = Esportazione {
            lettura: s.lettura,
            binding: s.binding,
            signer: self.selezioni.signer().clone(),
            rilevazione: s.rilevazione,
            dopo: s.dopo,
            righe_per_lotto: self.righe_per_lotto,
        };
        Ok(esportazione.avvia(&self.limiti, posto))
    }

    async fn download(
        &self,
        request: Request<proto::DownloadDecreesRequest>,
    ) -> Result<Flusso<proto::DownloadDecreesResponse>> {
        let chi = abilitazione(&request)?.clone();
        let request = request.into_inner();
        let numero = NumeroRilevazione::parse(request.rilevazione).ok().flatten();
        let (selezione, file) = Richiesta::parse_con(
            &request.normativa,
            request.filtro,
            request.rilevazione,
            |violations| {
                formato::richiesta::Richiesta::parse(
                    violations,
                    request.formato,
                    request.offset,
                    numero,
                )
            },
        )?;
        // It is missing only where something was noted.
        let richiesta =
            file.ok_or_else(|| Error::internal("a format is missing without a violation"))?;
        let s = self.selezioni.seleziona(&chi, selezione, "").await?;

        let posto = self.limiti.posto(&chi.aa07().soggetto)?;
        let scarico = Scarico {
            lettura: s.lettura,
            rilevazione: s.rilevazione,
            richiesta,
            righe_per_lotto: self.righe_per_lotto,
        };
        Ok(scarico.avvia(&self.limiti, posto))
    }
}

#[tonic::async_trait]
impl DecreeService for Decrees {
    async fn list_decrees(
        &self,
        request: Request<proto::ListDecreesRequest>,
    ) -> Result<Response<proto::ListDecreesResponse>, Status> {
        let answer = self.list(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn count_decrees(
        &self,
        request: Request<proto::CountDecreesRequest>,
    ) -> Result<Response<proto::CountDecreesResponse>, Status> {
        let answer = self.count(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    type ExportDecreesStream = Flusso<Messaggio>;

    async fn export_decrees(
        &self,
        request: Request<proto::ExportDecreesRequest>,
    ) -> Result<Response<Flusso<Messaggio>>, Status> {
        let answer = self.export(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    type DownloadDecreesStream = Flusso<proto::DownloadDecreesResponse>;

    async fn download_decrees(
        &self,
        request: Request<proto::DownloadDecreesRequest>,
    ) -> Result<Response<Self::DownloadDecreesStream>, Status> {
        let answer = self.download(request).await;
        answer.map(Response::new).map_err(into_status)
    }
}
