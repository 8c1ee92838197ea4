//! What is answered besides the decision.

use chrono::SecondsFormat;

use super::decision::number;
use crate::{
    abilitazione::{ActivePolicy, PolicyDifference, PolicyError},
    contract::proto::{DifferenzaPolitica, ErrorePolitica, StatoPolitica},
};

/// The policy in force, and what was refused.
pub(super) fn stato(politica: &ActivePolicy) -> StatoPolitica {
    let versione = politica.table().version().to_owned();
    match politica.rejected() {
        None => StatoPolitica {
            versione,
            ..Default::default()
        },
        Some(rifiuto) => StatoPolitica {
            versione,
            rifiutata_il: rifiuto.at.to_rfc3339_opts(SecondsFormat::Secs, true),
            errori: rifiuto.errors.0.iter().map(Into::into).collect(),
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

impl From<PolicyDifference> for DifferenzaPolitica {
    fn from(differenza: PolicyDifference) -> Self {
        Self {
            aggiunta: differenza.aggiunta,
            profilo: differenza.profilo,
            rpc: differenza.rpc,
            tipo: differenza.tipo.to_owned(),
            nome: differenza.nome,
        }
    }
}
