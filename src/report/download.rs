//! `DownloadReportSintetico`: the voci of the report as a file.

use super::sintesi::{ReportFigures, Sintesi};
use crate::{
    contract::{
        column::Column,
        proto::{
            ChiusuraFileReport, DownloadReportSinteticoResponse, IntestazioneFile,
            download_report_sintetico_response::Parte,
        },
    },
    error::Result,
    files::{
        CellType, FileBuilder, FileColumn, FileInfo, FileTable, file_request::FileRequest,
        send_pieces,
    },
    grpc::stream_task::StreamSender,
    valori::{Importo, TipiStanziamento},
};

/// The voci of the report, as a table.
pub static TABLE: FileTable = FileTable {
    title: "Report sintetico (Messaggio INPS 4648/2023, § 2.1)",
    name: "report",
    columns: &[
        FileColumn::of(
            Column::Normativa,
            CellType::Text,
            "Codice della normativa che finanzia la prestazione.",
        ),
        FileColumn::of(
            Column::Prestazione,
            CellType::Text,
            "Codice della prestazione.",
        ),
        FileColumn::of(
            Column::TotaleStanziamenti,
            CellType::Sum,
            "Totale degli stanziamenti degli anni toccati dal periodo, in euro; di tutti gli anni senza periodo. Vuoto, che non è zero, dove non ve ne sono.",
        ),
        FileColumn::of(
            Column::ImportiAutorizzati,
            CellType::Sum,
            "Importi autorizzati dai decreti nel periodo, in euro.",
        ),
        FileColumn::of(
            Column::ImportiErogati,
            CellType::Sum,
            "Importi erogati per i decreti nel periodo, in euro.",
        ),
        FileColumn::of(
            Column::ResiduoAutorizzato,
            CellType::Sum,
            "totale_stanziamenti - importi_autorizzati, in euro; può essere negativo. Vuoto dove lo è totale_stanziamenti.",
        ),
        FileColumn::of(
            Column::ResiduoPagato,
            CellType::Sum,
            "totale_stanziamenti - importi_erogati, in euro; può essere negativo. Vuoto dove lo è totale_stanziamenti.",
        ),
        FileColumn::of(
            Column::TipoStanziamento,
            CellType::Text,
            "LIMITE se totale_stanziamenti è un limite massimo di spesa, PREVISIONE se è una previsione (L. 196/2009, art. 17), LIMITE_E_PREVISIONE se somma gli uni e le altre. Vuoto dove lo è totale_stanziamenti.",
        ),
    ],
};

/// A download that is ready to run.
#[derive(Debug)]
pub struct ReportDownload {
    /// What is downloaded.
    pub sintesi: Sintesi,
    /// What is said of it in the file, but for the totals.
    pub info: FileInfo,
    /// What file is wanted.
    pub request: FileRequest,
}

impl ReportDownload {
    /// Sends the file.
    ///
    /// # Errors
    /// Those of [`FileBuilder`].
    pub async fn send(
        self,
        mittente: StreamSender<DownloadReportSinteticoResponse>,
    ) -> Result<DownloadReportSinteticoResponse> {
        let FileRequest { formato, offset } = self.request;
        let rilevazione = self.info.rilevazione.clone();
        let parte = match self.info.selection.is_empty() {
            true => "",
            false => "_selezione",
        };
        let (numero, estensione) = (rilevazione.numero, formato.extension());
        let intestazione = IntestazioneFile {
            nome: format!("report-sintetico{parte}_r{numero}.{estensione}"),
            tipo_contenuto: formato.content_type().to_owned(),
            rilevazione: Some(rilevazione.into()),
        };
        mittente
            .send(Parte::Intestazione(intestazione).into(), 0)
            .await?;

        let piece = |piece| Parte::Pezzo(piece).into();
        let Sintesi { voci, totale } = self.sintesi;
        let file = FileBuilder::new(formato, &TABLE, offset)?;
        let righe = i64::try_from(voci.len()).unwrap_or_default();
        let (file, pezzi) = file
            .add(righe, move |scrittore| {
                for voce in voci {
                    let [stanziati, autorizzati, erogati, residuo_a, residuo_p] =
                        texts(&voce.figures);
                    scrittore.write_row(&[
                        voce.normativa.as_deref().unwrap_or_default(),
                        voce.prestazione.as_deref().unwrap_or_default(),
                        &stanziati,
                        &autorizzati,
                        &erogati,
                        &residuo_a,
                        &residuo_p,
                        voce.tipo_stanziamento.map_or("", TipiStanziamento::as_str),
                    ])?;
                }
                Ok(())
            })
            .await?;
        send_pieces(&mittente, pezzi, piece).await?;
        let mut informazioni = self.info;
        informazioni.totali.push(("righe", Some(righe.to_string())));
        let figures = TABLE.columns[2..].iter().map(|colonna| colonna.name);
        for (nome, testo) in figures.zip(texts(&totale)) {
            informazioni
                .totali
                .push((nome, Some(testo).filter(|testo| !testo.is_empty())));
        }
        let (pezzi, fine) = file.finish(informazioni).await?;
        send_pieces(&mittente, pezzi, piece).await?;
        let chiusura = ChiusuraFileReport {
            dimensione: fine.size,
            sha256: fine.sha256,
            righe: fine.rows,
            totale: Some(totale.into()),
        };
        Ok(Parte::Chiusura(chiusura).into())
    }
}

/// The figures in the order of the columns; empty: absent.
fn texts(cifre: &ReportFigures) -> [String; 5] {
    let testo = |importo: Option<Importo>| importo.map(|i| i.to_string()).unwrap_or_default();
    [
        testo(cifre.totale_stanziamenti),
        testo(cifre.importi_autorizzati),
        testo(cifre.importi_erogati),
        testo(cifre.residuo_autorizzato),
        testo(cifre.residuo_pagato),
    ]
}

impl From<Parte> for DownloadReportSinteticoResponse {
    fn from(parte: Parte) -> Self {
        Self { parte: Some(parte) }
    }
}
