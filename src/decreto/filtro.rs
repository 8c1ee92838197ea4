//! The selection of the detail, parsed: one norm and five filters.

use std::slice;

use crate::{
    abilitazione::CallSelection,
    call_record::SelectedValue,
    contract::proto,
    crypto::key::AuditKey,
    error::Violations,
    grpc::{pages::Binding, request},
    valori::{
        CodiceFiscale, CodiceNormativa, CodificaSistemaUnico, Criterio, Matricola, NumeroDecreto,
        Periodo, ValueDefect,
    },
};

/// What the caller selects. Filters that are `None` do not narrow it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FiltroDecreti {
    /// The norm, always named.
    pub normativa: CodiceNormativa,
    /// Intervento and evento.
    pub codifica_sistema_unico: Option<CodificaSistemaUnico>,
    /// Number of the decree.
    pub numero_decreto: Option<NumeroDecreto>,
    /// Days.
    pub periodo: Option<Periodo>,
    /// Employer.
    pub cf_azienda: Option<CodiceFiscale>,
    /// Employer number.
    pub matricola_azienda: Option<Matricola>,
}

impl FiltroDecreti {
    /// Reads `normativa` and `filtro` of a request and notes all that is wrong with them. `None` only where
    /// something about the norm was noted.
    pub fn parse(
        violations: &mut Violations,
        normativa: &str,
        filtro: Option<proto::FiltroDecreti>,
    ) -> Option<Self> {
        const REQUIRED: ValueDefect = ValueDefect::new(
            "is required: the detail is reached from one norm",
            "è obbligatoria: al dettaglio si accede da una normativa",
        );
        let normativa = if normativa.is_empty() {
            Err(REQUIRED)
        } else {
            CodiceNormativa::parse(normativa)
        };
        let normativa = violations.check("normativa", normativa);
        let filtro = filtro.unwrap_or_default();
        let codifica_sistema_unico = optional(
            violations,
            "filtro.codifica_sistema_unico",
            &filtro.codifica_sistema_unico,
            CodificaSistemaUnico::parse,
        );
        let numero_decreto = optional(
            violations,
            "filtro.numero_decreto",
            &filtro.numero_decreto,
            NumeroDecreto::parse,
        );
        let periodo = request::periodo(violations, "filtro.periodo", filtro.periodo);
        let cf_azienda = optional(
            violations,
            "filtro.cf_azienda",
            &filtro.cf_azienda,
            CodiceFiscale::parse,
        );
        let matricola_azienda = optional(
            violations,
            "filtro.matricola_azienda",
            &filtro.matricola_azienda,
            Matricola::parse,
        );
        Some(Self {
            normativa: normativa?,
            codifica_sistema_unico,
            numero_decreto,
            periodo,
            cf_azienda,
            matricola_azienda,
        })
    }

    /// What a page token of this selection is bound to. Of an employer it knows what the audit log does, a keyed hash:
    /// a plain digest could be tried with every codice fiscale by a finder of the token.
    #[must_use]
    pub fn binding(&self, key: &AuditKey) -> Binding {
        let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
        let day = |day: Option<chrono::NaiveDate>| day.map(|d| d.to_string()).unwrap_or_default();
        let criterio = match self.periodo.map(|p| p.criterio()) {
            None => "",
            Some(Criterio::Sovrapposizione) => "sovrapposizione",
            Some(Criterio::InizioValidita) => "inizio",
        };
        let codifica = self.codifica_sistema_unico.as_ref();
        let cf = match &self.cf_azienda {
            // One of eleven digits may be a person's too: its form does not tell.
            Some(cf) => key.keyed_hash(cf.as_str()),
            None => String::new(),
        };
        Binding::of(&[
            self.normativa.as_str(),
            &text(codifica.map(CodificaSistemaUnico::as_str)),
            &text(self.numero_decreto.as_ref().map(NumeroDecreto::as_str)),
            &day(self.periodo.and_then(|p| p.dal())),
            &day(self.periodo.and_then(|p| p.al())),
            criterio,
            &cf,
            &text(self.matricola_azienda.as_ref().map(Matricola::as_str)),
        ])
    }
}

impl CallSelection for FiltroDecreti {
    fn filtri(&self) -> Vec<&'static str> {
        let persona = self
            .cf_azienda
            .as_ref()
            .is_some_and(CodiceFiscale::persona_fisica);
        let present = [
            (
                "codifica_sistema_unico",
                self.codifica_sistema_unico.is_some(),
            ),
            ("numero_decreto", self.numero_decreto.is_some()),
            ("periodo", self.periodo.is_some()),
            ("cf_azienda", self.cf_azienda.is_some()),
            // To ask for a natural person is to know who it is: a right of its own.
            ("cf_azienda.persona_fisica", persona),
            ("matricola_azienda", self.matricola_azienda.is_some()),
        ];
        present
            .into_iter()
            .filter_map(|(name, present)| present.then_some(name))
            .collect()
    }

    fn normative(&self) -> &[CodiceNormativa] {
        slice::from_ref(&self.normativa)
    }

    fn describe(&self) -> Vec<(&'static str, SelectedValue)> {
        let testo = |text: &str| SelectedValue::Text(text.to_owned());
        let mut valori = vec![("normativa", testo(self.normativa.as_str()))];
        if let Some(codifica) = &self.codifica_sistema_unico {
            valori.push(("codifica_sistema_unico", testo(codifica.as_str())));
        }
        if let Some(numero) = &self.numero_decreto {
            valori.push(("numero_decreto", testo(numero.as_str())));
        }
        if let Some(periodo) = &self.periodo {
            valori.push(("periodo", SelectedValue::Text(periodo.to_string())));
        }
        if let Some(cf) = &self.cf_azienda {
            valori.push(("cf_azienda", SelectedValue::CodiceFiscale(cf.to_string())));
        }
        if let Some(matricola) = &self.matricola_azienda {
            valori.push(("matricola_azienda", testo(matricola.as_str())));
        }
        valori
    }
}

fn optional<T>(
    violations: &mut Violations,
    field: &str,
    text: &str,
    parse: impl Fn(&str) -> Result<T, ValueDefect>,
) -> Option<T> {
    if text.is_empty() {
        None
    } else {
        violations.check(field, parse(text))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn parse(normativa: &str, filtro: proto::FiltroDecreti) -> Result<FiltroDecreti, Vec<String>> {
        let mut violations = Violations::default();
        let parsed = FiltroDecreti::parse(&mut violations, normativa, Some(filtro));
        match violations.finish() {
            Ok(()) => Ok(parsed.unwrap()),
            Err(error) => Err(error.violations.into_iter().map(|v| v.field).collect()),
        }
    }

    #[test]
    fn every_bad_field_is_named_at_once() {
        let bad = proto::FiltroDecreti {
            codifica_sistema_unico: "333145".into(),
            numero_decreto: "=1".into(),
            periodo: Some(proto::Periodo {
                dal: "2023-12-31".into(),
                al: "2023-01-01".into(),
                criterio: 0,
            }),
            cf_azienda: "00743110158".into(),
            matricola_azienda: "1".into(),
        };
        assert_eq!(
            parse("", bad).unwrap_err(),
            [
                "normativa",
                "filtro.codifica_sistema_unico",
                "filtro.numero_decreto",
                "filtro.periodo.al",
                "filtro.cf_azienda",
                "filtro.matricola_azienda"
            ]
        );
    }

    #[test]
    fn a_natural_person_is_a_filter_of_its_own() {
        let filtro = |cf: &str| proto::FiltroDecreti {
            cf_azienda: cf.into(),
            ..Default::default()
        };
        let company = parse("A", filtro("00743110157")).unwrap();
        assert_eq!(company.filtri(), ["cf_azienda"]);
        let person = parse("A", filtro("RCCMNL83S18D969H")).unwrap();
        assert_eq!(person.filtri(), ["cf_azienda", "cf_azienda.persona_fisica"]);
    }

    #[test]
    fn each_selection_has_its_own_binding() {
        let one = |change: fn(&mut proto::FiltroDecreti)| {
            let mut filtro = proto::FiltroDecreti::default();
            change(&mut filtro);
            parse("A", filtro)
                .unwrap()
                .binding(&AuditKey::new(&[7; 32]))
        };
        let bindings = [
            one(|_| ()),
            one(|f| f.codifica_sistema_unico = "333-145".into()),
            one(|f| f.numero_decreto = "1".into()),
            one(|f| f.cf_azienda = "00743110157".into()),
            one(|f| f.cf_azienda = "RCCMNL83S18D969H".into()),
            one(|f| f.cf_azienda = "RCCMNL83S18D9S9T".into()),
            one(|f| f.matricola_azienda = "7012345662".into()),
            one(|f| {
                f.periodo = Some(proto::Periodo {
                    dal: "2023-01-01".into(),
                    ..Default::default()
                });
            }),
            one(|f| {
                f.periodo = Some(proto::Periodo {
                    al: "2023-01-01".into(),
                    ..Default::default()
                });
            }),
            one(|f| {
                f.periodo = Some(proto::Periodo {
                    dal: "2023-01-01".into(),
                    criterio: 2,
                    ..Default::default()
                });
            }),
            parse("B", proto::FiltroDecreti::default())
                .unwrap()
                .binding(&AuditKey::new(&[7; 32])),
        ];
        let distinct: HashSet<String> = bindings.iter().map(|b| format!("{b:?}")).collect();
        assert_eq!(distinct.len(), bindings.len());
    }

    /// The finder of a token cannot find out by trying which person was asked for.
    #[test]
    fn a_person_is_bound_by_a_key() {
        let binding = |cf: &str, key: u8| {
            let filtro = proto::FiltroDecreti {
                cf_azienda: cf.into(),
                ..Default::default()
            };
            let parsed = parse("A", filtro).unwrap();
            parsed.binding(&AuditKey::new(&[key; 32]))
        };
        let (company, person) = ("00743110157", "RCCMNL83S18D969H");
        for cf in [company, person] {
            assert_eq!(binding(cf, 1), binding(cf, 1));
            assert_ne!(binding(cf, 1), binding(cf, 2));
        }
    }
}
