//! The three filters of the report, parsed.

use crate::{
    abilitazione::{CallSelection, describe_codes},
    call_record::SelectedValue,
    contract::proto,
    error::Violations,
    grpc::request,
    valori::{CodiceNormativa, CodicePrestazione, Periodo},
};

/// What the caller selects. Empty lists select everything in scope.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FiltroReport {
    /// Norms, without repetitions.
    pub normative: Vec<CodiceNormativa>,
    /// Benefits, without repetitions.
    pub prestazioni: Vec<CodicePrestazione>,
    /// Days.
    pub periodo: Option<Periodo>,
}

impl FiltroReport {
    /// Reads the field `filtro` of a request and notes all that is wrong with it.
    pub fn parse(violations: &mut Violations, filtro: Option<proto::FiltroReport>) -> Self {
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
            periodo: request::periodo(violations, "filtro.periodo", filtro.periodo),
        }
    }

    /// "Accedi al dettaglio" (§2.1): the norm, when the filters select one single norm and nothing else.
    #[must_use]
    pub fn single_normativa(&self) -> Option<&CodiceNormativa> {
        match self.normative.as_slice() {
            [normativa] if self.prestazioni.is_empty() && self.periodo.is_none() => Some(normativa),
            _ => None,
        }
    }
}

impl CallSelection for FiltroReport {
    fn normative(&self) -> &[CodiceNormativa] {
        &self.normative
    }

    fn prestazioni(&self) -> &[CodicePrestazione] {
        &self.prestazioni
    }

    fn describe(&self) -> Vec<(&'static str, SelectedValue)> {
        let mut valori = describe_codes(&self.normative, &self.prestazioni);
        if let Some(periodo) = &self.periodo {
            valori.push(("periodo", SelectedValue::Text(periodo.to_string())));
        }
        valori
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(filtro: proto::FiltroReport) -> Result<FiltroReport, Vec<String>> {
        let mut violations = Violations::default();
        let filtro = FiltroReport::parse(&mut violations, Some(filtro));
        match violations.finish() {
            Ok(()) => Ok(filtro),
            Err(error) => Err(error.violations.into_iter().map(|v| v.field).collect()),
        }
    }

    #[test]
    fn accedi_al_dettaglio_only_for_one_norm_and_nothing_else() {
        let one = proto::FiltroReport {
            normativa: vec!["A".into(), "A".into()],
            ..Default::default()
        };
        let filtro = parse(one.clone()).unwrap();
        assert_eq!(filtro.single_normativa().unwrap().as_str(), "A");
        assert_eq!(filtro.filtri(), ["normativa"]);
        let open = proto::Periodo::default();
        let with_open_periodo = proto::FiltroReport {
            periodo: Some(open.clone()),
            ..one.clone()
        };
        assert!(
            parse(with_open_periodo)
                .unwrap()
                .single_normativa()
                .is_some()
        );
        for more in [
            proto::FiltroReport {
                prestazione: vec!["CIGS".into()],
                ..one.clone()
            },
            proto::FiltroReport {
                normativa: vec!["A".into(), "B".into()],
                ..Default::default()
            },
            proto::FiltroReport {
                periodo: Some(proto::Periodo {
                    dal: "2023-01-01".into(),
                    ..open
                }),
                ..one
            },
            proto::FiltroReport::default(),
        ] {
            assert_eq!(parse(more).unwrap().single_normativa(), None);
        }
    }

    #[test]
    fn every_bad_value_is_named() {
        let bad = proto::FiltroReport {
            normativa: vec!["A".into(), "a".into(), String::new()],
            prestazione: vec!["'".into()],
            periodo: Some(proto::Periodo {
                dal: "x".into(),
                ..Default::default()
            }),
        };
        assert_eq!(
            parse(bad).unwrap_err(),
            [
                "filtro.normativa[1]",
                "filtro.normativa[2]",
                "filtro.prestazione[0]",
                "filtro.periodo.dal"
            ]
        );
        let many = proto::FiltroReport {
            normativa: vec!["A".into(); 101],
            ..Default::default()
        };
        assert_eq!(parse(many).unwrap_err(), ["filtro.normativa"]);
    }
}
