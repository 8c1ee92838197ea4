//! The filters of the calls, parsed.

use crate::{
    abilitazione::{CallSelection, describe_codes},
    call_record::SelectedValue,
    contract::proto,
    error::Violations,
    grpc::request,
    valori::{CodiceNormativa, CodicePrestazione},
};

/// What the caller selects. Empty lists select everything in scope.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FiltroMonitoraggio {
    /// Norms, without repetitions.
    pub normative: Vec<CodiceNormativa>,
    /// Benefits, without repetitions.
    pub prestazioni: Vec<CodicePrestazione>,
}

impl FiltroMonitoraggio {
    /// Reads the field `filtro` of a request and notes all that is wrong with it.
    pub fn parse(violations: &mut Violations, filtro: Option<proto::FiltroMonitoraggio>) -> Self {
        let filtro = filtro.unwrap_or_default();
        Self {
            normative: request::codes(
                violations,
                "filtro.normativa",
                &filtro.normativa,
                CodiceNormativa::parse,
            ),
            prestazioni: request::codes(
                violations,
                "filtro.prestazione",
                &filtro.prestazione,
                CodicePrestazione::parse,
            ),
        }
    }
}

impl CallSelection for FiltroMonitoraggio {
    fn normative(&self) -> &[CodiceNormativa] {
        &self.normative
    }

    fn prestazioni(&self) -> &[CodicePrestazione] {
        &self.prestazioni
    }

    fn describe(&self) -> Vec<(&'static str, SelectedValue)> {
        describe_codes(&self.normative, &self.prestazioni)
    }
}
