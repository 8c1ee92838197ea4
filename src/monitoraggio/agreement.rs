//! An agreement that somebody thinks of signing, parsed.

use chrono::{Datelike as _, Months, NaiveDate};

use super::pair::Pair;
use crate::{
    abilitazione::CallSelection,
    call_record::SelectedValue,
    contract::proto,
    error::Violations,
    rilevazione::accrual::Accrual,
    valori::{CodiceNormativa, CodicePrestazione, Importo, ValueDefect, parse_date},
};

const ORDER: ValueDefect = ValueDefect::new(
    "must not be before `validita_dal`",
    "non deve precedere l'inizio della validità",
);
const TOO_LONG: ValueDefect = ValueDefect::new(
    "must be at most ten years after `validita_dal`",
    "deve essere al più dieci anni dopo l'inizio della validità",
);
const YEARS: ValueDefect = ValueDefect::new(
    "must be a day of the years 1970 to 2199",
    "deve essere un giorno degli anni dal 1970 al 2199",
);
/// Ten years.
const LONGEST: Months = Months::new(120);

/// What is asked for: it is in the record of the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Agreement {
    pub(super) pair: Pair,
    importo: Importo,
    first: NaiveDate,
    last: NaiveDate,
}

impl Agreement {
    /// Reads the request. `None`: something is wrong with it, and noted.
    pub(super) fn parse(
        violations: &mut Violations,
        request: &proto::VerificaCapienzaRequest,
    ) -> Option<Self> {
        let pair = Pair::parse(violations, &request.normativa, &request.prestazione);
        let importo = violations.check("importo", Importo::parse(&request.importo));
        let day = |text: &str| {
            let day = parse_date(text)?;
            let known = (1970..=2199).contains(&day.year());
            if known { Ok(day) } else { Err(YEARS) }
        };
        let first = violations.check("validita_dal", day(&request.validita_dal));
        let last = violations.check("validita_al", day(&request.validita_al));
        let (first, last) = (first?, last?);
        let order = if last < first {
            Err(ORDER)
        } else if first
            .checked_add_months(LONGEST)
            .is_some_and(|end| last > end)
        {
            Err(TOO_LONG)
        } else {
            Ok(())
        };
        violations.check("validita_al", order)?;
        Some(Self {
            pair: pair?,
            importo: importo?,
            first,
            last,
        })
    }

    /// Its competenza, in cents, in each year that it touches.
    pub(super) fn years(&self) -> Vec<(i32, i128)> {
        let mut years: Vec<(i32, i128)> = Vec::new();
        // An amount that was parsed has at most 18 digits.
        let cents = i64::try_from(self.importo.hundredths()).unwrap_or_default();
        for (month, [share]) in Accrual::new(self.first, self.last).shares([cents]) {
            match years.last_mut().filter(|(year, _)| *year == month.year()) {
                Some((_, sum)) => *sum += i128::from(share),
                None => years.push((month.year(), share.into())),
            }
        }
        years
    }
}

impl CallSelection for Agreement {
    fn filtri(&self) -> Vec<&str> {
        Vec::new()
    }

    fn normative(&self) -> &[CodiceNormativa] {
        self.pair.normative()
    }

    fn prestazioni(&self) -> &[CodicePrestazione] {
        self.pair.prestazioni()
    }

    fn describe(&self) -> Vec<(&'static str, SelectedValue)> {
        let mut all = self.pair.describe();
        for (name, value) in [
            ("importo", self.importo.to_string()),
            ("validita_dal", self.first.to_string()),
            ("validita_al", self.last.to_string()),
        ] {
            all.push((name, SelectedValue::Text(value)));
        }
        all
    }
}
