//! Downloads: the reports as files.
//!
//! | promise | test |
//! | --- | --- |
//! | the rows and totals of an export, in every format, for every filter | [`formats`] |
//! | the same bytes, twice and on another instance; from every kind of offset | [`resume`] |
//! | what the profile hides or masks | [`visible`] |
//! | never a short file that looks whole | [`interrupted`] |

mod formats;
mod interrupted;
pub mod readers;
mod resume;
mod visible;

use omnia::contract::proto::{
    ChiusuraFileDecreti, ChiusuraFileDifferenze, ChiusuraFileReport, DownloadDecreesRequest,
    DownloadDifferenzeRequest, DownloadReportSinteticoRequest, FormatoFile, IntestazioneFile,
    PezzoFile, download_decrees_response, download_differenze_response,
    download_report_sintetico_response,
};
use tonic::{Status, Streaming};

use crate::server::CallerClients;

/// A file as it came.
#[derive(Debug, Clone, PartialEq)]
pub struct DownloadedFile<C> {
    pub intestazione: IntestazioneFile,
    /// From the offset on.
    pub bytes: Vec<u8>,
    pub chiusura: C,
}

/// What a stream of file parts gave until it ended.
#[derive(Debug)]
pub struct DrainedDownload<C> {
    pub intestazione: Option<IntestazioneFile>,
    pub bytes: Vec<u8>,
    /// The chiusura, or the error that the stream ended with.
    pub outcome: Result<C, Status>,
}

/// One message of a download.
pub enum ReceivedPart<C> {
    Intestazione(IntestazioneFile),
    Pezzo(PezzoFile),
    Chiusura(C),
}

impl From<omnia::contract::proto::DownloadDecreesResponse> for ReceivedPart<ChiusuraFileDecreti> {
    fn from(message: omnia::contract::proto::DownloadDecreesResponse) -> Self {
        use download_decrees_response::Parte::{Chiusura, Intestazione, Pezzo};
        match message.parte.unwrap() {
            Intestazione(parte) => Self::Intestazione(parte),
            Pezzo(parte) => Self::Pezzo(parte),
            Chiusura(parte) => Self::Chiusura(parte),
        }
    }
}

impl From<omnia::contract::proto::DownloadReportSinteticoResponse>
    for ReceivedPart<ChiusuraFileReport>
{
    fn from(message: omnia::contract::proto::DownloadReportSinteticoResponse) -> Self {
        use download_report_sintetico_response::Parte::{Chiusura, Intestazione, Pezzo};
        match message.parte.unwrap() {
            Intestazione(parte) => Self::Intestazione(parte),
            Pezzo(parte) => Self::Pezzo(parte),
            Chiusura(parte) => Self::Chiusura(parte),
        }
    }
}

impl From<omnia::contract::proto::DownloadDifferenzeResponse>
    for ReceivedPart<ChiusuraFileDifferenze>
{
    fn from(message: omnia::contract::proto::DownloadDifferenzeResponse) -> Self {
        use download_differenze_response::Parte::{Chiusura, Intestazione, Pezzo};
        match message.parte.unwrap() {
            Intestazione(parte) => Self::Intestazione(parte),
            Pezzo(parte) => Self::Pezzo(parte),
            Chiusura(parte) => Self::Chiusura(parte),
        }
    }
}

/// Reads a stream to its end. One that ends well without a chiusura fails the test, and so do parts out of order, a gap
/// between two pieces and an empty or too large one.
pub async fn drain<M, C>(mut stream: Streaming<M>, offset: i64) -> DrainedDownload<C>
where
    ReceivedPart<C>: From<M>,
{
    let (mut intestazione, mut byte, mut chiusura) = (None, Vec::new(), None);
    let esito = loop {
        match stream.message().await {
            Err(status) => {
                assert!(chiusura.is_none(), "an error after the chiusura: {status}");
                break Err(status);
            }
            Ok(None) => break Ok(chiusura.expect("the stream ended well without a chiusura")),
            Ok(Some(message)) => {
                assert!(chiusura.is_none(), "a message after the chiusura");
                match message.into() {
                    ReceivedPart::Intestazione(parte) => {
                        assert!(intestazione.replace(parte).is_none() && byte.is_empty());
                    }
                    ReceivedPart::Pezzo(pezzo) => {
                        assert!(intestazione.is_some());
                        assert_eq!(pezzo.offset, offset + i64::try_from(byte.len()).unwrap());
                        assert!((1..=omnia::files::PIECE_BYTES).contains(&pezzo.contenuto.len()));
                        byte.extend_from_slice(&pezzo.contenuto);
                    }
                    ReceivedPart::Chiusura(parte) => chiusura = Some(parte),
                }
            }
        }
    };
    DrainedDownload {
        intestazione,
        bytes: byte,
        outcome: esito,
    }
}

impl<C> DrainedDownload<C> {
    fn whole(self) -> Result<DownloadedFile<C>, Status> {
        Ok(DownloadedFile {
            chiusura: self.outcome?,
            intestazione: self.intestazione.expect("a file without an intestazione"),
            bytes: self.bytes,
        })
    }
}

/// A whole download of decrees.
pub async fn decreti(
    client: &mut CallerClients,
    request: DownloadDecreesRequest,
) -> Result<DownloadedFile<ChiusuraFileDecreti>, Status> {
    let offset = request.offset;
    let stream = client.decreti.download_decrees(request).await?;
    drain(stream.into_inner(), offset).await.whole()
}

/// A whole download of the report.
pub async fn report(
    client: &mut CallerClients,
    request: DownloadReportSinteticoRequest,
) -> Result<DownloadedFile<ChiusuraFileReport>, Status> {
    let offset = request.offset;
    let stream = client.report.download_report_sintetico(request).await?;
    drain(stream.into_inner(), offset).await.whole()
}

/// A whole download of differences.
pub async fn differenze(
    client: &mut CallerClients,
    request: DownloadDifferenzeRequest,
) -> Result<DownloadedFile<ChiusuraFileDifferenze>, Status> {
    let offset = request.offset;
    let stream = client.monitoraggio.download_differenze(request).await?;
    drain(stream.into_inner(), offset).await.whole()
}

/// Every format.
pub const FORMATS: [FormatoFile; 4] = [
    FormatoFile::Csv,
    FormatoFile::CsvExcel,
    FormatoFile::Xlsx,
    FormatoFile::Parquet,
];
