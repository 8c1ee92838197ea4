//! What is answered besides the decision.

use chrono::SecondsFormat;

use super::decisione::number;
use crate::{
    abilitazione::{Differenza, PolicyError, Politica},
    contract::proto::{DifferenzaPolitica, ErrorePolitica, StatoPolitica},
};

/// The policy in force, and what was refused.
pub(super) fn stato(politica: &Politica) -> StatoPolitica {
    let versione = politica.tabella().versione().to_owned();
    match politica.rifiuto() {
        None => StatoPolitica {
            versione,
            ..Default::default()
        },
        Some(rifiuto) => StatoPolitica {
            versione,
            rifiutata_il: rifiuto.quando.to_rfc3339_opts(SecondsFormat::Secs, true),
            errori: rifiuto.errori.0.iter().map(Into::into).collect(),
        },
    }
}

impl From<&PolicyError> for ErrorePolitica {
    fn from(error: &PolicyError) -> Self {
        let (riga, colonna) = error.at.unwrap_or_default();
        Self {
            file: error.file.to_owned(),
            riga: number(riga),
            colonna: number(colonna),
            motivo: error.reason.clone(),
        }
    }
}

impl From<Differenza> for DifferenzaPolitica {
    fn from(differenza: Differenza) -> Self {
        Self {
            aggiunta: differenza.aggiunta,
            profilo: differenza.profilo,
            rpc: differenza.rpc,
            tipo: differenza.tipo.to_owned(),
            nome: differenza.nome,
        }
    }
}
