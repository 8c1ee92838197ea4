//! `DownloadReportSintetico`: the voci of the report as a file.

use super::sintesi::{Cifre, Sintesi};
use crate::{
    contract::proto::{
        ChiusuraFileReport, DownloadReportSinteticoResponse, IntestazioneFile,
        download_report_sintetico_response::Parte,
    },
    error::Result,
    files::{Colonna, File, Informazioni, Pezzo, Tabella, Tipo, richiesta::Richiesta},
    grpc::produttore::Mittente,
    valori::Importo,
};

/// The voci of the report, as a table.
pub static TABELLA: Tabella = Tabella {
    titolo: "Report sintetico (Messaggio INPS 4648/2023, § 2.1)",
    nome: "report",
    colonne: &[
        colonna(
            "normativa",
            Tipo::Testo,
            "Codice della normativa che finanzia la prestazione.",
        ),
        colonna("prestazione", Tipo::Testo, "Codice della prestazione."),
        colonna(
            "totale_stanziamenti",
            Tipo::Sum,
            "Totale degli stanziamenti degli anni toccati dal periodo, in euro; di tutti gli anni senza periodo. Vuoto, che non è zero, dove non ve ne sono.",
        ),
        colonna(
            "importi_autorizzati",
            Tipo::Sum,
            "Importi autorizzati dai decreti nel periodo, in euro.",
        ),
        colonna(
            "importi_erogati",
            Tipo::Sum,
            "Importi erogati per i decreti nel periodo, in euro.",
        ),
        colonna(
            "residuo_autorizzato",
            Tipo::Sum,
            "totale_stanziamenti - importi_autorizzati, in euro; può essere negativo. Vuoto dove lo è totale_stanziamenti.",
        ),
        colonna(
            "residuo_pagato",
            Tipo::Sum,
            "totale_stanziamenti - importi_erogati, in euro; può essere negativo. Vuoto dove lo è totale_stanziamenti.",
        ),
    ],
};

const fn colonna(nome: &'static str, tipo: Tipo, glossario: &'static str) -> Colonna {
    Colonna {
        nome,
        tipo,
        glossario,
    }
}

/// A download that is ready to run.
#[derive(Debug)]
pub struct Scarico {
    /// What is downloaded.
    pub sintesi: Sintesi,
    /// What is said of it in the file, but for the totals.
    pub informazioni: Informazioni,
    /// What file is wanted.
    pub richiesta: Richiesta,
}

impl Scarico {
    /// Sends the file.
    ///
    /// # Errors
    /// Those of [`File`].
    pub async fn manda(
        self,
        mittente: Mittente<DownloadReportSinteticoResponse>,
    ) -> Result<DownloadReportSinteticoResponse> {
        let Richiesta { formato, offset } = self.richiesta;
        let rilevazione = self.informazioni.rilevazione.clone();
        let parte = match self.informazioni.selezione.is_empty() {
            true => "",
            false => "_selezione",
        };
        let (numero, estensione) = (rilevazione.numero, formato.estensione());
        let intestazione = IntestazioneFile {
            nome: format!("report-sintetico{parte}_r{numero}.{estensione}"),
            tipo_contenuto: formato.tipo_contenuto().to_owned(),
            rilevazione: Some(rilevazione.into()),
        };
        mittente
            .manda(Parte::Intestazione(intestazione).into(), 0)
            .await?;

        let Sintesi { voci, totale } = self.sintesi;
        let file = File::new(formato, &TABELLA, offset)?;
        let righe = i64::try_from(voci.len()).unwrap_or_default();
        let (file, pezzi) = file
            .aggiungi(righe, move |scrittore| {
                for voce in voci {
                    let [stanziati, autorizzati, erogati, residuo_a, residuo_p] =
                        testi(&voce.cifre);
                    scrittore.riga(&[
                        voce.normativa.as_deref().unwrap_or_default(),
                        voce.prestazione.as_deref().unwrap_or_default(),
                        &stanziati,
                        &autorizzati,
                        &erogati,
                        &residuo_a,
                        &residuo_p,
                    ])?;
                }
                Ok(())
            })
            .await?;
        manda(&mittente, pezzi).await?;
        let mut informazioni = self.informazioni;
        informazioni.totali.push(("righe", Some(righe.to_string())));
        let figures = TABELLA.colonne[2..].iter().map(|colonna| colonna.nome);
        for (nome, testo) in figures.zip(testi(&totale)) {
            informazioni
                .totali
                .push((nome, Some(testo).filter(|testo| !testo.is_empty())));
        }
        let (pezzi, fine) = file.fine(informazioni).await?;
        manda(&mittente, pezzi).await?;
        let chiusura = ChiusuraFileReport {
            dimensione: fine.dimensione,
            sha256: fine.sha256,
            righe: fine.righe,
            totale: Some(totale.into()),
        };
        Ok(Parte::Chiusura(chiusura).into())
    }
}

/// The figures in the order of the columns; empty: absent.
fn testi(cifre: &Cifre) -> [String; 5] {
    let testo = |importo: Option<Importo>| importo.map(|i| i.to_string()).unwrap_or_default();
    [
        testo(cifre.totale_stanziamenti),
        testo(cifre.importi_autorizzati),
        testo(cifre.importi_erogati),
        testo(cifre.residuo_autorizzato),
        testo(cifre.residuo_pagato),
    ]
}

async fn manda(
    mittente: &Mittente<DownloadReportSinteticoResponse>,
    pezzi: Vec<Pezzo>,
) -> Result<()> {
    for pezzo in pezzi {
        let (righe, ripresa) = (pezzo.righe, ("offset", pezzo.fine().to_string()));
        mittente
            .manda_fin_qui(Parte::Pezzo(pezzo.into()).into(), righe, ripresa)
            .await?;
    }
    Ok(())
}

impl From<Parte> for DownloadReportSinteticoResponse {
    fn from(parte: Parte) -> Self {
        Self { parte: Some(parte) }
    }
}
