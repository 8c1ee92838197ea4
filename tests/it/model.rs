//! The independent model: extracts as plain values, figures by loops over them. It shares no code with the service, so
//! that what both say is not the same mistake twice.

use std::collections::{BTreeMap, BTreeSet};

/// A day as the number of days after 2022-01-01: months and leap years are the service's business.
pub type Day = u32;

/// One row of decreti.csv. Amounts in cents, hours in hundredths.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ModelRow {
    pub normativa: &'static str,
    pub prestazione: &'static str,
    pub codifica: &'static str,
    pub numero: &'static str,
    pub data: Day,
    pub dal: Day,
    pub al: Day,
    pub cf: &'static str,
    pub matricola: &'static str,
    pub ore: u64,
    pub autorizzati: u64,
    pub erogati: u64,
}

/// One row of stanziamenti.csv.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelStanziamento {
    pub normativa: &'static str,
    pub prestazione: &'static str,
    pub anno: u32,
    pub importo: u64,
    /// As extracts have it; empty: `LIMITE`.
    pub tipo: &'static str,
}

/// One extract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelExtract {
    pub rows: Vec<ModelRow>,
    pub stanziamenti: Vec<ModelStanziamento>,
}

pub const NORMATIVE: [&str; 3] = [
    "DL109-2018-ART44",
    "DLGS148-2015-ART22BIS",
    "DLGS148-2015-ART22TER",
];
pub const PRESTAZIONI: [&str; 2] = ["CIGS", "CIGO"];
pub const CODIFICHE: [&str; 3] = ["333-145", "333-146", "712-001"];
pub const NUMERI: [&str; 4] = ["1", "10", "9", "145/2023"];
/// A company, a natural person, a natural person with omocodia.
pub const CF: [&str; 3] = ["00743110157", "RCCMNL83S18D969H", "RCCMNL83S18D9S9T"];
pub const MATRICOLE: [&str; 2] = ["7012345662", "4900012363"];

/// Provisional codes: natural persons', of eleven digits. Here they are those that begin with 9.
pub const PROVISIONAL: [&str; 2] = ["90000000019", "90000000027"];

/// Whether a code is a natural person's.
pub fn is_person(cf: &str) -> bool {
    cf.len() == 16 || cf.starts_with('9')
}

/// The mask that the contract promises.
pub const MASK: &str = "****************";

/// The filters of both reports; `None` and empty do not narrow.
#[derive(Debug, Clone, Default)]
pub struct ModelFilter {
    pub normative: BTreeSet<&'static str>,
    pub prestazioni: BTreeSet<&'static str>,
    pub codifica: Option<&'static str>,
    pub numero: Option<&'static str>,
    pub cf: Option<&'static str>,
    pub matricola: Option<&'static str>,
    pub periodo: Option<(Option<Day>, Option<Day>, ModelCriterio)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelCriterio {
    Sovrapposizione,
    InizioValidita,
}

impl ModelFilter {
    pub fn takes(&self, riga: &ModelRow) -> bool {
        (self.normative.is_empty() || self.normative.contains(riga.normativa))
            && (self.prestazioni.is_empty() || self.prestazioni.contains(riga.prestazione))
            && self.codifica.is_none_or(|v| v == riga.codifica)
            && self.numero.is_none_or(|v| v == riga.numero)
            && self.cf.is_none_or(|v| v == riga.cf)
            && self.matricola.is_none_or(|v| v == riga.matricola)
            && self.in_periodo(riga)
    }

    /// Day by day, as the definition reads, and not as an interval formula.
    fn in_periodo(&self, riga: &ModelRow) -> bool {
        let Some((dal, al, criterio)) = self.periodo else {
            return true;
        };
        let inside = |day: Day| dal.is_none_or(|d| day >= d) && al.is_none_or(|a| day <= a);
        match criterio {
            ModelCriterio::InizioValidita => inside(riga.dal),
            ModelCriterio::Sovrapposizione => (riga.dal..=riga.al).any(inside),
        }
    }
}

/// Cents, possibly negative.
pub type Cents = i128;

/// The five figures of the report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelFigures {
    pub stanziati: Option<Cents>,
    pub autorizzati: Cents,
    pub erogati: Cents,
    pub residuo_autorizzato: Option<Cents>,
    pub residuo_pagato: Option<Cents>,
    /// `LIMITE`, `PREVISIONE` or both.
    pub tipi: BTreeSet<&'static str>,
}

impl ModelFigures {
    /// As files have it.
    pub fn tipo(&self) -> &'static str {
        match (
            self.tipi.contains("LIMITE"),
            self.tipi.contains("PREVISIONE"),
        ) {
            (true, true) => "LIMITE_E_PREVISIONE",
            (true, false) => "LIMITE",
            (false, true) => "PREVISIONE",
            (false, false) => "",
        }
    }
}

/// The report: voci by norm and benefit.
pub fn report(
    extract: &ModelExtract,
    filtro: &ModelFilter,
) -> BTreeMap<(&'static str, &'static str), ModelFigures> {
    let pairs = extract
        .rows
        .iter()
        .map(|r| (r.normativa, r.prestazione))
        .chain(
            extract
                .stanziamenti
                .iter()
                .map(|s| (s.normativa, s.prestazione)),
        )
        .filter(|(n, p)| {
            (filtro.normative.is_empty() || filtro.normative.contains(n))
                && (filtro.prestazioni.is_empty() || filtro.prestazioni.contains(p))
        });
    let the_years = years(filtro);
    pairs
        .map(|pair| {
            let mut figures = ModelFigures::default();
            for s in &extract.stanziamenti {
                if (s.normativa, s.prestazione) == pair && the_years.contains(&s.anno) {
                    *figures.stanziati.get_or_insert(0) += Cents::from(s.importo);
                    let tipo = if s.tipo.is_empty() { "LIMITE" } else { s.tipo };
                    figures.tipi.insert(tipo);
                }
            }
            for r in &extract.rows {
                if (r.normativa, r.prestazione) == pair && filtro.takes(r) {
                    figures.autorizzati += Cents::from(r.autorizzati);
                    figures.erogati += Cents::from(r.erogati);
                }
            }
            figures.residuo_autorizzato = figures.stanziati.map(|s| s - figures.autorizzati);
            figures.residuo_pagato = figures.stanziati.map(|s| s - figures.erogati);
            (pair, figures)
        })
        .collect()
}

/// The years with a day in the periodo.
fn years(filtro: &ModelFilter) -> BTreeSet<u32> {
    (2015..2035)
        .filter(|&anno| {
            let Some((dal, al, _)) = filtro.periodo else {
                return true;
            };
            dal.is_none_or(|d| year_of(d) <= anno) && al.is_none_or(|a| year_of(a) >= anno)
        })
        .collect()
}

fn year_of(giorno: Day) -> u32 {
    date_text(giorno)[..4].parse().unwrap()
}

/// "2022-01-01" plus so many days.
pub fn date_text(giorno: Day) -> String {
    let start = chrono::NaiveDate::from_ymd_opt(2022, 1, 1).unwrap();
    (start + chrono::Days::new(u64::from(giorno))).to_string()
}

/// "1234.05"
pub fn euro(cents: Cents) -> String {
    let (sign, abs) = if cents < 0 {
        ("-", -cents)
    } else {
        ("", cents)
    };
    format!("{sign}{}.{:02}", abs / 100, abs % 100)
}

pub fn decreti_csv(righe: &[ModelRow]) -> String {
    let mut csv = String::from(
        "normativa,prestazione,codifica_sistema_unico,numero_decreto,data_decreto,validita_dal,validita_al,\
         cf_azienda,matricola_azienda,ore_decretate,importi_autorizzati,importi_erogati,persona_fisica\n",
    );
    for r in righe {
        csv += &format!(
            "{},{},{},{},{},{},{},{},{},{},{},{},{}\n",
            r.normativa,
            r.prestazione,
            r.codifica,
            r.numero,
            date_text(r.data),
            date_text(r.dal),
            date_text(r.al),
            r.cf,
            r.matricola,
            euro(r.ore.into()),
            euro(r.autorizzati.into()),
            euro(r.erogati.into()),
            if is_person(r.cf) && r.cf.len() == 11 {
                "S"
            } else {
                ""
            },
        );
    }
    csv
}

pub fn stanziamenti_csv(stanziamenti: &[ModelStanziamento]) -> String {
    // The column may be left out, and is where nothing is said in it.
    let tipi = stanziamenti.iter().any(|s| !s.tipo.is_empty());
    let mut csv = String::from("normativa,prestazione,anno,importo");
    csv += if tipi { ",tipo\n" } else { "\n" };
    for s in stanziamenti {
        csv += &format!(
            "{},{},{},{}",
            s.normativa,
            s.prestazione,
            s.anno,
            euro(s.importo.into())
        );
        csv += &if tipi {
            format!(",{}\n", s.tipo)
        } else {
            "\n".into()
        };
    }
    csv
}

pub fn normative_csv() -> String {
    NORMATIVE
        .iter()
        .fold("normativa,descrizione\n".into(), |csv, n| {
            csv + format!("{n},Norma {n}\n").as_str()
        })
}

pub fn prestazioni_csv() -> String {
    PRESTAZIONI
        .iter()
        .fold("prestazione,descrizione\n".into(), |csv, p| {
            csv + format!("{p},Prestazione {p}\n").as_str()
        })
}
