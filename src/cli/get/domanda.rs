//! The two downloads of the contract, as one: what to ask, what to expect, and the parts that come.

use futures_util::{Stream, StreamExt as _, stream::BoxStream};
use tonic::Status;

use super::{
    formato::Formato,
    guasto::Guasto,
    selezione::{Chiesto, SelezioneDecreti, SelezioneReport},
    servizio::Servizio,
    totali::Totali,
};
use crate::contract::proto::{
    self, CountDecreesRequest, DownloadDecreesRequest, DownloadReportSinteticoRequest, FormatoFile,
    GetReportSinteticoRequest, IntestazioneFile, PezzoFile, Rilevazione, download_decrees_response,
    download_report_sintetico_response,
};

/// What to download.
#[derive(Debug)]
pub(super) enum Domanda {
    Report(SelezioneReport),
    Decreti(SelezioneDecreti),
}

/// What the service said of a selection before its file was downloaded.
#[derive(Debug)]
pub(super) struct Atteso {
    pub(super) rilevazione: Rilevazione,
    pub(super) totali: Totali,
}

/// One message of a download.
#[derive(Debug)]
pub(super) enum Parte {
    Intestazione(IntestazioneFile),
    Pezzo(PezzoFile),
    Chiusura(Chiusura),
}

/// What the service vouches for.
#[derive(Debug)]
pub(super) struct Chiusura {
    pub(super) dimensione: i64,
    pub(super) sha256: String,
    pub(super) totali: Totali,
}

/// The parts of a download, in their order.
pub(super) type Parti = BoxStream<'static, Result<Option<Parte>, Status>>;

impl Domanda {
    /// The call that gives the file.
    pub(super) fn chiamata(&self) -> &'static str {
        match self {
            Self::Report(_) => "ReportService/DownloadReportSintetico",
            Self::Decreti(_) => "DecreeService/DownloadDecrees",
        }
    }

    /// The call that gives its totals.
    pub(super) fn riscontro(&self) -> &'static str {
        match self {
            Self::Report(_) => "ReportService/GetReportSintetico",
            Self::Decreti(_) => "DecreeService/CountDecrees",
        }
    }

    /// By option, what is asked for.
    pub(super) fn chiesto(&self) -> Chiesto {
        match self {
            Self::Report(selezione) => selezione.chiesto(),
            Self::Decreti(selezione) => selezione.chiesto(),
        }
    }

    /// The rilevazione that is asked for; 0: the latest.
    pub(super) fn rilevazione(&self) -> i32 {
        let asked = match self {
            Self::Report(selezione) => selezione.rilevazione,
            Self::Decreti(selezione) => selezione.rilevazione,
        };
        asked.unwrap_or_default()
    }

    /// Rows and totals to come, of this rilevazione.
    ///
    /// # Errors
    /// The call's.
    pub(super) async fn atteso(
        &self,
        servizio: &Servizio,
        rilevazione: i32,
    ) -> Result<Atteso, Guasto> {
        let (rilevazione, totali) = match self {
            Self::Report(selezione) => {
                let mut report = report(servizio, selezione, rilevazione).await?;
                (report.rilevazione.take(), Some(report.into()))
            }
            Self::Decreti(selezione) => {
                let request = servizio.richiesta(CountDecreesRequest {
                    normativa: selezione.normativa.clone(),
                    filtro: Some(selezione.filtro()),
                    rilevazione,
                })?;
                let answer = servizio.decreti().count_decrees(request).await;
                let answer = answer.map_err(|s| servizio.guasto(&s))?.into_inner();
                (answer.rilevazione, answer.totali.map(Totali::from))
            }
        };
        match (rilevazione, totali) {
            (Some(rilevazione), Some(totali)) => Ok(Atteso {
                rilevazione,
                totali,
            }),
            _ => Err(Guasto::diverso(format!(
                "{} gave no rilevazione or no totals",
                self.riscontro()
            ))),
        }
    }

    /// Starts the download at this byte of the file.
    ///
    /// # Errors
    /// The call's.
    pub(super) async fn apri(
        &self,
        servizio: &Servizio,
        rilevazione: i32,
        formato: Formato,
        offset: i64,
    ) -> Result<Parti, Guasto> {
        let formato = FormatoFile::from(formato).into();
        match self {
            Self::Report(selezione) => {
                let request = servizio.richiesta(DownloadReportSinteticoRequest {
                    filtro: Some(selezione.filtro()),
                    rilevazione,
                    formato,
                    offset,
                })?;
                let stream = servizio.report().download_report_sintetico(request).await;
                let stream = stream.map_err(|s| servizio.guasto(&s))?.into_inner();
                Ok(parti(stream, |message| message.parte.map(Parte::from)))
            }
            Self::Decreti(selezione) => {
                let request = servizio.richiesta(DownloadDecreesRequest {
                    normativa: selezione.normativa.clone(),
                    filtro: Some(selezione.filtro()),
                    rilevazione,
                    formato,
                    offset,
                })?;
                let stream = servizio.decreti().download_decrees(request).await;
                let stream = stream.map_err(|s| servizio.guasto(&s))?.into_inner();
                Ok(parti(stream, |message| message.parte.map(Parte::from)))
            }
        }
    }
}

/// The report as it is.
///
/// # Errors
/// The call's.
pub(super) async fn report(
    servizio: &Servizio,
    selezione: &SelezioneReport,
    rilevazione: i32,
) -> Result<proto::GetReportSinteticoResponse, Guasto> {
    let request = servizio.richiesta(GetReportSinteticoRequest {
        filtro: Some(selezione.filtro()),
        rilevazione,
    })?;
    let answer = servizio.report().get_report_sintetico(request).await;
    Ok(answer.map_err(|s| servizio.guasto(&s))?.into_inner())
}

/// `None` is a part that this program does not know.
fn parti<M: 'static>(
    stream: impl Stream<Item = Result<M, Status>> + Send + 'static,
    read: fn(M) -> Option<Parte>,
) -> Parti {
    stream.map(move |message| message.map(read)).boxed()
}

impl From<download_report_sintetico_response::Parte> for Parte {
    fn from(parte: download_report_sintetico_response::Parte) -> Self {
        use download_report_sintetico_response::Parte as P;
        match parte {
            P::Intestazione(intestazione) => Self::Intestazione(intestazione),
            P::Pezzo(pezzo) => Self::Pezzo(pezzo),
            P::Chiusura(chiusura) => Self::Chiusura(Chiusura {
                dimensione: chiusura.dimensione,
                sha256: chiusura.sha256,
                totali: Totali::del_report(chiusura.righe, chiusura.totale),
            }),
        }
    }
}

impl From<download_decrees_response::Parte> for Parte {
    fn from(parte: download_decrees_response::Parte) -> Self {
        use download_decrees_response::Parte as P;
        match parte {
            P::Intestazione(intestazione) => Self::Intestazione(intestazione),
            P::Pezzo(pezzo) => Self::Pezzo(pezzo),
            P::Chiusura(chiusura) => Self::Chiusura(Chiusura {
                dimensione: chiusura.dimensione,
                sha256: chiusura.sha256,
                totali: chiusura.totali.unwrap_or_default().into(),
            }),
        }
    }
}
