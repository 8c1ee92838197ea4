//! What is asked for: the options of the command line, which are the filters of the contract. Their values go to the
//! service as they are, so that one place says what is wrong with them, all at once.

use std::collections::BTreeMap;

use clap::{Args, ValueEnum};

use crate::contract::proto::{
    CriterioPeriodo, FiltroDecreti, FiltroMonitoraggio, FiltroReport, Periodo,
};

/// By option, what was asked for: kept beside an unfinished file, which goes on only with the same.
pub(super) type AskedOptions = BTreeMap<String, String>;

#[derive(Debug, Args)]
pub(super) struct PeriodoArgs {
    /// First day, included (YYYY-MM-DD). Without it: open.
    #[arg(long, value_name = "DAY")]
    dal: Option<String>,
    /// Last day, included. Without it: open.
    #[arg(long, value_name = "DAY")]
    al: Option<String>,
    /// How the validity of a decree is compared with these days. Without it: sovrapposizione.
    #[arg(long)]
    criterio: Option<CriterioArg>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CriterioArg {
    /// It has a day in common with them.
    Sovrapposizione,
    /// It begins in them.
    InizioValidita,
}

impl PeriodoArgs {
    fn periodo(&self) -> Option<Periodo> {
        if self.dal.is_none() && self.al.is_none() && self.criterio.is_none() {
            return None;
        }
        let criterio = match self.criterio {
            None => CriterioPeriodo::Unspecified,
            Some(CriterioArg::Sovrapposizione) => CriterioPeriodo::Sovrapposizione,
            Some(CriterioArg::InizioValidita) => CriterioPeriodo::InizioValidita,
        };
        Some(Periodo {
            dal: self.dal.clone().unwrap_or_default(),
            al: self.al.clone().unwrap_or_default(),
            criterio: criterio.into(),
        })
    }

    fn asked(&self) -> [(&'static str, Option<String>); 3] {
        let criterio = self.criterio.and_then(|c| c.to_possible_value());
        [
            ("dal", self.dal.clone()),
            ("al", self.al.clone()),
            ("criterio", criterio.map(|c| c.get_name().to_owned())),
        ]
    }
}

/// Norms and benefits, as many as one likes.
#[derive(Debug, Args)]
pub(super) struct CodeArgs {
    /// A norm; may be given again. Without it: all in the scope of the grant.
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    normativa: Vec<String>,
    /// A benefit; may be given again. Without it: all in the scope of the grant.
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    prestazione: Vec<String>,
}

impl CodeArgs {
    pub(super) fn filtro(&self) -> FiltroMonitoraggio {
        FiltroMonitoraggio {
            normativa: self.normativa.clone(),
            prestazione: self.prestazione.clone(),
        }
    }

    /// By option, those that were given.
    pub(super) fn asked(&self) -> Vec<(&'static str, String)> {
        [
            ("normativa", &self.normativa),
            ("prestazione", &self.prestazione),
        ]
        .into_iter()
        .filter(|(_, codes)| !codes.is_empty())
        .map(|(name, codes)| (name, codes.join(",")))
        .collect()
    }
}

/// A norm and a benefit.
#[derive(Debug, Args)]
pub(super) struct PairArgs {
    /// The norm.
    #[arg(long, value_name = "CODE")]
    pub(super) normativa: String,
    /// The benefit.
    #[arg(long, value_name = "CODE")]
    pub(super) prestazione: String,
}

impl PairArgs {
    /// By option.
    pub(super) fn asked(&self) -> Vec<(&'static str, String)> {
        vec![
            ("normativa", self.normativa.clone()),
            ("prestazione", self.prestazione.clone()),
        ]
    }
}

/// Which rilevazione.
#[derive(Debug, Args)]
pub(super) struct RilevazioneArgs {
    /// Number of the rilevazione. Without it: the latest.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
    pub(super) rilevazione: Option<i32>,
}

impl RilevazioneArgs {
    /// As the contract has it; 0: the latest.
    pub(super) fn number(&self) -> i32 {
        self.rilevazione.unwrap_or_default()
    }
}

/// Two rilevazioni, and what is compared of them.
#[derive(Debug, Args)]
pub(super) struct ComparedArgs {
    /// Number of the rilevazione before.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
    pub(super) da: i32,
    /// Number of the rilevazione after. Without it: the latest.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
    pub(super) a: Option<i32>,
    #[command(flatten)]
    codes: CodeArgs,
}

impl ComparedArgs {
    pub(super) fn filtro(&self) -> FiltroMonitoraggio {
        self.codes.filtro()
    }

    /// By option, those that were given.
    pub(super) fn asked(&self) -> Vec<(&'static str, String)> {
        let mut asked = vec![("da", self.da.to_string())];
        asked.extend(self.a.map(|a| ("a", a.to_string())));
        asked.extend(self.codes.asked());
        asked
    }
}

#[derive(Debug, Args)]
pub(super) struct ReportSelectionArgs {
    #[command(flatten)]
    codes: CodeArgs,
    #[command(flatten)]
    giorni: PeriodoArgs,
    /// Number of the rilevazione. Without it: the latest.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
    pub(super) rilevazione: Option<i32>,
}

impl ReportSelectionArgs {
    pub(super) fn filtro(&self) -> FiltroReport {
        FiltroReport {
            normativa: self.codes.normativa.clone(),
            prestazione: self.codes.prestazione.clone(),
            periodo: self.giorni.periodo(),
        }
    }

    pub(super) fn asked(&self) -> AskedOptions {
        let codes = self.codes.asked().into_iter();
        let rilevazione = self.rilevazione.map(|n| n.to_string());
        option_map(
            codes
                .map(|(name, codes)| (name, Some(codes)))
                .chain([("rilevazione", rilevazione)])
                .chain(self.giorni.asked()),
        )
    }
}

#[derive(Debug, Args)]
pub(super) struct DecreeSelectionArgs {
    /// The norm.
    #[arg(long, value_name = "CODE")]
    pub(super) normativa: String,
    /// Codice intervento and codice evento: 333-145.
    #[arg(long, value_name = "CODE")]
    codifica: Option<String>,
    /// Number of the decree.
    #[arg(long, value_name = "NUMBER")]
    numero: Option<String>,
    /// Codice fiscale of the employer. On a command line others can see it.
    #[arg(long, value_name = "CF")]
    cf: Option<String>,
    /// INPS employer number.
    #[arg(long, value_name = "NUMBER")]
    matricola: Option<String>,
    #[command(flatten)]
    giorni: PeriodoArgs,
    /// Number of the rilevazione. Without it: the latest.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
    pub(super) rilevazione: Option<i32>,
}

impl DecreeSelectionArgs {
    pub(super) fn filtro(&self) -> FiltroDecreti {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        FiltroDecreti {
            codifica_sistema_unico: text(&self.codifica),
            numero_decreto: text(&self.numero),
            periodo: self.giorni.periodo(),
            cf_azienda: text(&self.cf),
            matricola_azienda: text(&self.matricola),
        }
    }

    pub(super) fn asked(&self) -> AskedOptions {
        option_map(
            [
                ("normativa", Some(self.normativa.clone())),
                ("codifica", self.codifica.clone()),
                ("numero", self.numero.clone()),
                ("cf", self.cf.clone()),
                ("matricola", self.matricola.clone()),
                ("rilevazione", self.rilevazione.map(|n| n.to_string())),
            ]
            .into_iter()
            .chain(self.giorni.asked()),
        )
    }
}

fn option_map(options: impl Iterator<Item = (&'static str, Option<String>)>) -> AskedOptions {
    options
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}
