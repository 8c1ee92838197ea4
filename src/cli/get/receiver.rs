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
    scheda: Manifest,
    riscontro: &'static str,
    atteso: ExpectedTotals,
    sha256: String,
    byte: u64,
    /// What an earlier run had got.
    gia: u64,
}

/// A download under way.
struct DownloadReceiver<'a> {
    servizio: &'a ServiceClient,
    domanda: &'a DownloadRequest,
    formato: FormatArg,
    scheda: Manifest,
    uscita: DownloadOutput,
    sha: Context,
    byte: u64,
    progress: Progress,
    pazienza: Backoff,
}

/// Downloads, or goes on with what an earlier run has left.
///
/// # Errors
/// Why there is no file. What came so far stays in the unfinished one.
pub(super) async fn download(
    servizio: &ServiceClient,
    domanda: &DownloadRequest,
    opzioni: &OutputFileArgs,
    mut pazienza: Backoff,
) -> Result<FinishedDownload, Failure> {
    let formato = opzioni.come.format(&opzioni.file)?;
    let mut scheda = Manifest {
        server: servizio.address().to_string(),
        chiamata: domanda.call().to_owned(),
        formato: formato.name().to_owned(),
        selezione: domanda.asked(),
        rilevazione: PinnedRilevazione::default(),
    };
    let (mut uscita, trovata) = DownloadOutput::open(&opzioni.file, &opzioni.come, &scheda)?;
    let numero = match &trovata {
        Some(trovata) => trovata.rilevazione.numero,
        None => domanda.rilevazione(),
    };
    let atteso = loop {
        match domanda.expected(servizio, numero).await {
            Ok(atteso) => break atteso,
            Err(guasto) => pazienza.wait_after(guasto, None).await?,
        }
    };
    pazienza.reset();
    scheda.rilevazione = PinnedRilevazione::from(&atteso.rilevazione);
    if let Some(trovata) = trovata.filter(|trovata| trovata.rilevazione != scheda.rilevazione) {
        return Err(Failure::mismatch(format!(
            "what an earlier run has left is of {}, and the service now says {}",
            trovata.rilevazione, scheda.rilevazione
        )));
    }
    let mut sha = Context::new(&SHA256);
    let gia = uscita.rehash(&mut sha).await?;
    let progress = Progress::of_rows(u64::try_from(atteso.totali.righe).unwrap_or_default());
    if gia > 0 {
        let numero = scheda.rilevazione.numero;
        progress.line(&format!(
            "omnia: going on from byte {gia}, with rilevazione {numero}"
        ));
    }
    let mut ricezione = DownloadReceiver {
        servizio,
        domanda,
        formato,
        scheda,
        uscita,
        sha,
        byte: gia,
        progress,
        pazienza,
    };
    let chiusura = ricezione.receive_all().await?;
    let sha256 = ricezione.verify(&chiusura, &atteso, domanda.totals_call())?;
    let DownloadReceiver {
        scheda,
        uscita,
        byte,
        ..
    } = ricezione;
    uscita.finish().await?;
    Ok(FinishedDownload {
        scheda,
        riscontro: domanda.totals_call(),
        atteso,
        sha256,
        byte,
        gia,
    })
}

impl DownloadReceiver<'_> {
    async fn receive_all(&mut self) -> Result<ChiusuraFile, Failure> {
        loop {
            match self.attempt().await {
                Ok(chiusura) => return Ok(chiusura),
                Err(guasto) => {
                    self.pazienza
                        .wait_after(guasto, Some(&self.progress))
                        .await?
                }
            }
        }
    }

    /// One call, from the byte that is missing.
    async fn attempt(&mut self) -> Result<ChiusuraFile, Failure> {
        let numero = self.scheda.rilevazione.numero;
        let offset = i64::try_from(self.byte).unwrap_or(i64::MAX);
        let opened = self
            .domanda
            .open(self.servizio, numero, self.formato, offset)
            .await;
        let mut parti = opened.map_err(|guasto| self.past_the_end(guasto))?;
        match self.next_part(&mut parti).await? {
            DownloadPart::Intestazione(intestazione) => {
                let rilevazione = intestazione
                    .rilevazione
                    .as_ref()
                    .map(PinnedRilevazione::from);
                if rilevazione.as_ref() != Some(&self.scheda.rilevazione) {
                    return Err(Failure::mismatch(format!(
                        "the file is not of {}",
                        self.scheda.rilevazione
                    )));
                }
                self.uscita.begin(&self.scheda)?;
            }
            _ => return Err(Failure::mismatch("the first part is not an intestazione")),
        }
        let mut primo = true;
        loop {
            match self.next_part(&mut parti).await? {
                DownloadPart::Pezzo(pezzo) => {
                    if u64::try_from(pezzo.offset) != Ok(self.byte) {
                        return Err(Failure::mismatch(format!(
                            "a piece begins at byte {} of the file, where byte {} was due",
                            pezzo.offset, self.byte
                        )));
                    }
                    self.uscita.write(&pezzo.contenuto).await?;
                    self.sha.update(&pezzo.contenuto);
                    self.byte += pezzo.contenuto.len() as u64;
                    let righe = u64::try_from(pezzo.righe).unwrap_or_default();
                    if std::mem::take(&mut primo) {
                        self.progress.start_from(righe);
                    } else {
                        self.progress.set(righe);
                    }
                    self.pazienza.reset();
                }
                DownloadPart::Chiusura(chiusura) => return Ok(chiusura),
                DownloadPart::Intestazione(_) => {
                    return Err(Failure::mismatch("a second intestazione"));
                }
            }
        }
    }

    async fn next_part(&self, parti: &mut DownloadParts) -> Result<DownloadPart, Failure> {
        match parti.next().await {
            Some(Ok(Some(parte))) => Ok(parte),
            Some(Ok(None)) => Err(Failure::mismatch("a part that this omnia does not know")),
            Some(Err(status)) => Err(self.past_the_end(self.servizio.failure(&status))),
            None => Err(Failure::Transient(
                "the stream ended before its chiusura".to_owned(),
                None,
            )),
        }
    }

    /// A refusal of the offset means that there is more on this side than the file has.
    fn past_the_end(&self, guasto: Failure) -> Failure {
        match guasto {
            Failure::Refused(risposta) if self.byte > 0 && risposta.names_field("offset") => {
                Failure::mismatch(format!(
                    "the file has less than the {} bytes that are here: {risposta}",
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
        atteso: &ExpectedTotals,
        riscontro: &str,
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
        if chiusura.totali != atteso.totali {
            return Err(Failure::mismatch(format!(
                "the totals of the file are not those of {riscontro}:\n  {}\n  {}",
                chiusura.totali, atteso.totali
            )));
        }
        Ok(sha256)
    }
}

impl FinishedDownload {
    /// What was downloaded and what was checked, for the operator.
    pub(super) fn summary(&self, file: &str) -> String {
        let Self {
            scheda,
            riscontro,
            atteso,
            sha256,
            byte,
            gia,
        } = self;
        let righe = atteso.totali.righe;
        let mut text = format!("{file}: {righe} rows, {byte} bytes, {}", scheda.rilevazione);
        if *gia > 0 {
            // Writing to a String cannot fail.
            let _ = write!(text, "; the first {gia} bytes are an earlier run's");
        }
        let _ = write!(
            text,
            "\ntotals:  {}; those of {riscontro}\nSHA-256: {sha256}; that of the service",
            atteso.totali
        );
        text
    }
}
