//! What the calls are asked besides filters, parsed.

use super::steps::Passo;
use crate::{
    contract::proto,
    error::Violations,
    valori::{Month, ValueDefect},
};

const IMPUTAZIONE: ValueDefect = ValueDefect::new(
    "must say to which day an amount belongs: IMPUTAZIONE_DATA_DECRETO, IMPUTAZIONE_INIZIO_VALIDITA or IMPUTAZIONE_COMPETENZA",
    "deve indicare a quale giorno attribuire gli importi: alla data del decreto, all'inizio della validità o per competenza",
);
const PASSO: ValueDefect = ValueDefect::new(
    "must be a value of Passo",
    "deve essere un passo previsto: mese, trimestre o anno",
);
const FIRST_OF_STEP: ValueDefect = ValueDefect::new(
    "must be the first month of a step",
    "deve essere il primo mese di un passo",
);
const LAST_OF_STEP: ValueDefect = ValueDefect::new(
    "must be the last month of a step",
    "deve essere l'ultimo mese di un passo",
);
const ORDER: ValueDefect = ValueDefect::new(
    "must not be before `dal_mese`",
    "non deve precedere l'inizio della finestra",
);

/// To which day an amount of a decree belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imputazione {
    /// The day of the decree.
    DataDecreto,
    /// The first day of validity.
    InizioValidita,
    /// Evenly to the days of validity.
    Competenza,
}

/// Which course is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Course {
    /// To which day amounts belong.
    pub imputazione: Imputazione,
    /// How long a step is.
    pub passo: Passo,
    /// The first month of the window; open where `None`.
    pub from: Option<Month>,
    /// The last.
    pub to: Option<Month>,
}

impl Course {
    /// Reads the fields `imputazione`, `passo` and `finestra`. `None`: something is wrong with them, and noted.
    pub fn parse(
        violations: &mut Violations,
        request: &proto::GetAndamentoRequest,
    ) -> Option<Self> {
        let imputazione = match request.imputazione() {
            proto::Imputazione::Unspecified => Err(IMPUTAZIONE),
            proto::Imputazione::DataDecreto => Ok(Imputazione::DataDecreto),
            proto::Imputazione::InizioValidita => Ok(Imputazione::InizioValidita),
            proto::Imputazione::Competenza => Ok(Imputazione::Competenza),
        };
        let imputazione = violations.check("imputazione", imputazione);
        let passo = match proto::Passo::try_from(request.passo) {
            Ok(proto::Passo::Unspecified | proto::Passo::Mese) => Ok(Passo::Mese),
            Ok(proto::Passo::Trimestre) => Ok(Passo::Trimestre),
            Ok(proto::Passo::Anno) => Ok(Passo::Anno),
            Err(_) => Err(PASSO),
        };
        let passo = violations.check("passo", passo);
        let (from, to) = window(violations, passo, request.finestra.as_ref());
        Some(Self {
            imputazione: imputazione?,
            passo: passo?,
            from,
            to,
        })
    }
}

/// The ends of the window. Where they stand in a step is said only where the step is known.
fn window(
    violations: &mut Violations,
    passo: Option<Passo>,
    finestra: Option<&proto::Finestra>,
) -> (Option<Month>, Option<Month>) {
    let Some(finestra) = finestra else {
        return (None, None);
    };
    let mut month = |field: &str, text: &str, edge: fn(Passo, Month) -> Month, defect| {
        if text.is_empty() {
            return None;
        }
        let month = Month::parse(text).and_then(|month| match passo {
            Some(passo) if edge(passo, month) != month => Err(defect),
            _ => Ok(month),
        });
        violations.check(field, month)
    };
    let from = month(
        "finestra.dal_mese",
        &finestra.dal_mese,
        Passo::first,
        FIRST_OF_STEP,
    );
    let to = month(
        "finestra.al_mese",
        &finestra.al_mese,
        Passo::last,
        LAST_OF_STEP,
    );
    if from.zip(to).is_some_and(|(from, to)| to < from) {
        violations.check::<()>("finestra.al_mese", Err(ORDER));
    }
    (from, to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(imputazione: i32, passo: i32, from: &str, to: &str) -> Result<Course, Vec<String>> {
        let mut violations = Violations::default();
        let request = proto::GetAndamentoRequest {
            imputazione,
            passo,
            finestra: Some(proto::Finestra {
                dal_mese: from.into(),
                al_mese: to.into(),
            }),
            ..Default::default()
        };
        let course = Course::parse(&mut violations, &request);
        match violations.finish() {
            Ok(()) => Ok(course.unwrap()),
            Err(error) => Err(error.violations.into_iter().map(|v| v.field).collect()),
        }
    }

    #[test]
    fn windows_begin_and_end_with_steps() {
        let course = read(3, 0, "2023-02", "").unwrap();
        assert_eq!(course.imputazione, Imputazione::Competenza);
        assert_eq!(course.passo, Passo::Mese);
        assert_eq!(course.from.unwrap().to_string(), "2023-02");
        assert_eq!(course.to, None);
        assert!(read(1, 2, "2023-04", "2023-12").is_ok());
        assert!(read(2, 3, "2023-01", "2024-12").is_ok());
        for (bad, fields) in [
            (
                read(0, 9, "x", "2023-13"),
                &[
                    "imputazione",
                    "passo",
                    "finestra.dal_mese",
                    "finestra.al_mese",
                ][..],
            ),
            (read(7, 1, "", ""), &["imputazione"]),
            (
                read(1, 2, "2023-05", "2023-11"),
                &["finestra.dal_mese", "finestra.al_mese"],
            ),
            (read(1, 3, "2023-01", "2023-11"), &["finestra.al_mese"]),
            (read(1, 1, "2023-02", "2023-01"), &["finestra.al_mese"]),
        ] {
            assert_eq!(bad.unwrap_err(), fields);
        }
    }
}
