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
        Some(refusal) => StatoPolitica {
            versione,
            rifiutata_il: refusal.at.to_rfc3339_opts(SecondsFormat::Secs, true),
            errori: refusal.errors.0.iter().map(Into::into).collect(),
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
    fn from(difference: PolicyDifference) -> Self {
        Self {
            aggiunta: difference.aggiunta,
            profilo: difference.profilo,
            rpc: difference.rpc,
            tipo: difference.tipo.to_owned(),
            nome: difference.nome,
        }
    }
}
