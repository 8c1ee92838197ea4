//! The downloads of the contract, as one: what to ask, what to expect, and the parts that come.

use futures_util::{Stream, StreamExt as _, stream::BoxStream};
use tonic::Status;

use super::{
    failure::Failure,
    file_totals::FileTotals,
    format::FormatArg,
    selection::{AskedOptions, ComparedArgs, DecreeSelectionArgs, ReportSelectionArgs},
    service_client::ServiceClient,
};
use crate::contract::proto::{
    self, ConfrontaRilevazioniRequest, CountDecreesRequest, DownloadDecreesRequest,
    DownloadDifferenzeRequest, DownloadReportSinteticoRequest, FormatoFile,
    GetReportSinteticoRequest, IntestazioneFile, PezzoFile, Rilevazione, download_decrees_response,
    download_differenze_response, download_report_sintetico_response,
};

/// What to download.
#[derive(Debug)]
pub(super) enum DownloadRequest {
    Report(ReportSelectionArgs),
    Decrees(DecreeSelectionArgs),
    Differences(ComparedArgs),
}

/// What the service said of a selection before its file was downloaded.
#[derive(Debug)]
pub(super) struct ExpectedTotals {
    pub(super) rilevazione: Rilevazione,
    pub(super) totali: FileTotals,
}

/// One message of a download.
#[derive(Debug)]
pub(super) enum DownloadPart {
    Intestazione(IntestazioneFile),
    Pezzo(PezzoFile),
    Chiusura(ChiusuraFile),
}

/// What the service vouches for.
#[derive(Debug)]
pub(super) struct ChiusuraFile {
    pub(super) dimensione: i64,
    pub(super) sha256: String,
    pub(super) totali: FileTotals,
}

/// The parts of a download, in their order.
pub(super) type DownloadParts = BoxStream<'static, Result<Option<DownloadPart>, Status>>;

impl DownloadRequest {
    /// The call that gives the file.
    pub(super) fn call(&self) -> &'static str {
        match self {
            Self::Report(_) => "ReportService/DownloadReportSintetico",
            Self::Decrees(_) => "DecreeService/DownloadDecrees",
            Self::Differences(_) => "MonitoraggioService/DownloadDifferenze",
        }
    }

    /// The call that gives its totals.
    pub(super) fn totals_call(&self) -> &'static str {
        match self {
            Self::Report(_) => "ReportService/GetReportSintetico",
            Self::Decrees(_) => "DecreeService/CountDecrees",
            Self::Differences(_) => "MonitoraggioService/ConfrontaRilevazioni",
        }
    }

    /// By option, what is asked for.
    pub(super) fn asked(&self) -> AskedOptions {
        match self {
            Self::Report(selezione) => selezione.asked(),
            Self::Decrees(selezione) => selezione.asked(),
            Self::Differences(compared) => {
                let asked = compared.asked().into_iter();
                asked
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect()
            }
        }
    }

    /// The rilevazione that is asked for, of two the one after; 0: the latest.
    pub(super) fn rilevazione(&self) -> i32 {
        let asked = match self {
            Self::Report(selezione) => selezione.rilevazione,
            Self::Decrees(selezione) => selezione.rilevazione,
            Self::Differences(compared) => compared.a,
        };
        asked.unwrap_or_default()
    }

    /// Rows and totals to come, of this rilevazione.
    ///
    /// # Errors
    /// The call's.
    pub(super) async fn expected(
        &self,
        service: &ServiceClient,
        rilevazione: i32,
    ) -> Result<ExpectedTotals, Failure> {
        let (rilevazione, totali) = match self {
            Self::Report(selezione) => {
                let mut report = report(service, selezione, rilevazione).await?;
                (report.rilevazione.take(), Some(report.into()))
            }
            Self::Decrees(selezione) => {
                let request = service.request(CountDecreesRequest {
                    normativa: selezione.normativa.clone(),
                    filtro: Some(selezione.filtro()),
                    rilevazione,
                })?;
                let answer = service.decrees().count_decrees(request).await;
                let answer = answer.map_err(|s| service.failure(&s))?.into_inner();
                (answer.rilevazione, answer.totali.map(FileTotals::from))
            }
            Self::Differences(compared) => {
                let answer = comparison(service, compared, rilevazione).await?;
                (answer.a, answer.totale.map(FileTotals::of_comparison))
            }
        };
        match (rilevazione, totali) {
            (Some(rilevazione), Some(totali)) => Ok(ExpectedTotals {
                rilevazione,
                totali,
            }),
            _ => Err(Failure::mismatch(format!(
                "{} gave no rilevazione or no totals",
                self.totals_call()
            ))),
        }
    }

    /// Starts the download at this byte of the file.
    ///
    /// # Errors
    /// The call's.
    pub(super) async fn open(
        &self,
        service: &ServiceClient,
        rilevazione: i32,
        formato: FormatArg,
        offset: i64,
    ) -> Result<DownloadParts, Failure> {
        let formato = FormatoFile::from(formato).into();
        match self {
            Self::Report(selezione) => {
                let request = service.request(DownloadReportSinteticoRequest {
                    filtro: Some(selezione.filtro()),
                    rilevazione,
                    formato,
                    offset,
                })?;
                let stream = service.report().download_report_sintetico(request).await;
                let stream = stream.map_err(|s| service.failure(&s))?.into_inner();
                Ok(parts(stream, |message| {
                    message.parte.map(DownloadPart::from)
                }))
            }
            Self::Decrees(selezione) => {
                let request = service.request(DownloadDecreesRequest {
                    normativa: selezione.normativa.clone(),
                    filtro: Some(selezione.filtro()),
                    rilevazione,
                    formato,
                    offset,
                })?;
                let stream = service.decrees().download_decrees(request).await;
                let stream = stream.map_err(|s| service.failure(&s))?.into_inner();
                Ok(parts(stream, |message| {
                    message.parte.map(DownloadPart::from)
                }))
            }
            Self::Differences(compared) => {
                let request = service.request(DownloadDifferenzeRequest {
                    filtro: Some(compared.filtro()),
                    da: compared.da,
                    a: rilevazione,
                    formato,
                    offset,
                })?;
                let stream = service.monitoraggio().download_differenze(request).await;
                let stream = stream.map_err(|s| service.failure(&s))?.into_inner();
                Ok(parts(stream, |message| {
                    message.parte.map(DownloadPart::from)
                }))
            }
        }
    }
}

/// The report as it is.
///
/// # Errors
/// The call's.
pub(super) async fn report(
    service: &ServiceClient,
    selezione: &ReportSelectionArgs,
    rilevazione: i32,
) -> Result<proto::GetReportSinteticoResponse, Failure> {
    let request = service.request(GetReportSinteticoRequest {
        filtro: Some(selezione.filtro()),
        rilevazione,
    })?;
    let answer = service.report().get_report_sintetico(request).await;
    Ok(answer.map_err(|s| service.failure(&s))?.into_inner())
}

/// Two rilevazioni compared; `after` is the number of the one after.
///
/// # Errors
/// The call's.
pub(super) async fn comparison(
    service: &ServiceClient,
    compared: &ComparedArgs,
    after: i32,
) -> Result<proto::ConfrontaRilevazioniResponse, Failure> {
    let request = service.request(ConfrontaRilevazioniRequest {
        filtro: Some(compared.filtro()),
        da: compared.da,
        a: after,
    })?;
    let answer = service.monitoraggio().confronta_rilevazioni(request).await;
    Ok(answer.map_err(|s| service.failure(&s))?.into_inner())
}

/// `None` is a part that this program does not know.
fn parts<M: 'static>(
    stream: impl Stream<Item = Result<M, Status>> + Send + 'static,
    read: fn(M) -> Option<DownloadPart>,
) -> DownloadParts {
    stream.map(move |message| message.map(read)).boxed()
}

impl From<download_report_sintetico_response::Parte> for DownloadPart {
    fn from(parte: download_report_sintetico_response::Parte) -> Self {
        use download_report_sintetico_response::Parte as P;
        match parte {
            P::Intestazione(intestazione) => Self::Intestazione(intestazione),
            P::Pezzo(pezzo) => Self::Pezzo(pezzo),
            P::Chiusura(chiusura) => Self::Chiusura(ChiusuraFile {
                dimensione: chiusura.dimensione,
                sha256: chiusura.sha256,
                totali: FileTotals::of_report(chiusura.righe, chiusura.totale),
            }),
        }
    }
}

impl From<download_decrees_response::Parte> for DownloadPart {
    fn from(parte: download_decrees_response::Parte) -> Self {
        use download_decrees_response::Parte as P;
        match parte {
            P::Intestazione(intestazione) => Self::Intestazione(intestazione),
            P::Pezzo(pezzo) => Self::Pezzo(pezzo),
            P::Chiusura(chiusura) => Self::Chiusura(ChiusuraFile {
                dimensione: chiusura.dimensione,
                sha256: chiusura.sha256,
                totali: chiusura.totali.unwrap_or_default().into(),
            }),
        }
    }
}

impl From<download_differenze_response::Parte> for DownloadPart {
    fn from(parte: download_differenze_response::Parte) -> Self {
        use download_differenze_response::Parte as P;
        match parte {
            P::Intestazione(intestazione) => Self::Intestazione(intestazione),
            P::Pezzo(pezzo) => Self::Pezzo(pezzo),
            P::Chiusura(chiusura) => Self::Chiusura(ChiusuraFile {
                dimensione: chiusura.dimensione,
                sha256: chiusura.sha256,
                totali: FileTotals::of_differences(
                    chiusura.differenze.unwrap_or_default(),
                    chiusura.movimento.unwrap_or_default(),
                ),
            }),
        }
    }
}
