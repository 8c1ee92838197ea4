//! `DownloadDecrees`: the rows of an export as a file.

use super::query::DetailReader;
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
        CellType, ColumnVisibility, FileBuilder, FileColumn, FileInfo, FilePiece, FileTable,
        file_request::FileRequest,
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

const fn column(at: usize, tipo: CellType) -> FileColumn {
    FileColumn {
        name: DETAIL_GLOSSARY[at].column,
        cell_type: tipo,
        description: DETAIL_GLOSSARY[at].description,
    }
}

/// A download that is ready to run.
#[derive(Debug)]
pub struct DecreeDownload {
    /// The selection.
    pub reader: DetailReader,
    /// What it reads.
    pub rilevazione: Rilevazione,
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
        limiti: &StreamLimits,
        posto: StreamPermit,
    ) -> ResponseStream<DownloadDecreesResponse> {
        let traccia = self.reader.call_record().clone();
        limiti.start(posto, traccia, |mittente| self.send(mittente))
    }

    async fn send(
        self,
        mittente: StreamSender<DownloadDecreesResponse>,
    ) -> Result<DownloadDecreesResponse> {
        let intestazione = self.intestazione();
        let FileRequest { formato, offset } = self.request;
        mittente
            .send(Parte::Intestazione(intestazione).into(), 0)
            .await?;

        let mut somme = ControlSums::default();
        let mut file = FileBuilder::new(formato, &DETAIL_TABLE, offset)?;
        let mut lotti = self.reader.row_batches(None, self.batch_rows);
        while let Some(lotto) = lotti.next().await? {
            somme += lotto.sums;
            let pezzi;
            (file, pezzi) = file
                .add(lotto.sums.righe, move |scrittore| {
                    for riga in lotto.rows() {
                        scrittore.write_row(&riga?.columns())?;
                    }
                    Ok(())
                })
                .await?;
            send_pieces(&mittente, pezzi).await?;
        }
        let lettura = lotti.reader();
        let totali = somme.totali(|colonna| lettura.may_see(colonna));
        let informazioni = file_info(lettura, &totali, self.rilevazione);
        let (pezzi, fine) = file.finish(informazioni).await?;
        send_pieces(&mittente, pezzi).await?;
        let chiusura = ChiusuraFileDecreti {
            dimensione: fine.size,
            sha256: fine.sha256,
            totali: Some(totali.into()),
        };
        Ok(Parte::Chiusura(chiusura).into())
    }

    fn intestazione(&self) -> IntestazioneFile {
        let selezione = self.reader.selection();
        // The norm is always among them.
        let parte = match selezione.filtri().is_empty() {
            true => "",
            false => "_selezione",
        };
        let (normativa, formato) = (&selezione.normativa, self.request.formato);
        let (numero, estensione) = (self.rilevazione.numero, formato.extension());
        IntestazioneFile {
            nome: format!("decreti_{normativa}{parte}_r{numero}.{estensione}"),
            tipo_contenuto: formato.content_type().to_owned(),
            rilevazione: Some(self.rilevazione.clone().into()),
        }
    }
}

fn file_info(lettura: &DetailReader, totali: &ControlTotals, rilevazione: Rilevazione) -> FileInfo {
    let selezione = lettura.selection().describe();
    FileInfo {
        selection: selezione
            .into_iter()
            .map(|(nome, valore)| (nome, valore.into_plain_text()))
            .collect(),
        rilevazione,
        visibility: ColumnVisibility::of(&DETAIL_TABLE, |colonna| lettura.may_see(colonna)),
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
    }
}

async fn send_pieces(
    mittente: &StreamSender<DownloadDecreesResponse>,
    pezzi: Vec<FilePiece>,
) -> Result<()> {
    for pezzo in pezzi {
        let (righe, ripresa) = (pezzo.rows, ("offset", pezzo.end().to_string()));
        mittente
            .send_resumable(Parte::Pezzo(pezzo.into()).into(), righe, ripresa)
            .await?;
    }
    Ok(())
}

impl From<Parte> for DownloadDecreesResponse {
    fn from(parte: Parte) -> Self {
        Self { parte: Some(parte) }
    }
}
