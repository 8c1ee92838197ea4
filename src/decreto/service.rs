//! `DecreeService`: decode, decide, query, encode.

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
    decreto::encoded::decree_service_server::DecreeService,
    error::{Error, Result},
    files as formato,
    grpc::{
        pages::PageToken,
        request as read,
        stream_task::{ResponseStream, StreamLimits},
    },
    valori::NumeroRilevazione,
};

/// The detail of the decrees over one database.
#[derive(Debug, Clone)]
pub struct Decrees {
    selections: DecreeSelections,
    limits: StreamLimits,
    batch_rows: u32,
}

impl Decrees {
    /// Serves these selections; streams have so many rows in a lotto.
    #[must_use]
    pub fn new(selections: DecreeSelections, limits: StreamLimits, batch_rows: u32) -> Self {
        Self {
            selections,
            limits,
            batch_rows,
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
        let s = self.selections.select(&chi, richiesta, token).await?;

        let page = s.reader.page(s.after.as_ref(), i64::from(size)).await?;
        s.reader.call_record().add_rows(page.decreti.len());
        let next_page_token = match page.end {
            Some(end) if page.has_more => self.selections.signer().encode(&PageToken {
                binding: s.binding,
                rilevazione: s.rilevazione.numero,
                position: end.to_bytes(),
            }),
            _ => String::new(),
        };
        Ok(proto::ListDecreesResponse {
            decreti: page.decreti,
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
        let s = self.selections.select(&chi, richiesta, "").await?;

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
        let s = self.selections.select(&chi, richiesta, token).await?;

        let permit = self.limits.permit(&chi.aa07().soggetto)?;
        let export = DecreeExport {
            selection: s,
            signer: self.selections.signer().clone(),
            batch_rows: self.batch_rows,
        };
        Ok(export.start(&self.limits, permit))
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
                    ("rilevazione", numero),
                )
            },
        )?;
        // It is missing only where something was noted.
        let richiesta =
            file.ok_or_else(|| Error::internal("a format is missing without a violation"))?;
        let s = self.selections.select(&chi, selezione, "").await?;

        let permit = self.limits.permit(&chi.aa07().soggetto)?;
        let download = DecreeDownload {
            selection: s,
            request: richiesta,
            batch_rows: self.batch_rows,
        };
        Ok(download.start(&self.limits, permit))
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
