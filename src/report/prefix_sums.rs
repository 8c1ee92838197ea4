//! Cumulative sums of one rilevazione: the figures of any periodo, by two look-ups and a difference.
//!
//! For each norm and benefit, `starts(g)` is what the decrees add up to whose first day is `g` or before, and `ends(g)`
//! those whose last day is. Of the decrees of a periodo from `dal` to `al`:
//!
//! ```text
//! SOVRAPPOSIZIONE   all − started after al − ended before dal   =   starts(al) − ends(dal − 1)
//! INIZIO_VALIDITA   started from dal to al                      =   starts(al) − starts(dal − 1)
//! ```
//!
//! (No decree both starts after `al` and ends before `dal`: nothing is taken away twice.) Where `al` is open, `starts` is of all
//! days; where `dal` is, nothing is taken away.
//!
//! Say that 100.00 are authorised from 1 to 31 March, and 50.00 from 1 March to 30 April:
//!
//! | giorno | starts | ends |
//! | --- | --- | --- |
//! | 1 March | 150.00 | 0.00 |
//! | 31 March | 150.00 | 100.00 |
//! | 30 April | 150.00 | 150.00 |
//!
//! In April, by SOVRAPPOSIZIONE, that is starts(30 April) − ends(31 March) = 150.00 − 100.00 = 50.00; by INIZIO_VALIDITA
//! starts(30 April) − starts(31 March) = 0.00. The sums are decimals of two places, exact as the columns that they come from.
//!
//! The cost depends on the days, as a logarithm, and not on the decrees.

use chrono::{Datelike as _, NaiveDate};

use crate::valori::{
    CodiceNormativa, CodicePrestazione, Criterio, Importo, Periodo, TipiStanziamento,
    TipoStanziamento,
};

/// What decrees add up to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Importi {
    /// Authorised.
    pub autorizzati: Importo,
    /// Paid.
    pub erogati: Importo,
}

/// All that the report needs of one rilevazione. It never changes: the rilevazione does not.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct PrefixSums {
    pairs: Vec<PairSums>,
}

/// A norm and a benefit that have decrees or appropriations.
#[derive(Debug, PartialEq, Eq)]
pub struct PairSums {
    /// Norm.
    pub normativa: CodiceNormativa,
    /// Benefit.
    pub prestazione: CodicePrestazione,
    starts: CumulativeSeries,
    ends: CumulativeSeries,
    /// By year, in order.
    stanziamenti: Vec<Stanziamento>,
}

/// The appropriation of a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stanziamento {
    /// The year.
    pub anno: i32,
    /// How much.
    pub importo: Importo,
    /// Whether it caps or foresees.
    pub tipo: TipoStanziamento,
}

/// Sums of all days up to each day, in order.
#[derive(Debug, Default, PartialEq, Eq)]
struct CumulativeSeries(Vec<(NaiveDate, Importi)>);

/// What one day adds.
#[derive(Debug, Clone, Copy)]
pub struct DayImporti {
    /// The day.
    pub day: NaiveDate,
    /// Of the decrees whose first day it is.
    pub starting: Importi,
    /// Of those whose last day it is.
    pub ending: Importi,
}

impl PrefixSums {
    /// From what is read of a rilevazione: days and years of each pair, in order.
    #[must_use]
    pub fn new(mut pairs: Vec<PairSums>) -> Self {
        pairs.sort_unstable_by(|a, b| a.key().cmp(&b.key()));
        // They are kept for long.
        for pair in &mut pairs {
            pair.starts.0.shrink_to_fit();
            pair.ends.0.shrink_to_fit();
        }
        Self { pairs }
    }

    /// By norm, then benefit.
    #[must_use]
    pub fn pairs(&self) -> &[PairSums] {
        &self.pairs
    }
}

impl PairSums {
    /// Without decrees and appropriations so far.
    #[must_use]
    pub fn new(normativa: CodiceNormativa, prestazione: CodicePrestazione) -> Self {
        Self {
            normativa,
            prestazione,
            starts: CumulativeSeries::default(),
            ends: CumulativeSeries::default(),
            stanziamenti: Vec::new(),
        }
    }

    /// Adds a day, later than those before.
    pub fn add_day(&mut self, giorno: DayImporti) {
        self.starts.add(giorno.day, giorno.starting);
        self.ends.add(giorno.day, giorno.ending);
    }

    /// Adds the appropriation of a year, later than those before.
    pub fn add_stanziamento(&mut self, stanziamento: Stanziamento) {
        self.stanziamenti.push(stanziamento);
    }

    /// What the decrees of a periodo add up to; without one, all decrees.
    #[must_use]
    pub fn importi(&self, periodo: Option<&Periodo>) -> Importi {
        let dal = periodo.and_then(Periodo::dal);
        let al = periodo.and_then(Periodo::al);
        let before = dal.map(|dal| match periodo.map(Periodo::criterio) {
            Some(Criterio::InizioValidita) => self.starts.before(dal),
            Some(Criterio::Sovrapposizione) | None => self.ends.before(dal),
        });
        let Importi {
            autorizzati,
            erogati,
        } = self.starts.up_to(al);
        let before = before.unwrap_or_default();
        Importi {
            autorizzati: autorizzati - before.autorizzati,
            erogati: erogati - before.erogati,
        }
    }

    /// The appropriations of the years that the periodo touches, whatever its criterio; `None`: there are none in those.
    #[must_use]
    pub fn totale_stanziamenti(&self, periodo: Option<&Periodo>) -> Option<Importo> {
        self.stanziamenti(periodo)
            .map(|stanziamento| stanziamento.importo)
            .reduce(|sum, importo| sum + importo)
    }

    /// Of what kinds these are; `None`: there are none.
    #[must_use]
    pub fn tipi_stanziamento(&self, periodo: Option<&Periodo>) -> Option<TipiStanziamento> {
        TipiStanziamento::of(self.stanziamenti(periodo).map(|s| s.tipo))
    }

    fn stanziamenti(&self, periodo: Option<&Periodo>) -> impl Iterator<Item = &Stanziamento> {
        let anno = |giorno: Option<NaiveDate>| giorno.map(|giorno| giorno.year());
        let dal = anno(periodo.and_then(Periodo::dal));
        let al = anno(periodo.and_then(Periodo::al));
        self.stanziamenti
            .iter()
            .filter(move |Stanziamento { anno, .. }| {
                dal.is_none_or(|dal| *anno >= dal) && al.is_none_or(|al| *anno <= al)
            })
    }

    fn key(&self) -> (&CodiceNormativa, &CodicePrestazione) {
        (&self.normativa, &self.prestazione)
    }
}

impl CumulativeSeries {
    /// A day on which nothing happens on this side is left out: the day before says as much.
    fn add(&mut self, giorno: NaiveDate, importi: Importi) {
        if importi == Importi::default() {
            return;
        }
        let before = self.0.last().map(|(_, sum)| *sum).unwrap_or_default();
        let sum = Importi {
            autorizzati: before.autorizzati + importi.autorizzati,
            erogati: before.erogati + importi.erogati,
        };
        self.0.push((giorno, sum));
    }

    /// That day included; without one, of all days.
    fn up_to(&self, giorno: Option<NaiveDate>) -> Importi {
        match giorno {
            None => self.first(self.0.len()),
            Some(al) => self.first(self.0.partition_point(|(giorno, _)| *giorno <= al)),
        }
    }

    /// That day not included.
    fn before(&self, dal: NaiveDate) -> Importi {
        self.first(self.0.partition_point(|(giorno, _)| *giorno < dal))
    }

    fn first(&self, giorni: usize) -> Importi {
        giorni
            .checked_sub(1)
            .and_then(|last| self.0.get(last))
            .map(|(_, sum)| *sum)
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::valori::parse_date;

    fn day(text: &str) -> NaiveDate {
        parse_date(text).unwrap()
    }

    fn importi(autorizzati: &str) -> Importi {
        Importi {
            autorizzati: Importo::parse(autorizzati).unwrap(),
            erogati: Importo::default(),
        }
    }

    fn stanziamento(anno: i32, importo: &str, tipo: TipoStanziamento) -> Stanziamento {
        let importo = Importo::parse(importo).unwrap();
        Stanziamento {
            anno,
            importo,
            tipo,
        }
    }

    /// The example of the module.
    fn sample() -> PairSums {
        let mut pair = PairSums::new(
            CodiceNormativa::parse("DL109-2018-ART44").unwrap(),
            CodicePrestazione::parse("CIGS").unwrap(),
        );
        for (giorno, beginning, ending) in [
            ("2023-03-01", "150.00", "0.00"),
            ("2023-03-31", "0.00", "100.00"),
            ("2023-04-30", "0.00", "50.00"),
        ] {
            pair.add_day(DayImporti {
                day: day(giorno),
                starting: importi(beginning),
                ending: importi(ending),
            });
        }
        pair.add_stanziamento(stanziamento(2022, "0.00", TipoStanziamento::Previsione));
        pair.add_stanziamento(stanziamento(2023, "7.00", TipoStanziamento::Limite));
        pair
    }

    fn periodo(dal: &str, al: &str, criterio: Criterio) -> Option<Periodo> {
        let end = |text: &str| (text != "..").then(|| day(text));
        Periodo::new(end(dal), end(al), criterio).unwrap()
    }

    #[test]
    fn both_criteri_and_open_ends() {
        let pair = sample();
        for (dal, al, overlap, inizio) in [
            ("..", "..", "150.00", "150.00"),
            ("2023-04-01", "2023-04-30", "50.00", "0.00"),
            ("2023-03-31", "2023-04-30", "150.00", "0.00"),
            ("2023-03-01", "2023-03-01", "150.00", "150.00"),
            ("2023-03-02", "..", "150.00", "0.00"),
            ("2023-04-30", "..", "50.00", "0.00"),
            ("2023-05-01", "..", "0.00", "0.00"),
            ("..", "2023-03-01", "150.00", "150.00"),
            ("..", "2023-02-28", "0.00", "0.00"),
            ("0001-01-01", "9999-12-31", "150.00", "150.00"),
        ] {
            for (criterio, expected) in [
                (Criterio::Sovrapposizione, overlap),
                (Criterio::InizioValidita, inizio),
            ] {
                let periodo = periodo(dal, al, criterio);
                let found = pair.importi(periodo.as_ref());
                assert_eq!(found, importi(expected), "{dal} {al} {criterio:?}");
            }
        }
    }

    #[test]
    fn a_cap_of_zero_is_a_cap() {
        let pair = sample();
        let [limite, previsione] = [
            TipiStanziamento::Solo(TipoStanziamento::Limite),
            TipiStanziamento::Solo(TipoStanziamento::Previsione),
        ];
        for (dal, al, expected, tipi) in [
            ("..", "..", Some("7.00"), Some(TipiStanziamento::Misti)),
            (
                "2022-12-31",
                "2023-01-01",
                Some("7.00"),
                Some(TipiStanziamento::Misti),
            ),
            ("2022-12-31", "2022-12-31", Some("0.00"), Some(previsione)),
            ("2023-01-01", "..", Some("7.00"), Some(limite)),
            ("..", "2021-12-31", None, None),
            ("2024-01-01", "..", None, None),
        ] {
            let periodo = periodo(dal, al, Criterio::default());
            let found = pair
                .totale_stanziamenti(periodo.as_ref())
                .map(|i| i.to_string());
            assert_eq!(found.as_deref(), expected, "{dal} {al}");
            assert_eq!(pair.tipi_stanziamento(periodo.as_ref()), tipi, "{dal} {al}");
        }
    }
}
