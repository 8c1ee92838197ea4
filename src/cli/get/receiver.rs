//! A download, from its first question to its last check.
//!
//! ```text
//! CountDecrees ─► rilevazione, rows, totals ─┐
//! DownloadDecrees from byte n ─► intestazione ┤ of that rilevazione, or it ends
//!        ▲                       pezzo …      ┤ each where the one before ended, or it ends; into the file and the SHA-256
//!        └── broken, time is up ── chiusura ──┴─► size, SHA-256, totals: all equal, or there is no file
//! ```

use std::fmt::Write as _;

use aws_lc_rs::digest::{Context, SHA256};
use futures_util::StreamExt as _;

use super::{
    super::progress::Progress,
    backoff::Backoff,
    failure::Failure,
    format::FormatArg,
    manifest::{Manifest, PinnedRilevazione},
    output::{DownloadOutput, OutputFileArgs},
    request::{ChiusuraFile, DownloadPart, DownloadParts, DownloadRequest, ExpectedTotals},
    service_client::ServiceClient,
};

use crate::crypto::hex::hex;

/// A download that has come to its end, and what was checked.
#[derive(Debug)]
pub(super) struct FinishedDownload {
    manifest: Manifest,
    check: &'static str,
    expected: ExpectedTotals,
    sha256: String,
    byte: u64,
    /// What an earlier run had got.
    already: u64,
}

/// A download under way.
struct DownloadReceiver<'a> {
    service: &'a ServiceClient,
    question: &'a DownloadRequest,
    formato: FormatArg,
    manifest: Manifest,
    output: DownloadOutput,
    sha: Context,
    byte: u64,
    progress: Progress,
    backoff: Backoff,
}

/// Downloads, or goes on with what an earlier run has left.
///
/// # Errors
/// Why there is no file. What came so far stays in the unfinished one.
pub(super) async fn download(
    service: &ServiceClient,
    question: &DownloadRequest,
    opzioni: &OutputFileArgs,
    mut backoff: Backoff,
) -> Result<FinishedDownload, Failure> {
    let formato = opzioni.come.format(&opzioni.file)?;
    let mut manifest = Manifest {
        server: service.address().to_string(),
        chiamata: question.call().to_owned(),
        formato: formato.name().to_owned(),
        selezione: question.asked(),
        rilevazione: PinnedRilevazione::default(),
    };
    let (mut output, found) = DownloadOutput::open(&opzioni.file, &opzioni.come, &manifest)?;
    let numero = match &found {
        Some(found) => found.rilevazione.numero,
        None => question.rilevazione(),
    };
    let expected = loop {
        match question.expected(service, numero).await {
            Ok(expected) => break expected,
            Err(failure) => backoff.wait_after(failure, None).await?,
        }
    };
    backoff.reset();
    manifest.rilevazione = PinnedRilevazione::from(&expected.rilevazione);
    if let Some(found) = found.filter(|found| found.rilevazione != manifest.rilevazione) {
        return Err(Failure::mismatch(format!(
            "what an earlier run has left is of {}, and the service now says {}",
            found.rilevazione, manifest.rilevazione
        )));
    }
    let mut sha = Context::new(&SHA256);
    let already = output.rehash(&mut sha).await?;
    let progress = Progress::of_rows(u64::try_from(expected.totali.righe).unwrap_or_default());
    if already > 0 {
        let numero = manifest.rilevazione.numero;
        progress.line(&format!(
            "omnia: going on from byte {already}, with rilevazione {numero}"
        ));
    }
    let mut receiver = DownloadReceiver {
        service,
        question,
        formato,
        manifest,
        output,
        sha,
        byte: already,
        progress,
        backoff,
    };
    let chiusura = receiver.receive_all().await?;
    let sha256 = receiver.verify(&chiusura, &expected, question.totals_call())?;
    let DownloadReceiver {
        manifest,
        output,
        byte,
        ..
    } = receiver;
    output.finish().await?;
    Ok(FinishedDownload {
        manifest,
        check: question.totals_call(),
        expected,
        sha256,
        byte,
        already,
    })
}

impl DownloadReceiver<'_> {
    async fn receive_all(&mut self) -> Result<ChiusuraFile, Failure> {
        loop {
            match self.attempt().await {
                Ok(chiusura) => return Ok(chiusura),
                Err(failure) => {
                    self.backoff
                        .wait_after(failure, Some(&self.progress))
                        .await?
                }
            }
        }
    }

    /// One call, from the byte that is missing.
    async fn attempt(&mut self) -> Result<ChiusuraFile, Failure> {
        let numero = self.manifest.rilevazione.numero;
        let offset = i64::try_from(self.byte).unwrap_or(i64::MAX);
        let opened = self
            .question
            .open(self.service, numero, self.formato, offset)
            .await;
        let mut parts = opened.map_err(|failure| self.past_the_end(failure))?;
        match self.next_part(&mut parts).await? {
            DownloadPart::Intestazione(intestazione) => {
                let rilevazione = intestazione
                    .rilevazione
                    .as_ref()
                    .map(PinnedRilevazione::from);
                if rilevazione.as_ref() != Some(&self.manifest.rilevazione) {
                    return Err(Failure::mismatch(format!(
                        "the file is not of {}",
                        self.manifest.rilevazione
                    )));
                }
                self.output.begin(&self.manifest)?;
            }
            _ => return Err(Failure::mismatch("the first part is not an intestazione")),
        }
        let mut first = true;
        loop {
            match self.next_part(&mut parts).await? {
                DownloadPart::Pezzo(pezzo) => {
                    if u64::try_from(pezzo.offset) != Ok(self.byte) {
                        return Err(Failure::mismatch(format!(
                            "a piece begins at byte {} of the file, where byte {} was due",
                            pezzo.offset, self.byte
                        )));
                    }
                    self.output.write(&pezzo.contenuto).await?;
                    self.sha.update(&pezzo.contenuto);
                    self.byte += pezzo.contenuto.len() as u64;
                    let righe = u64::try_from(pezzo.righe).unwrap_or_default();
                    if std::mem::take(&mut first) {
                        self.progress.start_from(righe);
                    } else {
                        self.progress.set(righe);
                    }
                    self.backoff.reset();
                }
                DownloadPart::Chiusura(chiusura) => return Ok(chiusura),
                DownloadPart::Intestazione(_) => {
                    return Err(Failure::mismatch("a second intestazione"));
                }
            }
        }
    }

    async fn next_part(&self, parts: &mut DownloadParts) -> Result<DownloadPart, Failure> {
        match parts.next().await {
            Some(Ok(Some(parte))) => Ok(parte),
            Some(Ok(None)) => Err(Failure::mismatch("a part that this omnia does not know")),
            Some(Err(status)) => Err(self.past_the_end(self.service.failure(&status))),
            None => Err(Failure::Transient(
                "the stream ended before its chiusura".to_owned(),
                None,
            )),
        }
    }

    /// A refusal of the offset means that there is more on this side than the file has.
    fn past_the_end(&self, failure: Failure) -> Failure {
        match failure {
            Failure::Refused(answer) if self.byte > 0 && answer.names_field("offset") => {
                Failure::mismatch(format!(
                    "the file has less than the {} bytes that are here: {answer}",
                    self.byte
                ))
            }
            other => other,
        }
    }

    /// Whether all of it came, as it was sent, and is what was counted.
    fn verify(
        &self,
        chiusura: &ChiusuraFile,
        expected: &ExpectedTotals,
        check: &str,
    ) -> Result<String, Failure> {
        let sha256 = hex(self.sha.clone().finish().as_ref());
        if u64::try_from(chiusura.dimensione) != Ok(self.byte) {
            return Err(Failure::mismatch(format!(
                "{} bytes are here, the file has {}",
                self.byte, chiusura.dimensione
            )));
        }
        if chiusura.sha256 != sha256 {
            return Err(Failure::mismatch(format!(
                "the SHA-256 of what is here is {sha256}, that of the file {}",
                chiusura.sha256
            )));
        }
        if chiusura.totali != expected.totali {
            return Err(Failure::mismatch(format!(
                "the totals of the file are not those of {check}:\n  {}\n  {}",
                chiusura.totali, expected.totali
            )));
        }
        Ok(sha256)
    }
}

impl FinishedDownload {
    /// What was downloaded and what was checked, for the operator.
    pub(super) fn summary(&self, file: &str) -> String {
        let Self {
            manifest,
            check,
            expected,
            sha256,
            byte,
            already,
        } = self;
        let righe = expected.totali.righe;
        let mut text = format!(
            "{file}: {righe} rows, {byte} bytes, {}",
            manifest.rilevazione
        );
        if *already > 0 {
            // Writing to a String cannot fail.
            let _ = write!(text, "; the first {already} bytes are an earlier run's");
        }
        let _ = write!(
            text,
            "\ntotals:  {}; those of {check}\nSHA-256: {sha256}; that of the service",
            expected.totali
        );
        text
    }
}
