//! `ReportService`: decode, decide, query, encode.

use sqlx::PgPool;
use tonic::{Request, Response, Status};

use super::{
    cache::ReportCache,
    download::{ReportDownload, TABLE},
    filtro::FiltroReport,
    query,
    sintesi::{ReportFigures, Sintesi, SintesiRow, sintesi},
};
use crate::{
    abilitazione::{CallSelection as _, NoFilter, Permesso, abilitazione},
    contract::proto::{self, report_service_server::ReportService},
    error::{Error, Result, Violations},
    files::{ColumnVisibility, FileInfo, file_request::FileRequest},
    grpc::{
        pages::{self, Binding, PageToken, Signer},
        request as read,
        stream_task::{ResponseStream, StreamLimits},
    },
    rilevazione::{
        RilevazioneRegister,
        list::{self, Rilevazione},
    },
    valori::{Importo, NumeroRilevazione, TipiStanziamento, TipoStanziamento},
};

/// The report sintetico over one database.
#[derive(Debug, Clone)]
pub struct ReportServer {
    pool: PgPool,
    rilevazioni: RilevazioneRegister,
    cache: ReportCache,
    limiti: StreamLimits,
    signer: Signer,
}

impl ReportServer {
    /// Serves from the database behind `pool`, and the report itself from `cache`. `signer` writes tokens: all instances
    /// have the same key.
    #[must_use]
    pub fn new(
        pool: PgPool,
        rilevazioni: RilevazioneRegister,
        cache: ReportCache,
        limiti: StreamLimits,
        signer: Signer,
    ) -> Self {
        Self {
            pool,
            rilevazioni,
            cache,
            limiti,
            signer,
        }
    }

    /// The report of a selection that was let in: what the call and the download have in common.
    async fn compute(
        &self,
        permesso: Permesso<FiltroReport>,
        numero: Option<NumeroRilevazione>,
    ) -> Result<(Sintesi, Rilevazione)> {
        let rilevazione = self.rilevazioni.resolve(&permesso, numero).await?;
        self.rilevazioni
            .check_known(&permesso, "filtro.normativa", "filtro.prestazione")
            .await?;
        let prefix_sums = self
            .cache
            .prefix_sums(&permesso, rilevazione.numero)
            .await?;
        Ok((sintesi(&prefix_sums, permesso), rilevazione))
    }

    async fn report_sintetico(
        &self,
        request: Request<proto::GetReportSinteticoRequest>,
    ) -> Result<proto::GetReportSinteticoResponse> {
        let chi = abilitazione(&request)?.clone();
        let request = request.into_inner();
        let mut violations = Violations::default();
        let filtro = FiltroReport::parse(&mut violations, request.filtro);
        let numero = read::rilevazione(&mut violations, request.rilevazione);
        violations.finish()?;

        let permesso = chi.permit(filtro)?;
        let dettaglio = permesso
            .selection()
            .single_normativa()
            .filter(|_| permesso.may_call("DecreeService/ListDecrees"))
            .cloned();
        let traccia = permesso.call_record().clone();
        let (Sintesi { voci, totale }, rilevazione) = self.compute(permesso, numero).await?;
        traccia.add_rows(voci.len());

        Ok(proto::GetReportSinteticoResponse {
            totale: Some(totale.into()),
            voci: voci.into_iter().map(Into::into).collect(),
            accesso_dettaglio: dettaglio.map(|normativa| proto::AccessoDettaglio {
                normativa: normativa.to_string(),
                rilevazione: rilevazione.numero,
            }),
            rilevazione: Some(rilevazione.into()),
        })
    }

    async fn download(
        &self,
        request: Request<proto::DownloadReportSinteticoRequest>,
    ) -> Result<ResponseStream<proto::DownloadReportSinteticoResponse>> {
        let chi = abilitazione(&request)?.clone();
        let request = request.into_inner();
        let mut violations = Violations::default();
        let filtro = FiltroReport::parse(&mut violations, request.filtro);
        let numero = read::rilevazione(&mut violations, request.rilevazione);
        let richiesta = FileRequest::parse(
            &mut violations,
            request.formato,
            request.offset,
            ("rilevazione", numero),
        );
        violations.finish()?;
        let richiesta =
            richiesta.ok_or_else(|| Error::internal("a field is missing without a violation"))?;

        let permesso = chi.permit(filtro)?;
        let selezione = permesso.selection().describe();
        let selezione = selezione
            .into_iter()
            .map(|(nome, value)| (nome, value.into_plain_text()))
            .collect();
        let visible = ColumnVisibility::of(&TABLE, |colonna| permesso.may_see(colonna));
        let traccia = permesso.call_record().clone();
        let (sintesi, rilevazione) = self.compute(permesso, numero).await?;
        let posto = self.limiti.permit(&chi.aa07().soggetto)?;
        let download = ReportDownload {
            sintesi,
            info: FileInfo {
                selection: selezione,
                rilevazione,
                visibility: visible,
                totali: Vec::new(),
                notes: Vec::new(),
            },
            request: richiesta,
        };
        Ok(self
            .limiti
            .start(posto, traccia, |sender| download.send(sender)))
    }

    async fn normative(
        &self,
        request: Request<proto::ListNormativeRequest>,
    ) -> Result<proto::ListNormativeResponse> {
        let permesso = abilitazione(&request)?.permit(NoFilter)?;
        let traccia = permesso.call_record().clone();
        let normative = query::normative(&self.pool, permesso).await?;
        traccia.add_rows(normative.len());
        Ok(proto::ListNormativeResponse {
            normative: normative
                .into_iter()
                .map(|n| proto::Normativa {
                    normativa: n.codice.unwrap_or_default(),
                    descrizione: n.descrizione.unwrap_or_default(),
                })
                .collect(),
        })
    }

    async fn prestazioni(
        &self,
        request: Request<proto::ListPrestazioniRequest>,
    ) -> Result<proto::ListPrestazioniResponse> {
        let permesso = abilitazione(&request)?.permit(NoFilter)?;
        let traccia = permesso.call_record().clone();
        let prestazioni = query::prestazioni(&self.pool, permesso).await?;
        traccia.add_rows(prestazioni.len());
        Ok(proto::ListPrestazioniResponse {
            prestazioni: prestazioni
                .into_iter()
                .map(|p| proto::Prestazione {
                    prestazione: p.codice.unwrap_or_default(),
                    descrizione: p.descrizione.unwrap_or_default(),
                })
                .collect(),
        })
    }

    /// The position of a page is the number of its last rilevazione, so the token's own field holds it.
    async fn rilevazioni(
        &self,
        request: Request<proto::ListRilevazioniRequest>,
    ) -> Result<proto::ListRilevazioniResponse> {
        let permesso = abilitazione(&request)?.permit(NoFilter)?;
        let request = request.into_inner();
        let mut violations = Violations::default();
        let size = read::page_size(&mut violations, request.page_size);
        violations.finish()?;
        let binding = Binding::of(&["ListRilevazioni"]);
        let below = match self.signer.decode(&request.page_token, binding, None)? {
            None => i32::MAX,
            Some(token) if token.position.is_empty() => token.rilevazione,
            Some(_) => return Err(pages::invalid()),
        };

        let limit = i64::from(size);
        // One more than the page: whether there is a next one.
        let mut found = list::list(&self.pool, &permesso, below, limit + 1).await?;
        let more = i64::try_from(found.len()).is_ok_and(|n| n > limit);
        if more {
            found.pop();
        }
        permesso.call_record().add_rows(found.len());
        let next_page_token = match found.last() {
            Some(last) if more => self.signer.encode(&PageToken {
                binding,
                rilevazione: last.numero,
                position: Vec::new(),
            }),
            _ => String::new(),
        };
        Ok(proto::ListRilevazioniResponse {
            rilevazioni: found.into_iter().map(Into::into).collect(),
            next_page_token,
        })
    }
}

#[tonic::async_trait]
impl ReportService for ReportServer {
    async fn get_report_sintetico(
        &self,
        request: Request<proto::GetReportSinteticoRequest>,
    ) -> Result<Response<proto::GetReportSinteticoResponse>, Status> {
        Ok(Response::new(self.report_sintetico(request).await?))
    }

    type DownloadReportSinteticoStream = ResponseStream<proto::DownloadReportSinteticoResponse>;

    async fn download_report_sintetico(
        &self,
        request: Request<proto::DownloadReportSinteticoRequest>,
    ) -> Result<Response<Self::DownloadReportSinteticoStream>, Status> {
        Ok(Response::new(self.download(request).await?))
    }

    async fn list_normative(
        &self,
        request: Request<proto::ListNormativeRequest>,
    ) -> Result<Response<proto::ListNormativeResponse>, Status> {
        Ok(Response::new(self.normative(request).await?))
    }

    async fn list_prestazioni(
        &self,
        request: Request<proto::ListPrestazioniRequest>,
    ) -> Result<Response<proto::ListPrestazioniResponse>, Status> {
        Ok(Response::new(self.prestazioni(request).await?))
    }

    async fn list_rilevazioni(
        &self,
        request: Request<proto::ListRilevazioniRequest>,
    ) -> Result<Response<proto::ListRilevazioniResponse>, Status> {
        Ok(Response::new(self.rilevazioni(request).await?))
    }
}

fn text(importo: Option<Importo>) -> String {
    importo.map(|i| i.to_string()).unwrap_or_default()
}

impl From<SintesiRow> for proto::VoceReport {
    fn from(voce: SintesiRow) -> Self {
        let figures = voce.figures;
        Self {
            normativa: voce.normativa.unwrap_or_default(),
            prestazione: voce.prestazione.unwrap_or_default(),
            totale_stanziamenti: figures.totale_stanziamenti.map(|i| i.to_string()),
            importi_autorizzati: text(figures.importi_autorizzati),
            importi_erogati: text(figures.importi_erogati),
            residuo_autorizzato: figures.residuo_autorizzato.map(|i| i.to_string()),
            residuo_pagato: figures.residuo_pagato.map(|i| i.to_string()),
            tipo_stanziamento: proto::TipoStanziamento::from(voce.tipo_stanziamento).into(),
        }
    }
}

/// `None`: there is no appropriation, or the caller does not see it.
impl From<Option<TipiStanziamento>> for proto::TipoStanziamento {
    fn from(tipi: Option<TipiStanziamento>) -> Self {
        match tipi {
            None => Self::Unspecified,
            Some(TipiStanziamento::Solo(TipoStanziamento::Limite)) => Self::Limite,
            Some(TipiStanziamento::Solo(TipoStanziamento::Previsione)) => Self::Previsione,
            Some(TipiStanziamento::Misti) => Self::LimiteEPrevisione,
        }
    }
}

impl From<ReportFigures> for proto::TotaleReport {
    fn from(figures: ReportFigures) -> Self {
        Self {
            totale_stanziamenti: figures.totale_stanziamenti.map(|i| i.to_string()),
            importi_autorizzati: text(figures.importi_autorizzati),
            importi_erogati: text(figures.importi_erogati),
            residuo_autorizzato: figures.residuo_autorizzato.map(|i| i.to_string()),
            residuo_pagato: figures.residuo_pagato.map(|i| i.to_string()),
        }
    }
}
