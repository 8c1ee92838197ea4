//! `DownloadDecrees`: the rows of an export as a file.

use super::query::Lettura;
use crate::{
    abilitazione::Selezione as _,
    blocks::{
        glossario::DETTAGLIO,
        somme::{Somme, Totali},
    },
    contract::proto::{
        ChiusuraFileDecreti, DownloadDecreesResponse, IntestazioneFile,
        download_decrees_response::Parte,
    },
    error::Result,
    files::{Colonna, File, Informazioni, Pezzo, Tabella, Tipo, Visibili, richiesta::Richiesta},
    grpc::produttore::{Flusso, Limiti, Mittente, Posto},
    rilevazione::elenco::Rilevazione,
};

/// The rows of the detail, as a table.
pub static TABELLA: Tabella = Tabella {
    titolo: "Dettaglio del decreto ministeriale (Messaggio INPS 4648/2023, § 2.2)",
    nome: "decreti",
    colonne: &[
        colonna(0, Tipo::Testo),
        colonna(1, Tipo::Testo),
        colonna(2, Tipo::Testo),
        colonna(3, Tipo::Data),
        colonna(4, Tipo::Data),
        colonna(5, Tipo::Data),
        colonna(6, Tipo::Testo),
        colonna(7, Tipo::Testo),
        colonna(8, Tipo::Numero),
        colonna(9, Tipo::Numero),
        colonna(10, Tipo::Numero),
    ],
};

const fn colonna(at: usize, tipo: Tipo) -> Colonna {
    Colonna {
        nome: DETTAGLIO[at].colonna,
        tipo,
        glossario: DETTAGLIO[at].descrizione,
    }
}

/// A download that is ready to run.
#[derive(Debug)]
pub struct Scarico {
    /// The selection.
    pub lettura: Lettura,
    /// What it reads.
    pub rilevazione: Rilevazione,
    /// What file is wanted.
    pub richiesta: Richiesta,
    /// Rows that are read at a time.
    pub righe_per_lotto: u32,
}

impl Scarico {
    /// Starts reading.
    #[must_use]
    pub fn avvia(self, limiti: &Limiti, posto: Posto) -> Flusso<DownloadDecreesResponse> {
        let traccia = self.lettura.traccia().clone();
        limiti.avvia(posto, traccia, |mittente| self.manda(mittente))
    }

    async fn manda(
        self,
        mittente: Mittente<DownloadDecreesResponse>,
    ) -> Result<DownloadDecreesResponse> {
        let intestazione = self.intestazione();
        let Richiesta { formato, offset } = self.richiesta;
        mittente
            .manda(Parte::Intestazione(intestazione).into(), 0)
            .await?;

        let mut somme = Somme::default();
        let mut file = File::new(formato, &TABELLA, offset)?;
        let mut lotti = self.lettura.lotti(None, self.righe_per_lotto);
        while let Some(lotto) = lotti.prossimo().await? {
            somme += lotto.somme;
            let pezzi;
            (file, pezzi) = file
                .aggiungi(lotto.somme.righe, move |scrittore| {
                    for riga in lotto.righe() {
                        scrittore.riga(&riga?.colonne())?;
                    }
                    Ok(())
                })
                .await?;
            manda(&mittente, pezzi).await?;
        }
        let lettura = lotti.lettura();
        let totali = somme.totali(|colonna| lettura.vede(colonna));
        let informazioni = informazioni(lettura, &totali, self.rilevazione);
        let (pezzi, fine) = file.fine(informazioni).await?;
        manda(&mittente, pezzi).await?;
        let chiusura = ChiusuraFileDecreti {
            dimensione: fine.dimensione,
            sha256: fine.sha256,
            totali: Some(totali.into()),
        };
        Ok(Parte::Chiusura(chiusura).into())
    }

    fn intestazione(&self) -> IntestazioneFile {
        let selezione = self.lettura.selezione();
        // The norm is always among them.
        let parte = match selezione.filtri().is_empty() {
            true => "",
            false => "_selezione",
        };
        let (normativa, formato) = (&selezione.normativa, self.richiesta.formato);
        let (numero, estensione) = (self.rilevazione.numero, formato.estensione());
        IntestazioneFile {
            nome: format!("decreti_{normativa}{parte}_r{numero}.{estensione}"),
            tipo_contenuto: formato.tipo_contenuto().to_owned(),
            rilevazione: Some(self.rilevazione.clone().into()),
        }
    }
}

fn informazioni(lettura: &Lettura, totali: &Totali, rilevazione: Rilevazione) -> Informazioni {
    let selezione = lettura.selezione().descrivi();
    Informazioni {
        selezione: selezione
            .into_iter()
            .map(|(nome, valore)| (nome, valore.in_chiaro()))
            .collect(),
        rilevazione,
        visibili: Visibili::of(&TABELLA, |colonna| lettura.vede(colonna)),
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

async fn manda(mittente: &Mittente<DownloadDecreesResponse>, pezzi: Vec<Pezzo>) -> Result<()> {
    for pezzo in pezzi {
        let (righe, ripresa) = (pezzo.righe, ("offset", pezzo.fine().to_string()));
        mittente
            .manda_fin_qui(Parte::Pezzo(pezzo.into()).into(), righe, ripresa)
            .await?;
    }
    Ok(())
}

impl From<Parte> for DownloadDecreesResponse {
    fn from(parte: Parte) -> Self {
        Self { parte: Some(parte) }
    }
}
