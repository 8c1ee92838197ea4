//! The parts of a request that several calls share, read once into values.

use std::collections::BTreeSet;

use crate::{
    contract::proto,
    error::Violations,
    valori::{Criterio, NumeroRilevazione, Periodo, ValueDefect, parse_date},
};

const DEFAULT_PAGE: i32 = 100;
const MAX_PAGE: i32 = 1000;
const MAX_CODES: usize = 100;
const TOO_MANY: ValueDefect = ValueDefect::new(
    "must hold at most 100 values",
    "deve contenere al più 100 valori",
);

/// Reads `periodo`, found at the path `field`. `None` where it selects everything.
pub fn periodo(
    violations: &mut Violations,
    field: &str,
    periodo: Option<proto::Periodo>,
) -> Option<Periodo> {
    let periodo = periodo?;
    let mut day = |name: &str, text: &str| {
        if text.is_empty() {
            return None;
        }
        violations.check(&format!("{field}.{name}"), parse_date(text))
    };
    let (dal, al) = (day("dal", &periodo.dal), day("al", &periodo.al));
    let criterio = violations.check(
        &format!("{field}.criterio"),
        match proto::CriterioPeriodo::try_from(periodo.criterio) {
            Ok(proto::CriterioPeriodo::Unspecified | proto::CriterioPeriodo::Sovrapposizione) => {
                Ok(Criterio::Sovrapposizione)
            }
            Ok(proto::CriterioPeriodo::InizioValidita) => Ok(Criterio::InizioValidita),
            Err(_) => Err(ValueDefect::new(
                "must be a value of CriterioPeriodo",
                "deve essere un criterio previsto",
            )),
        },
    )?;
    violations
        .check(&format!("{field}.al"), Periodo::new(dal, al, criterio))
        .flatten()
}

/// Reads a list of codes, found at the path `field`: at most 100, each once.
pub fn codes<T: Ord>(
    violations: &mut Violations,
    field: &str,
    texts: &[String],
    parse: impl Fn(&str) -> Result<T, ValueDefect>,
) -> Vec<T> {
    if texts.len() > MAX_CODES {
        violations.check::<()>(field, Err(TOO_MANY));
        return Vec::new();
    }
    let values: BTreeSet<T> = texts
        .iter()
        .enumerate()
        .filter_map(|(i, text)| violations.check(&format!("{field}[{i}]"), parse(text)))
        .collect();
    values.into_iter().collect()
}

/// Reads `rilevazione`. `None`: the latest.
pub fn rilevazione(violations: &mut Violations, number: i32) -> Option<NumeroRilevazione> {
    violations
        .check("rilevazione", NumeroRilevazione::parse(number))
        .flatten()
}

/// Reads `page_size`: 1 to 1000, 0 for the default.
pub fn page_size(violations: &mut Violations, size: i32) -> i32 {
    const RANGE: ValueDefect = ValueDefect::new(
        "must be 1 to 1000, or 0 for the default",
        "deve essere da 1 a 1000, oppure 0 per il valore predefinito",
    );
    let size = match size {
        0 => Ok(DEFAULT_PAGE),
        1..=MAX_PAGE => Ok(size),
        _ => Err(RANGE),
    };
    violations.check("page_size", size).unwrap_or(DEFAULT_PAGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(dal: &str, al: &str, criterio: i32) -> Result<Option<Periodo>, Vec<String>> {
        let mut violations = Violations::default();
        let periodo = periodo(
            &mut violations,
            "filtro.periodo",
            Some(proto::Periodo {
                dal: dal.into(),
                al: al.into(),
                criterio,
            }),
        );
        match violations.finish() {
            Ok(()) => Ok(periodo),
            Err(error) => Err(error.violations.into_iter().map(|v| v.field).collect()),
        }
    }

    #[test]
    fn every_bad_field_of_a_periodo_is_named() {
        assert_eq!(read("", "", 0), Ok(None));
        assert!(read("2023-01-01", "", 2).is_ok_and(|p| p.is_some()));
        assert_eq!(
            read("2023-02-30", "31/12/2023", 7).unwrap_err(),
            [
                "filtro.periodo.dal",
                "filtro.periodo.al",
                "filtro.periodo.criterio"
            ]
        );
        assert_eq!(
            read("2023-12-31", "2023-01-01", 1).unwrap_err(),
            ["filtro.periodo.al"]
        );
    }

    #[test]
    fn page_sizes() {
        for (asked, given) in [
            (0, Some(100)),
            (1, Some(1)),
            (1000, Some(1000)),
            (1001, None),
            (-1, None),
        ] {
            let mut violations = Violations::default();
            let size = page_size(&mut violations, asked);
            assert_eq!(
                violations.finish().is_ok().then_some(size),
                given,
                "{asked}"
            );
        }
    }
}
