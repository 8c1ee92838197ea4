//! `DownloadDecrees`: the rows of an export as a file.

use std::sync::Arc;

use super::{query::DetailReader, selection::ReadySelection};
use crate::{
    abilitazione::CallSelection as _,
    blocks::{
        glossary::DETAIL_GLOSSARY,
        sums::{ControlSums, ControlTotals},
    },
    contract::proto::{
        ChiusuraFileDecreti, DownloadDecreesResponse, IntestazioneFile,
        download_decrees_response::Parte,
    },
    error::Result,
    files::{
        CellType, ColumnVisibility, FileBuilder, FileColumn, FileInfo, FileTable,
        file_request::FileRequest, send_pieces,
    },
    grpc::stream_task::{ResponseStream, StreamLimits, StreamPermit, StreamSender},
    rilevazione::list::Rilevazione,
};

/// The rows of the detail, as a table.
pub static DETAIL_TABLE: FileTable = FileTable {
    title: "Dettaglio del decreto ministeriale (Messaggio INPS 4648/2023, § 2.2)",
    name: "decreti",
    columns: &[
        column(0, CellType::Text),
        column(1, CellType::Text),
        column(2, CellType::Text),
        column(3, CellType::Date),
        column(4, CellType::Date),
        column(5, CellType::Date),
        column(6, CellType::Text),
        column(7, CellType::Text),
        column(8, CellType::Number),
        column(9, CellType::Number),
        column(10, CellType::Number),
    ],
};

const fn column(at: usize, cell_type: CellType) -> FileColumn {
    let term = &DETAIL_GLOSSARY[at];
    FileColumn::of(term.column, cell_type, term.description)
}

/// A download that is ready to run.
#[derive(Debug)]
pub struct DecreeDownload {
    /// What is downloaded.
    pub selection: ReadySelection,
    /// What file is wanted.
    pub request: FileRequest,
    /// Rows that are read at a time.
    pub batch_rows: u32,
}

impl DecreeDownload {
    /// Starts reading.
    #[must_use]
    pub fn start(
        self,
        limits: &StreamLimits,
        permit: StreamPermit,
    ) -> ResponseStream<DownloadDecreesResponse> {
        let record = self.selection.reader.call_record().clone();
        limits.start(permit, record, |sender| self.send(sender))
    }

    async fn send(
        self,
        sender: StreamSender<DownloadDecreesResponse>,
    ) -> Result<DownloadDecreesResponse> {
        let intestazione = self.intestazione();
        let FileRequest { formato, offset } = self.request;
        let ReadySelection {
            reader,
            rilevazione,
            ..
        } = self.selection;
        sender
            .send(Parte::Intestazione(intestazione).into(), 0)
            .await?;

        let reader = Arc::new(reader);
        let piece = |piece| Parte::Pezzo(piece).into();
        let mut sums = ControlSums::default();
        let mut file = FileBuilder::new(formato, &DETAIL_TABLE, offset)?;
        // The file is made from its first row, whatever the offset.
        let mut batches = reader.row_batches(None, self.batch_rows);
        while let Some(batch) = batches.next().await? {
            sums += batch.sums;
            let pieces;
            (file, pieces) = file
                .add(batch.sums.righe, move |writer| {
                    for row in batch.rows() {
                        writer.write_row(&row?.columns())?;
                    }
                    Ok(())
                })
                .await?;
            send_pieces(&sender, pieces, piece).await?;
        }
        let totali = sums.totali(|column| reader.may_see(column));
        let info = file_info(&reader, &totali, rilevazione);
        let (pieces, end) = file.finish(info).await?;
        send_pieces(&sender, pieces, piece).await?;
        let chiusura = ChiusuraFileDecreti {
            dimensione: end.size,
            sha256: end.sha256,
            totali: Some(totali.into()),
        };
        Ok(Parte::Chiusura(chiusura).into())
    }

    fn intestazione(&self) -> IntestazioneFile {
        let ReadySelection {
            reader,
            rilevazione,
            ..
        } = &self.selection;
        let filtro = reader.selection();
        // The norm is always among them.
        let part = match filtro.filtri().is_empty() {
            true => "",
            false => "_selezione",
        };
        let (normativa, formato) = (&filtro.normativa, self.request.formato);
        let (numero, extension) = (rilevazione.numero, formato.extension());
        IntestazioneFile {
            nome: format!("decreti_{normativa}{part}_r{numero}.{extension}"),
            tipo_contenuto: formato.content_type().to_owned(),
            rilevazione: Some(rilevazione.clone().into()),
        }
    }
}

fn file_info(reader: &DetailReader, totali: &ControlTotals, rilevazione: Rilevazione) -> FileInfo {
    let selezione = reader.selection().describe();
    FileInfo {
        selection: selezione
            .into_iter()
            .map(|(nome, valore)| (nome, valore.into_plain_text()))
            .collect(),
        rilevazione,
        visibility: ColumnVisibility::of(&DETAIL_TABLE, |column| reader.may_see(column)),
        totali: vec![
            ("righe", totali.righe.map(|v| v.to_string())),
            ("ore_decretate", totali.ore_decretate.map(|v| v.to_string())),
            (
                "importi_autorizzati",
                totali.importi_autorizzati.map(|v| v.to_string()),
            ),
            (
                "importi_erogati",
                totali.importi_erogati.map(|v| v.to_string()),
            ),
        ],
        notes: Vec::new(),
    }
}

impl From<Parte> for DownloadDecreesResponse {
    fn from(parte: Parte) -> Self {
        Self { parte: Some(parte) }
    }
}
