//! The independent model: extracts as plain values, figures by loops over them. It shares no code with the service, so
//! that what both say is not the same mistake twice.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

/// A day as the number of days after 2022-01-01: months and leap years are the service's business.
pub type Giorno = u32;

/// One row of decreti.csv. Amounts in cents, hours in hundredths.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Riga {
    pub normativa: &'static str,
    pub prestazione: &'static str,
    pub codifica: &'static str,
    pub numero: &'static str,
    pub data: Giorno,
    pub dal: Giorno,
    pub al: Giorno,
    pub cf: &'static str,
    pub matricola: &'static str,
    pub ore: u64,
    pub autorizzati: u64,
    pub erogati: u64,
}

/// One row of stanziamenti.csv.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stanziamento {
    pub normativa: &'static str,
    pub prestazione: &'static str,
    pub anno: u32,
    pub importo: u64,
}

/// One extract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Estratto {
    pub righe: Vec<Riga>,
    pub stanziamenti: Vec<Stanziamento>,
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

/// The mask that the contract promises.
pub const MASCHERA: &str = "****************";

/// The filters of both reports; `None` and empty do not narrow.
#[derive(Debug, Clone, Default)]
pub struct Filtro {
    pub normative: BTreeSet<&'static str>,
    pub prestazioni: BTreeSet<&'static str>,
    pub codifica: Option<&'static str>,
    pub numero: Option<&'static str>,
    pub cf: Option<&'static str>,
    pub matricola: Option<&'static str>,
    pub periodo: Option<(Option<Giorno>, Option<Giorno>, Criterio)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Criterio {
    Sovrapposizione,
    InizioValidita,
}

impl Filtro {
    pub fn prende(&self, riga: &Riga) -> bool {
        (self.normative.is_empty() || self.normative.contains(riga.normativa))
            && (self.prestazioni.is_empty() || self.prestazioni.contains(riga.prestazione))
            && self.codifica.is_none_or(|v| v == riga.codifica)
            && self.numero.is_none_or(|v| v == riga.numero)
            && self.cf.is_none_or(|v| v == riga.cf)
            && self.matricola.is_none_or(|v| v == riga.matricola)
            && self.nel_periodo(riga)
    }

    /// Day by day, as the definition reads, and not as an interval formula.
    fn nel_periodo(&self, riga: &Riga) -> bool {
        let Some((dal, al, criterio)) = self.periodo else {
            return true;
        };
        let inside = |day: Giorno| dal.is_none_or(|d| day >= d) && al.is_none_or(|a| day <= a);
        match criterio {
            Criterio::InizioValidita => inside(riga.dal),
            Criterio::Sovrapposizione => (riga.dal..=riga.al).any(inside),
        }
    }
}

/// Cents, possibly negative.
pub type Cents = i128;

/// The five figures of the report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cifre {
    pub stanziati: Option<Cents>,
    pub autorizzati: Cents,
    pub erogati: Cents,
    pub residuo_autorizzato: Option<Cents>,
    pub residuo_pagato: Option<Cents>,
}

/// The report: voci by norm and benefit.
pub fn report(
    estratto: &Estratto,
    filtro: &Filtro,
) -> BTreeMap<(&'static str, &'static str), Cifre> {
    let pairs = estratto
        .righe
        .iter()
        .map(|r| (r.normativa, r.prestazione))
        .chain(
            estratto
                .stanziamenti
                .iter()
                .map(|s| (s.normativa, s.prestazione)),
        )
        .filter(|(n, p)| {
            (filtro.normative.is_empty() || filtro.normative.contains(n))
                && (filtro.prestazioni.is_empty() || filtro.prestazioni.contains(p))
        });
    let anni = anni(filtro);
    pairs
        .map(|pair| {
            let mut cifre = Cifre::default();
            for s in &estratto.stanziamenti {
                if (s.normativa, s.prestazione) == pair && anni.contains(&s.anno) {
                    *cifre.stanziati.get_or_insert(0) += Cents::from(s.importo);
                }
            }
            for r in &estratto.righe {
                if (r.normativa, r.prestazione) == pair && filtro.prende(r) {
                    cifre.autorizzati += Cents::from(r.autorizzati);
                    cifre.erogati += Cents::from(r.erogati);
                }
            }
            cifre.residuo_autorizzato = cifre.stanziati.map(|s| s - cifre.autorizzati);
            cifre.residuo_pagato = cifre.stanziati.map(|s| s - cifre.erogati);
            (pair, cifre)
        })
        .collect()
}

/// The years with a day in the periodo.
fn anni(filtro: &Filtro) -> BTreeSet<u32> {
    (2015..2035)
        .filter(|&anno| {
            let Some((dal, al, _)) = filtro.periodo else {
                return true;
            };
            dal.is_none_or(|d| anno_di(d) <= anno) && al.is_none_or(|a| anno_di(a) >= anno)
        })
        .collect()
}

fn anno_di(giorno: Giorno) -> u32 {
    data(giorno)[..4].parse().unwrap()
}

/// "2022-01-01" plus so many days.
pub fn data(giorno: Giorno) -> String {
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

pub fn decreti_csv(righe: &[Riga]) -> String {
    let mut csv = String::from(
        "normativa,prestazione,codifica_sistema_unico,numero_decreto,data_decreto,validita_dal,validita_al,\
         cf_azienda,matricola_azienda,ore_decretate,importi_autorizzati,importi_erogati\n",
    );
    for r in righe {
        csv += &format!(
            "{},{},{},{},{},{},{},{},{},{},{},{}\n",
            r.normativa,
            r.prestazione,
            r.codifica,
            r.numero,
            data(r.data),
            data(r.dal),
            data(r.al),
            r.cf,
            r.matricola,
            euro(r.ore.into()),
            euro(r.autorizzati.into()),
            euro(r.erogati.into()),
        );
    }
    csv
}

pub fn stanziamenti_csv(stanziamenti: &[Stanziamento]) -> String {
    let mut csv = String::from("normativa,prestazione,anno,importo\n");
    for s in stanziamenti {
        csv += &format!(
            "{},{},{},{}\n",
            s.normativa,
            s.prestazione,
            s.anno,
            euro(s.importo.into())
        );
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

/// Small alphabets, so that keys, decrees and days collide often.
pub fn riga() -> impl Strategy<Value = Riga> {
    let codes = (
        prop::sample::select(&NORMATIVE[..]),
        prop::sample::select(&PRESTAZIONI[..]),
        prop::sample::select(&CODIFICHE[..]),
        prop::sample::select(&NUMERI[..]),
        prop::sample::select(&CF[..]),
        prop::sample::select(&MATRICOLE[..]),
    );
    let amount = prop_oneof![Just(0_u64), 0_u64..10_000_000, 0_u64..9_999_999_999_999_999];
    (
        codes,
        0..30_u32,
        0..1200_u32,
        0..400_u32,
        0..100_000_u64,
        amount.clone(),
        amount,
    )
        .prop_map(
            |(
                (normativa, prestazione, codifica, numero, cf, matricola),
                data,
                dal,
                length,
                ore,
                autorizzati,
                erogati,
            )| Riga {
                normativa,
                prestazione,
                codifica,
                numero,
                data,
                dal,
                al: dal + length,
                cf,
                matricola,
                ore,
                autorizzati,
                erogati,
            },
        )
}

fn stanziamento() -> impl Strategy<Value = Stanziamento> {
    let norms = prop::sample::select(&NORMATIVE[..2]);
    let importo = prop_oneof![Just(0_u64), 0_u64..100_000_000_000];
    (
        norms,
        prop::sample::select(&PRESTAZIONI[..]),
        2021..2027_u32,
        importo,
    )
        .prop_map(|(normativa, prestazione, anno, importo)| Stanziamento {
            normativa,
            prestazione,
            anno,
            importo,
        })
}

/// At least one row (an empty extract is refused), with distinct natural keys. The third norm never has an appropriation.
pub fn estratto(righe: usize) -> impl Strategy<Value = Estratto> {
    (
        prop::collection::vec(riga(), 1..righe),
        prop::collection::vec(stanziamento(), 1..10),
    )
        .prop_map(|(righe, stanziamenti)| {
            let mut keys = BTreeSet::new();
            let righe = righe
                .into_iter()
                .filter(|r| keys.insert((r.codifica, r.numero, r.data, r.cf, r.matricola, r.dal)))
                .collect();
            let mut keys = BTreeSet::new();
            let stanziamenti = stanziamenti
                .into_iter()
                .filter(|s| keys.insert((s.normativa, s.prestazione, s.anno)))
                .collect();
            Estratto {
                righe,
                stanziamenti,
            }
        })
}

/// The next extract of the same world: some rows dropped, some changed, some new.
pub fn seguente(prima: Estratto, righe: usize) -> impl Strategy<Value = Estratto> {
    let len = prima.righe.len();
    (
        estratto(righe),
        prop::collection::vec(0..4_u8, len),
        0..10_000_u64,
    )
        .prop_map(move |(nuovo, fate, more)| {
            let mut righe: Vec<Riga> = prima
                .righe
                .iter()
                .zip(&fate)
                .filter(|(_, fate)| **fate != 0)
                .map(|(r, fate)| match fate {
                    1 => Riga {
                        erogati: r.erogati + more,
                        ..r.clone()
                    },
                    _ => r.clone(),
                })
                .collect();
            let mut keys: BTreeSet<_> = righe
                .iter()
                .map(|r| (r.codifica, r.numero, r.data, r.cf, r.matricola, r.dal))
                .collect();
            righe.extend(
                nuovo.righe.into_iter().filter(|r| {
                    keys.insert((r.codifica, r.numero, r.data, r.cf, r.matricola, r.dal))
                }),
            );
            Estratto {
                righe,
                stanziamenti: nuovo.stanziamenti,
            }
        })
}

fn periodo() -> impl Strategy<Value = Option<(Option<Giorno>, Option<Giorno>, Criterio)>> {
    let criterio = prop::sample::select(vec![Criterio::Sovrapposizione, Criterio::InizioValidita]);
    let ends = (prop::option::of(0..1600_u32), prop::option::of(0..500_u32));
    prop::option::of((ends, criterio).prop_map(|((dal, length), criterio)| {
        let al = length.map(|l| dal.unwrap_or(0) + l);
        (dal, al, criterio)
    }))
}

/// Filters of the report.
pub fn filtro_report() -> impl Strategy<Value = Filtro> {
    (
        prop::collection::btree_set(prop::sample::select(&NORMATIVE[..]), 0..3),
        prop::collection::btree_set(prop::sample::select(&PRESTAZIONI[..]), 0..2),
        periodo(),
    )
        .prop_map(|(normative, prestazioni, periodo)| Filtro {
            normative,
            prestazioni,
            periodo,
            ..Default::default()
        })
}

/// Filters of the detail: one norm, the five filters in any combination.
pub fn filtro_decreti() -> impl Strategy<Value = Filtro> {
    (
        prop::sample::select(&NORMATIVE[..]),
        prop::option::weighted(0.3, prop::sample::select(&CODIFICHE[..])),
        prop::option::weighted(0.3, prop::sample::select(&NUMERI[..])),
        prop::option::weighted(0.3, prop::sample::select(&CF[..])),
        prop::option::weighted(0.3, prop::sample::select(&MATRICOLE[..])),
        periodo(),
    )
        .prop_map(
            |(normativa, codifica, numero, cf, matricola, periodo)| Filtro {
                normative: BTreeSet::from([normativa]),
                codifica,
                numero,
                cf,
                matricola,
                periodo,
                ..Default::default()
            },
        )
}
