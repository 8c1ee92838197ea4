//! `ReportService`: decode, decide, query, encode.

use sqlx::PgPool;
use tonic::{Request, Response, Status};

use super::{
    filtro::FiltroReport,
    memoria::Memoria,
    query,
    scarico::{Scarico, TABELLA},
    sintesi::{Cifre, Sintesi, Voce, sintesi},
};
use crate::{
    abilitazione::{NessunFiltro, Permesso, Selezione as _, abilitazione},
    contract::proto::{self, report_service_server::ReportService},
    error::{Error, Result, Violations},
    files::{Informazioni, Visibili, richiesta::Richiesta},
    grpc::{
        pages::{self, Binding, Signer, Token},
        produttore::{Flusso, Limiti},
        request as read,
        status::into_status,
    },
    rilevazione::{
        Rilevazioni,
        elenco::{self, Rilevazione},
    },
    valori::{Importo, NumeroRilevazione},
};

/// The report sintetico over one database.
#[derive(Debug, Clone)]
pub struct Report {
    pool: PgPool,
    rilevazioni: Rilevazioni,
    memoria: Memoria,
    limiti: Limiti,
    signer: Signer,
}

impl Report {
    /// Serves from the database behind `pool`, and the report itself from `memoria`. `signer` writes tokens: all instances
    /// have the same key.
    #[must_use]
    pub fn new(
        pool: PgPool,
        rilevazioni: Rilevazioni,
        memoria: Memoria,
        limiti: Limiti,
        signer: Signer,
    ) -> Self {
        Self {
            pool,
            rilevazioni,
            memoria,
            limiti,
            signer,
        }
    }

    /// The report of a selection that was let in: what the call and the download have in common.
    async fn calcola(
        &self,
        permesso: Permesso<FiltroReport>,
        numero: Option<NumeroRilevazione>,
    ) -> Result<(Sintesi, Rilevazione)> {
        let rilevazione = self.rilevazioni.risolvi(&permesso, numero).await?;
        self.rilevazioni
            .noti(&permesso, "filtro.normativa", "filtro.prestazione")
            .await?;
        let cumuli = self.memoria.cumuli(&permesso, rilevazione.numero).await?;
        Ok((sintesi(&cumuli, permesso), rilevazione))
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

        let permesso = chi.permetti(filtro)?;
        let dettaglio = permesso
            .selezione()
            .normativa_sola()
            .filter(|_| permesso.puo_chiamare("DecreeService/ListDecrees"))
            .cloned();
        let traccia = permesso.traccia().clone();
        let (Sintesi { voci, totale }, rilevazione) = self.calcola(permesso, numero).await?;
        traccia.righe(voci.len());

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
    ) -> Result<Flusso<proto::DownloadReportSinteticoResponse>> {
        let chi = abilitazione(&request)?.clone();
        let request = request.into_inner();
        let mut violations = Violations::default();
        let filtro = FiltroReport::parse(&mut violations, request.filtro);
        let numero = read::rilevazione(&mut violations, request.rilevazione);
        let richiesta = Richiesta::parse(&mut violations, request.formato, request.offset, numero);
        violations.finish()?;
        let richiesta =
            richiesta.ok_or_else(|| Error::internal("a field is missing without a violation"))?;

        let permesso = chi.permetti(filtro)?;
        let selezione = permesso.selezione().descrivi();
        let selezione = selezione
            .into_iter()
            .map(|(nome, valore)| (nome, valore.in_chiaro()))
            .collect();
        let visibili = Visibili::of(&TABELLA, |colonna| permesso.vede(colonna));
        let traccia = permesso.traccia().clone();
        let (sintesi, rilevazione) = self.calcola(permesso, numero).await?;
        let posto = self.limiti.posto(&chi.aa07().soggetto)?;
        let scarico = Scarico {
            sintesi,
            informazioni: Informazioni {
                selezione,
                rilevazione,
                visibili,
                totali: Vec::new(),
            },
            richiesta,
        };
        Ok(self
            .limiti
            .avvia(posto, traccia, |mittente| scarico.manda(mittente)))
    }

    async fn normative(
        &self,
        request: Request<proto::ListNormativeRequest>,
    ) -> Result<proto::ListNormativeResponse> {
        let permesso = abilitazione(&request)?.permetti(NessunFiltro)?;
        let traccia = permesso.traccia().clone();
        let normative = query::normative(&self.pool, permesso).await?;
        traccia.righe(normative.len());
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
        let permesso = abilitazione(&request)?.permetti(NessunFiltro)?;
        let traccia = permesso.traccia().clone();
        let prestazioni = query::prestazioni(&self.pool, permesso).await?;
        traccia.righe(prestazioni.len());
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
        let permesso = abilitazione(&request)?.permetti(NessunFiltro)?;
        let request = request.into_inner();
        let mut violations = Violations::default();
        let size = read::page_size(&mut violations, request.page_size);
        violations.finish()?;
        let binding = Binding::of(&["ListRilevazioni"]);
        let sotto = match self.signer.decode(&request.page_token, binding, None)? {
            None => i32::MAX,
            Some(token) if token.position.is_empty() => token.rilevazione,
            Some(_) => return Err(pages::invalid()),
        };

        let limite = i64::from(size);
        // One more than the page: whether there is a next one.
        let mut found = elenco::elenca(&self.pool, &permesso, sotto, limite + 1).await?;
        let more = i64::try_from(found.len()).is_ok_and(|n| n > limite);
        if more {
            found.pop();
        }
        permesso.traccia().righe(found.len());
        let next_page_token = match found.last() {
            Some(last) if more => self.signer.encode(&Token {
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
impl ReportService for Report {
    async fn get_report_sintetico(
        &self,
        request: Request<proto::GetReportSinteticoRequest>,
    ) -> Result<Response<proto::GetReportSinteticoResponse>, Status> {
        let answer = self.report_sintetico(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    type DownloadReportSinteticoStream = Flusso<proto::DownloadReportSinteticoResponse>;

    async fn download_report_sintetico(
        &self,
        request: Request<proto::DownloadReportSinteticoRequest>,
    ) -> Result<Response<Self::DownloadReportSinteticoStream>, Status> {
        let answer = self.download(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn list_normative(
        &self,
        request: Request<proto::ListNormativeRequest>,
    ) -> Result<Response<proto::ListNormativeResponse>, Status> {
        let answer = self.normative(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn list_prestazioni(
        &self,
        request: Request<proto::ListPrestazioniRequest>,
    ) -> Result<Response<proto::ListPrestazioniResponse>, Status> {
        let answer = self.prestazioni(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn list_rilevazioni(
        &self,
        request: Request<proto::ListRilevazioniRequest>,
    ) -> Result<Response<proto::ListRilevazioniResponse>, Status> {
        let answer = self.rilevazioni(request).await;
        answer.map(Response::new).map_err(into_status)
    }
}

fn text(importo: Option<Importo>) -> String {
    importo.map(|i| i.to_string()).unwrap_or_default()
}

impl From<Voce> for proto::VoceReport {
    fn from(voce: Voce) -> Self {
        let cifre = voce.cifre;
        Self {
            normativa: voce.normativa.unwrap_or_default(),
            prestazione: voce.prestazione.unwrap_or_default(),
            totale_stanziamenti: cifre.totale_stanziamenti.map(|i| i.to_string()),
            importi_autorizzati: text(cifre.importi_autorizzati),
            importi_erogati: text(cifre.importi_erogati),
            residuo_autorizzato: cifre.residuo_autorizzato.map(|i| i.to_string()),
            residuo_pagato: cifre.residuo_pagato.map(|i| i.to_string()),
        }
    }
}

impl From<Cifre> for proto::TotaleReport {
    fn from(cifre: Cifre) -> Self {
        Self {
            totale_stanziamenti: cifre.totale_stanziamenti.map(|i| i.to_string()),
            importi_autorizzati: text(cifre.importi_autorizzati),
            importi_erogati: text(cifre.importi_erogati),
            residuo_autorizzato: cifre.residuo_autorizzato.map(|i| i.to_string()),
            residuo_pagato: cifre.residuo_pagato.map(|i| i.to_string()),
        }
    }
}
