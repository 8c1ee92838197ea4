//! An answer as a file: the same table, in the formats that the service's downloads have.
//!
//! What is left of an interrupted run is made anew: there is nothing to go on with, since the answer came whole.

use std::path::Path;

use chrono::DateTime;

use super::{answer::AnswerTable, question::Question, table::origin};
use crate::{
    cli::get::{
        failure::Failure,
        format::FormatArg,
        manifest::{Manifest, PinnedRilevazione},
        output::{DownloadOutput, OutputArgs},
        service_client::ServiceClient,
    },
    contract::proto,
    error::Error,
    files::{ColumnVisibility, FileBuilder, FileFormat, FileInfo},
    rilevazione::list::Rilevazione,
    valori::parse_date,
};

/// A file that is to be written.
#[derive(Debug)]
pub(super) struct AnswerFile<'a> {
    path: &'a Path,
    formato: FormatArg,
    manifest: Manifest,
    output: DownloadOutput,
    selection: Vec<(&'static str, String)>,
}

impl<'a> AnswerFile<'a> {
    /// Looks whether it may be written, before anything is asked. Writes nothing yet.
    ///
    /// # Errors
    /// The format is not known; the file is there already, or what is beside it is of something else.
    pub(super) fn open<Q: Question>(
        path: &'a Path,
        come: &OutputArgs,
        question: &Q,
        service: &ServiceClient,
    ) -> Result<Self, Failure> {
        let formato = come.format(path)?;
        let selection = question.asked();
        // Options have dashes where the contract has underscores.
        let asked = selection.iter().cloned();
        let rilevazione = question
            .rilevazione()
            .map(|n| ("rilevazione", n.to_string()));
        let asked = asked
            .chain(rilevazione)
            .map(|(name, value)| (name.replace('_', "-"), value));
        let manifest = Manifest {
            server: service.address().to_string(),
            chiamata: Q::CALL.to_owned(),
            formato: formato.name().to_owned(),
            selezione: asked.collect(),
            rilevazione: PinnedRilevazione::default(),
        };
        let (mut output, found) = DownloadOutput::open(path, come, &manifest)?;
        if found.is_some() {
            // The lock goes with it.
            drop(output);
            let anew = come.anew();
            (output, _) = DownloadOutput::open(path, &anew, &manifest)?;
        }
        Ok(Self {
            path,
            formato,
            manifest,
            output,
            selection,
        })
    }

    /// Writes it whole, and says what was written.
    ///
    /// # Errors
    /// The system's; a cell is not of the type of its column.
    pub(super) async fn write(mut self, answer: AnswerTable) -> Result<String, Failure> {
        let origin = origin(&answer);
        let sentences = answer.sentences.clone();
        let info = self.info(&answer)?;
        self.manifest.rilevazione = PinnedRilevazione::from(&answer.rilevazione);
        let righe = i64::try_from(answer.rows.len()).unwrap_or(i64::MAX);
        let formato = FileFormat::from(self.formato);
        let file = FileBuilder::new(formato, answer.table, 0).map_err(no_table)?;
        let rows = answer.rows;
        let (file, mut pieces) = file
            .add(righe, move |writer| {
                for row in &rows {
                    let cells: Vec<&str> = row.iter().map(String::as_str).collect();
                    writer.write_row(&cells)?;
                }
                Ok(())
            })
            .await
            .map_err(no_table)?;
        let (last, end) = file.finish(info).await.map_err(no_table)?;
        pieces.extend(last);
        self.output.begin(&self.manifest)?;
        for piece in pieces {
            self.output.write(&piece.bytes).await?;
        }
        self.output.finish().await?;
        let (path, rows, bytes) = (self.path.display(), end.rows, end.size);
        let written = format!("{path}: {rows} rows, {bytes} bytes, {origin}");
        let sentences = sentences.into_iter().map(|(_, sentence)| sentence);
        let lines: Vec<String> = std::iter::once(written).chain(sentences).collect();
        Ok(lines.join("\n"))
    }

    fn info(&self, answer: &AnswerTable) -> Result<FileInfo, Failure> {
        let rows = ("righe", Some(answer.rows.len().to_string()));
        let totals = answer.totals.iter();
        let totals = totals.map(|(name, value)| (*name, Some(value.clone())));
        let mut notes = answer.sentences.clone();
        if let Some(before) = &answer.before {
            notes.push((
                "prima",
                format!(
                    "«prima» è la rilevazione {} ({}), «dopo» la rilevazione {} ({}).",
                    before.numero,
                    before.data_riferimento,
                    answer.rilevazione.numero,
                    answer.rilevazione.data_riferimento
                ),
            ));
        }
        Ok(FileInfo {
            selection: self.selection.clone(),
            rilevazione: rilevazione(&answer.rilevazione)?,
            visibility: ColumnVisibility {
                hidden: answer.hidden.clone(),
                masked: false,
            },
            totali: std::iter::once(rows).chain(totals).collect(),
            notes,
        })
    }
}

/// What came is not what the contract says of it.
fn no_table(error: Error) -> Failure {
    let source = error.source.as_ref().map(ToString::to_string);
    Failure::mismatch(source.unwrap_or_else(|| error.to_string()))
}

fn rilevazione(told: &proto::Rilevazione) -> Result<Rilevazione, Failure> {
    let no_day = |_| Failure::mismatch("a rilevazione of no day");
    let instant = |instant: &prost_types::Timestamp| {
        let nanos = u32::try_from(instant.nanos).ok()?;
        DateTime::from_timestamp(instant.seconds, nanos)
    };
    let loaded = told.caricata_il.as_ref().and_then(instant);
    Ok(Rilevazione {
        numero: told.numero,
        data_riferimento: parse_date(&told.data_riferimento).map_err(no_day)?,
        caricata_il: loaded.ok_or_else(|| Failure::mismatch("a rilevazione of no instant"))?,
        ritirata_il: told.ritirata_il.as_ref().and_then(instant),
    })
}
