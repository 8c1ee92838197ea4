//! Downloads: the reports as files.
//!
//! | promise | test |
//! | --- | --- |
//! | the rows and totals of an export, in every format, for every filter | [`formati`] |
//! | the same bytes, twice and on another instance; from every kind of offset | [`ripresa`] |
//! | what the profile hides or masks | [`visibili`] |
//! | never a short file that looks whole | [`interrotti`] |

mod formati;
mod interrotti;
pub mod lettori;
mod ripresa;
mod visibili;

use omnia::contract::proto::{
    ChiusuraFileDecreti, ChiusuraFileReport, DownloadDecreesRequest,
    DownloadReportSinteticoRequest, FormatoFile, IntestazioneFile, PezzoFile,
    download_decrees_response, download_report_sintetico_response,
};
use tonic::{Status, Streaming};

use crate::servizio::Cliente;

/// A file as it came.
#[derive(Debug, Clone, PartialEq)]
pub struct Scaricato<C> {
    pub intestazione: IntestazioneFile,
    /// From the offset on.
    pub byte: Vec<u8>,
    pub chiusura: C,
}

/// What a stream of file parts gave until it ended.
#[derive(Debug)]
pub struct Drenato<C> {
    pub intestazione: Option<IntestazioneFile>,
    pub byte: Vec<u8>,
    /// The chiusura, or the error that the stream ended with.
    pub esito: Result<C, Status>,
}

/// One message, whichever of the two downloads it is of.
pub enum Parte<C> {
    Intestazione(IntestazioneFile),
    Pezzo(PezzoFile),
    Chiusura(C),
}

impl From<omnia::contract::proto::DownloadDecreesResponse> for Parte<ChiusuraFileDecreti> {
    fn from(message: omnia::contract::proto::DownloadDecreesResponse) -> Self {
        use download_decrees_response::Parte::{Chiusura, Intestazione, Pezzo};
        match message.parte.unwrap() {
            Intestazione(parte) => Self::Intestazione(parte),
            Pezzo(parte) => Self::Pezzo(parte),
            Chiusura(parte) => Self::Chiusura(parte),
        }
    }
}

impl From<omnia::contract::proto::DownloadReportSinteticoResponse> for Parte<ChiusuraFileReport> {
    fn from(message: omnia::contract::proto::DownloadReportSinteticoResponse) -> Self {
        use download_report_sintetico_response::Parte::{Chiusura, Intestazione, Pezzo};
        match message.parte.unwrap() {
            Intestazione(parte) => Self::Intestazione(parte),
            Pezzo(parte) => Self::Pezzo(parte),
            Chiusura(parte) => Self::Chiusura(parte),
        }
    }
}

/// Reads a stream to its end. One that ends well without a chiusura fails the test, and so do parts out of order, a gap
/// between two pieces and an empty or too large one.
pub async fn drena<M, C>(mut stream: Streaming<M>, offset: i64) -> Drenato<C>
where
    Parte<C>: From<M>,
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
                    Parte::Intestazione(parte) => {
                        assert!(intestazione.replace(parte).is_none() && byte.is_empty());
                    }
                    Parte::Pezzo(pezzo) => {
                        assert!(intestazione.is_some());
                        assert_eq!(pezzo.offset, offset + i64::try_from(byte.len()).unwrap());
                        assert!((1..=omnia::files::PEZZO).contains(&pezzo.contenuto.len()));
                        byte.extend_from_slice(&pezzo.contenuto);
                    }
                    Parte::Chiusura(parte) => chiusura = Some(parte),
                }
            }
        }
    };
    Drenato {
        intestazione,
        byte,
        esito,
    }
}

impl<C> Drenato<C> {
    fn intero(self) -> Result<Scaricato<C>, Status> {
        Ok(Scaricato {
            chiusura: self.esito?,
            intestazione: self.intestazione.expect("a file without an intestazione"),
            byte: self.byte,
        })
    }
}

/// A whole download of decrees.
pub async fn decreti(
    cliente: &mut Cliente,
    request: DownloadDecreesRequest,
) -> Result<Scaricato<ChiusuraFileDecreti>, Status> {
    let offset = request.offset;
    let stream = cliente.decreti.download_decrees(request).await?;
    drena(stream.into_inner(), offset).await.intero()
}

/// A whole download of the report.
pub async fn report(
    cliente: &mut Cliente,
    request: DownloadReportSinteticoRequest,
) -> Result<Scaricato<ChiusuraFileReport>, Status> {
    let offset = request.offset;
    let stream = cliente.report.download_report_sintetico(request).await?;
    drena(stream.into_inner(), offset).await.intero()
}

/// Every format.
pub const FORMATI: [FormatoFile; 4] = [
    FormatoFile::Csv,
    FormatoFile::CsvExcel,
    FormatoFile::Xlsx,
    FormatoFile::Parquet,
];
