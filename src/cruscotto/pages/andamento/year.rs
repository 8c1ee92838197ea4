//! The twelve months of a year, taken out of a longer course.

use rust_decimal::Decimal;

use crate::contract::proto::{CifreAndamento, PuntoAndamento, StanziamentoAnno};

/// Earlier years that are shown: more would hide each other.
const EARLIER: i32 = 5;

/// A year, as far as decrees are known.
pub(super) struct YearCourse {
    pub(super) year: i32,
    /// January to December.
    pub(super) months: Vec<CourseMonth>,
    pub(super) cap: Option<StanziamentoAnno>,
}

/// A month.
pub(super) struct CourseMonth {
    /// "2026-01"
    pub(super) month: String,
    pub(super) own: CifreAndamento,
    pub(super) cumulated: CifreAndamento,
}

impl YearCourse {
    /// The year. A month that the course does not reach has nothing of its own, and adds nothing to those before.
    pub(super) fn of(points: &[PuntoAndamento], year: i32) -> Self {
        let of_year = |point: &&PuntoAndamento| point.mese.starts_with(&format!("{year:04}-"));
        let nothing = match points.first() {
            // A column that is not seen is empty in every point.
            Some(point) => zero(point.cifre.clone().unwrap_or_default()),
            None => zero(CifreAndamento {
                importi_autorizzati: "0.00".to_owned(),
                importi_erogati: "0.00".to_owned(),
                ..CifreAndamento::default()
            }),
        };
        let mut so_far = nothing.clone();
        let months = (1..=12).map(|month| {
            let month = format!("{year:04}-{month:02}");
            let point = points.iter().find(|point| point.mese == month);
            if let Some(cumulated) = point.and_then(|point| point.cumulate.clone()) {
                so_far = cumulated;
            }
            CourseMonth {
                own: point
                    .and_then(|point| point.cifre.clone())
                    .unwrap_or_else(|| nothing.clone()),
                cumulated: so_far.clone(),
                month,
            }
        });
        Self {
            year,
            months: months.collect(),
            cap: points
                .iter()
                .filter(of_year)
                .find_map(|point| point.stanziamento.clone()),
        }
    }

    /// The years before it, the earliest first, that anything was authorised for.
    pub(super) fn before(points: &[PuntoAndamento], year: i32) -> Vec<Self> {
        let years = (year - EARLIER..year).map(|year| Self::of(points, year));
        years
            .filter(|course| {
                let authorised = course.last().importi_autorizzati.parse::<Decimal>();
                authorised.is_ok_and(|authorised| !authorised.is_zero())
            })
            .collect()
    }

    /// The whole year.
    pub(super) fn last(&self) -> CifreAndamento {
        let last = self.months.last();
        last.map(|month| month.cumulated.clone())
            .unwrap_or_default()
    }
}

/// The same figures without anything in them.
fn zero(figures: CifreAndamento) -> CifreAndamento {
    let zero = |text: String| match text.is_empty() {
        true => text,
        false => "0.00".to_owned(),
    };
    CifreAndamento {
        righe: 0,
        ore_decretate: zero(figures.ore_decretate),
        importi_autorizzati: zero(figures.importi_autorizzati),
        importi_erogati: zero(figures.importi_erogati),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_outside_the_course_adds_nothing() {
        let figures = |amount: &str| {
            Some(CifreAndamento {
                importi_autorizzati: amount.to_owned(),
                ..CifreAndamento::default()
            })
        };
        let points = [PuntoAndamento {
            mese: "2025-11".to_owned(),
            cifre: figures("5.00"),
            cumulate: figures("5.00"),
            stanziamento: None,
        }];
        let course = YearCourse::of(&points, 2025);
        let cumulated: Vec<&str> = course.months[9..]
            .iter()
            .map(|month| &*month.cumulated.importi_autorizzati)
            .collect();
        assert_eq!(cumulated, ["0.00", "5.00", "5.00"]);
        assert_eq!(course.months[11].own.importi_autorizzati, "0.00");
        assert_eq!(course.months[11].own.importi_erogati, "");
        let earlier = YearCourse::before(&points, 2027);
        assert_eq!(earlier.len(), 1);
        assert_eq!(earlier[0].year, 2025);
    }
}
