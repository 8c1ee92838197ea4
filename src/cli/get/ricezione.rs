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
    domanda::{Atteso, Chiusura, Domanda, Parte, Parti},
    formato::Formato,
    guasto::Guasto,
    pazienza::Pazienza,
    scheda::{Pinned, Scheda},
    servizio::Servizio,
    uscita::{OpzioniFile, Uscita},
};

/// A download that has come to its end, and what was checked.
#[derive(Debug)]
pub(super) struct Fatto {
    scheda: Scheda,
    riscontro: &'static str,
    atteso: Atteso,
    sha256: String,
    byte: u64,
    /// What an earlier run had got.
    gia: u64,
}

/// A download under way.
struct Ricezione<'a> {
    servizio: &'a Servizio,
    domanda: &'a Domanda,
    formato: Formato,
    scheda: Scheda,
    uscita: Uscita,
    sha: Context,
    byte: u64,
    progress: Progress,
    pazienza: Pazienza,
}

/// Downloads, or goes on with what an earlier run has left.
///
/// # Errors
/// Why there is no file. What came so far stays in the unfinished one.
pub(super) async fn scarica(
    servizio: &Servizio,
    domanda: &Domanda,
    opzioni: &OpzioniFile,
    mut pazienza: Pazienza,
) -> Result<Fatto, Guasto> {
    let formato = opzioni.come.formato(&opzioni.file)?;
    let mut scheda = Scheda {
        server: servizio.indirizzo().to_string(),
        chiamata: domanda.chiamata().to_owned(),
        formato: formato.nome().to_owned(),
        selezione: domanda.chiesto(),
        rilevazione: Pinned::default(),
    };
    let (mut uscita, trovata) = Uscita::apri(&opzioni.file, &opzioni.come, &scheda)?;
    let numero = match &trovata {
        Some(trovata) => trovata.rilevazione.numero,
        None => domanda.rilevazione(),
    };
    let atteso = loop {
        match domanda.atteso(servizio, numero).await {
            Ok(atteso) => break atteso,
            Err(guasto) => pazienza.dopo(guasto, None).await?,
        }
    };
    pazienza.avanti();
    scheda.rilevazione = Pinned::from(&atteso.rilevazione);
    if let Some(trovata) = trovata.filter(|trovata| trovata.rilevazione != scheda.rilevazione) {
        return Err(Guasto::diverso(format!(
            "what an earlier run has left is of {}, and the service now says {}",
            trovata.rilevazione, scheda.rilevazione
        )));
    }
    let mut sha = Context::new(&SHA256);
    let gia = uscita.rileggi(&mut sha).await?;
    let progress = Progress::of_rows(u64::try_from(atteso.totali.righe).unwrap_or_default());
    if gia > 0 {
        let numero = scheda.rilevazione.numero;
        progress.line(&format!(
            "omnia: going on from byte {gia}, with rilevazione {numero}"
        ));
    }
    let mut ricezione = Ricezione {
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
    let chiusura = ricezione.fino_in_fondo().await?;
    let sha256 = ricezione.verifica(&chiusura, &atteso, domanda.riscontro())?;
    let Ricezione {
        scheda,
        uscita,
        byte,
        ..
    } = ricezione;
    uscita.concludi().await?;
    Ok(Fatto {
        scheda,
        riscontro: domanda.riscontro(),
        atteso,
        sha256,
        byte,
        gia,
    })
}

impl Ricezione<'_> {
    async fn fino_in_fondo(&mut self) -> Result<Chiusura, Guasto> {
        loop {
            match self.una_volta().await {
                Ok(chiusura) => return Ok(chiusura),
                Err(guasto) => self.pazienza.dopo(guasto, Some(&self.progress)).await?,
            }
        }
    }

    /// One call, from the byte that is missing.
    async fn una_volta(&mut self) -> Result<Chiusura, Guasto> {
        let numero = self.scheda.rilevazione.numero;
        let offset = i64::try_from(self.byte).unwrap_or(i64::MAX);
        let opened = self
            .domanda
            .apri(self.servizio, numero, self.formato, offset)
            .await;
        let mut parti = opened.map_err(|guasto| self.oltre(guasto))?;
        match self.prossima(&mut parti).await? {
            Parte::Intestazione(intestazione) => {
                let rilevazione = intestazione.rilevazione.as_ref().map(Pinned::from);
                if rilevazione.as_ref() != Some(&self.scheda.rilevazione) {
                    return Err(Guasto::diverso(format!(
                        "the file is not of {}",
                        self.scheda.rilevazione
                    )));
                }
                self.uscita.comincia(&self.scheda)?;
            }
            _ => return Err(Guasto::diverso("the first part is not an intestazione")),
        }
        let mut primo = true;
        loop {
            match self.prossima(&mut parti).await? {
                Parte::Pezzo(pezzo) => {
                    if u64::try_from(pezzo.offset) != Ok(self.byte) {
                        return Err(Guasto::diverso(format!(
                            "a piece begins at byte {} of the file, where byte {} was due",
                            pezzo.offset, self.byte
                        )));
                    }
                    self.uscita.scrivi(&pezzo.contenuto).await?;
                    self.sha.update(&pezzo.contenuto);
                    self.byte += pezzo.contenuto.len() as u64;
                    let righe = u64::try_from(pezzo.righe).unwrap_or_default();
                    if std::mem::take(&mut primo) {
                        self.progress.start_from(righe);
                    } else {
                        self.progress.set(righe);
                    }
                    self.pazienza.avanti();
                }
                Parte::Chiusura(chiusura) => return Ok(chiusura),
                Parte::Intestazione(_) => return Err(Guasto::diverso("a second intestazione")),
            }
        }
    }

    async fn prossima(&self, parti: &mut Parti) -> Result<Parte, Guasto> {
        match parti.next().await {
            Some(Ok(Some(parte))) => Ok(parte),
            Some(Ok(None)) => Err(Guasto::diverso("a part that this omnia does not know")),
            Some(Err(status)) => Err(self.oltre(self.servizio.guasto(&status))),
            None => Err(Guasto::Passeggero(
                "the stream ended before its chiusura".to_owned(),
                None,
            )),
        }
    }

    /// A refusal of the offset means that there is more on this side than the file has.
    fn oltre(&self, guasto: Guasto) -> Guasto {
        match guasto {
            Guasto::Rifiuto(risposta) if self.byte > 0 && risposta.nomina("offset") => {
                Guasto::diverso(format!(
                    "the file has less than the {} bytes that are here: {risposta}",
                    self.byte
                ))
            }
            other => other,
        }
    }

    /// Whether all of it came, as it was sent, and is what was counted.
    fn verifica(
        &self,
        chiusura: &Chiusura,
        atteso: &Atteso,
        riscontro: &str,
    ) -> Result<String, Guasto> {
        let sha256 =
            self.sha
                .clone()
                .finish()
                .as_ref()
                .iter()
                .fold(String::new(), |mut text, byte| {
                    // Writing to a String cannot fail.
                    let _ = write!(text, "{byte:02x}");
                    text
                });
        if u64::try_from(chiusura.dimensione) != Ok(self.byte) {
            return Err(Guasto::diverso(format!(
                "{} bytes are here, the file has {}",
                self.byte, chiusura.dimensione
            )));
        }
        if chiusura.sha256 != sha256 {
            return Err(Guasto::diverso(format!(
                "the SHA-256 of what is here is {sha256}, that of the file {}",
                chiusura.sha256
            )));
        }
        if chiusura.totali != atteso.totali {
            return Err(Guasto::diverso(format!(
                "the totals of the file are not those of {riscontro}:\n  {}\n  {}",
                chiusura.totali, atteso.totali
            )));
        }
        Ok(sha256)
    }
}

impl Fatto {
    /// What was downloaded and what was checked, for the operator.
    pub(super) fn racconta(&self, file: &str) -> String {
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
