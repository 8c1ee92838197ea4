//! `DownloadDifferenze`: the rows of an export of differences as a file.

use super::{
    difference_table::{self, DIFFERENCE_TABLE},
    differences::DifferenceBatches,
};
use crate::{
    abilitazione::CallSelection as _,
    contract::proto::{
        ChiusuraFileDifferenze, DownloadDifferenzeResponse, IntestazioneFile, RigheConfronto,
        TotaliControllo, download_differenze_response::Parte,
    },
    error::Result,
    files::{ColumnVisibility, FileBuilder, FileInfo, file_request::FileRequest, send_pieces},
    grpc::stream_task::StreamSender,
    rilevazione::list::Rilevazione,
};

/// A download of differences that is ready to run.
#[derive(Debug)]
pub(super) struct DifferenceDownload {
    pub(super) batches: DifferenceBatches,
    /// The rilevazione after.
    pub(super) rilevazione: Rilevazione,
    pub(super) request: FileRequest,
}

impl DifferenceDownload {
    /// Sends all but the last message, and gives that.
    ///
    /// # Errors
    /// Those of [`DifferenceBatches::next`] and of [`FileBuilder`].
    pub(super) async fn send(
        self,
        sender: StreamSender<DownloadDifferenzeResponse>,
    ) -> Result<DownloadDifferenzeResponse> {
        let intestazione = self.intestazione();
        let Self {
            mut batches,
            rilevazione,
            request: FileRequest { formato, offset },
        } = self;
        sender
            .send(Parte::Intestazione(intestazione).into(), 0)
            .await?;
        let piece = |piece| Parte::Pezzo(piece).into();
        // The file is made from its first row, whatever the offset.
        let mut file = FileBuilder::new(formato, &DIFFERENCE_TABLE, offset)?;
        while let Some(batch) = batches.next().await? {
            let rows = i64::try_from(batch.differenze.len()).unwrap_or(i64::MAX);
            let pieces;
            (file, pieces) = file
                .add(rows, move |writer| {
                    for differenza in &batch.differenze {
                        writer.write_row(&difference_table::cells(differenza))?;
                    }
                    Ok(())
                })
                .await?;
            send_pieces(&sender, pieces, piece).await?;
        }
        let reader = batches.reader();
        let may_see = |column| reader.permesso.may_see(column);
        let (differenze, movimento) = batches.sums().told(may_see);
        let selection = reader.permesso.selection().describe();
        let info = FileInfo {
            selection: selection
                .into_iter()
                .map(|(name, value)| (name, value.into_plain_text()))
                .collect(),
            rilevazione,
            visibility: ColumnVisibility::of(&DIFFERENCE_TABLE, may_see),
            totali: totals(&differenze, &movimento),
            notes: Vec::new(),
        };
        let (pieces, end) = file.finish(info).await?;
        send_pieces(&sender, pieces, piece).await?;
        let chiusura = ChiusuraFileDifferenze {
            dimensione: end.size,
            sha256: end.sha256,
            differenze: Some(differenze),
            movimento: Some(movimento),
        };
        Ok(Parte::Chiusura(chiusura).into())
    }

    fn intestazione(&self) -> IntestazioneFile {
        let reader = self.batches.reader();
        let part = match reader.permesso.selection().filtri().is_empty() {
            true => "",
            false => "_selezione",
        };
        let (da, a) = (reader.before, reader.after);
        let formato = self.request.formato;
        IntestazioneFile {
            nome: format!("differenze{part}_r{da}_r{a}.{}", formato.extension()),
            tipo_contenuto: formato.content_type().to_owned(),
            rilevazione: Some(self.rilevazione.clone().into()),
        }
    }
}

/// What the file says of its rows; the movement under names of its own, since it is no sum over a column.
fn totals(
    differenze: &RigheConfronto,
    movimento: &TotaliControllo,
) -> Vec<(&'static str, Option<String>)> {
    let seen = |text: &String| (!text.is_empty()).then(|| text.clone());
    vec![
        ("nuove", Some(differenze.nuove.to_string())),
        ("variate", Some(differenze.variate.to_string())),
        ("cessate", Some(differenze.cessate.to_string())),
        ("movimento_righe", Some(movimento.righe.to_string())),
        ("movimento_ore_decretate", seen(&movimento.ore_decretate)),
        (
            "movimento_importi_autorizzati",
            seen(&movimento.importi_autorizzati),
        ),
        (
            "movimento_importi_erogati",
            seen(&movimento.importi_erogati),
        ),
    ]
}

impl From<Parte> for DownloadDifferenzeResponse {
    fn from(parte: Parte) -> Self {
        Self { parte: Some(parte) }
    }
}
