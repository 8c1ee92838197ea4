//! `DecreeService`: decode, decide, query, encode.

use sqlx::PgPool;
use tonic::{Request, Response, Status};

use super::{
    download::DecreeDownload,
    export::DecreeExport,
    export_message::ExportMessage,
    selection::{DecreeRequest, DecreeSelections},
};
use crate::{
    abilitazione::abilitazione,
    contract::proto,
    crypto::key::AuditKey,
    decreto::encoded::decree_service_server::DecreeService,
    error::{Error, Result},
    files as formato,
    grpc::{
        pages::PageToken,
        request as read,
        stream_task::{ResponseStream, StreamLimits},
    },
    rilevazione::RilevazioneRegister,
    valori::NumeroRilevazione,
};

/// The detail of the decrees over one database.
#[derive(Debug, Clone)]
pub struct Decrees {
    selezioni: DecreeSelections,
    limiti: StreamLimits,
    righe_per_lotto: u32,
}

impl Decrees {
    /// Serves from the database behind `pool`. `chiave` signs tokens, and hides natural persons in them: all instances have the same.
    #[must_use]
    pub fn new(
        pool: PgPool,
        rilevazioni: RilevazioneRegister,
        chiave: AuditKey,
        limiti: StreamLimits,
        righe_per_lotto: u32,
    ) -> Self {
        Self {
            selezioni: DecreeSelections::new(pool, rilevazioni, chiave),
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
            DecreeRequest::parse_with(&normativa, filtro, request.rilevazione, |v| {
                read::page_size(v, request.page_size)
            })?;
        let token = &request.page_token;
        let s = self.selezioni.select(&chi, richiesta, token).await?;

        let pagina = s.reader.page(s.after.as_ref(), i64::from(size)).await?;
        s.reader.call_record().add_rows(pagina.decreti.len());
        let next_page_token = match pagina.end {
            Some(fine) if pagina.has_more => self.selezioni.signer().encode(&PageToken {
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
        let richiesta = DecreeRequest::parse(&normativa, filtro, request.rilevazione)?;
        let s = self.selezioni.select(&chi, richiesta, "").await?;

        let totali = s.reader.totali().await?;
        s.reader.call_record().add_rows(1);
        Ok(proto::CountDecreesResponse {
            totali: Some(totali.into()),
            rilevazione: Some(s.rilevazione.into()),
        })
    }

    async fn export(
        &self,
        request: Request<proto::ExportDecreesRequest>,
    ) -> Result<ResponseStream<ExportMessage>> {
        let chi = abilitazione(&request)?.clone();
        let request = request.into_inner();
        let (normativa, filtro) = (request.normativa, request.filtro);
        let richiesta = DecreeRequest::parse(&normativa, filtro, request.rilevazione)?;
        let token = &request.resume_token;
        let s = self.selezioni.select(&chi, richiesta, token).await?;

        let posto = self.limiti.permit(&chi.aa07().soggetto)?;
        let esportazione = DecreeExport {
            reader: s.reader,
            binding: s.binding,
            signer: self.selezioni.signer().clone(),
            rilevazione: s.rilevazione,
            after: s.after,
            batch_rows: self.righe_per_lotto,
        };
        Ok(esportazione.start(&self.limiti, posto))
    }

    async fn download(
        &self,
        request: Request<proto::DownloadDecreesRequest>,
    ) -> Result<ResponseStream<proto::DownloadDecreesResponse>> {
        let chi = abilitazione(&request)?.clone();
        let request = request.into_inner();
        let numero = NumeroRilevazione::parse(request.rilevazione).ok().flatten();
        let (selezione, file) = DecreeRequest::parse_with(
            &request.normativa,
            request.filtro,
            request.rilevazione,
            |violations| {
                formato::file_request::FileRequest::parse(
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
        let s = self.selezioni.select(&chi, selezione, "").await?;

        let posto = self.limiti.permit(&chi.aa07().soggetto)?;
        let scarico = DecreeDownload {
            reader: s.reader,
            rilevazione: s.rilevazione,
            request: richiesta,
            batch_rows: self.righe_per_lotto,
        };
        Ok(scarico.start(&self.limiti, posto))
    }
}

#[tonic::async_trait]
impl DecreeService for Decrees {
    async fn list_decrees(
        &self,
        request: Request<proto::ListDecreesRequest>,
    ) -> Result<Response<proto::ListDecreesResponse>, Status> {
        Ok(Response::new(self.list(request).await?))
    }

    async fn count_decrees(
        &self,
        request: Request<proto::CountDecreesRequest>,
    ) -> Result<Response<proto::CountDecreesResponse>, Status> {
        Ok(Response::new(self.count(request).await?))
    }

    type ExportDecreesStream = ResponseStream<ExportMessage>;

    async fn export_decrees(
        &self,
        request: Request<proto::ExportDecreesRequest>,
    ) -> Result<Response<ResponseStream<ExportMessage>>, Status> {
        Ok(Response::new(self.export(request).await?))
    }

    type DownloadDecreesStream = ResponseStream<proto::DownloadDecreesResponse>;

    async fn download_decrees(
        &self,
        request: Request<proto::DownloadDecreesRequest>,
    ) -> Result<Response<Self::DownloadDecreesStream>, Status> {
        Ok(Response::new(self.download(request).await?))
    }
}
