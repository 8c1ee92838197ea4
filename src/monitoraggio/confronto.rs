//! The comparison of one call, cut to what the caller may see.

use super::{
    comparison::{Comparison, PairComparison, RowCounts},
    figures::{SeenFigures, TotalFigures},
    filtro::FiltroMonitoraggio,
};
use crate::{
    abilitazione::{CallSelection, Permesso},
    call_record::SelectedValue,
    contract::{column::Column, proto},
    error::Violations,
    grpc::pages::Binding,
    valori::{CodiceNormativa, CodicePrestazione, NumeroRilevazione, ValueDefect},
};

const DA: ValueDefect = ValueDefect::new(
    "must be the number of a rilevazione",
    "deve essere il numero di una rilevazione",
);

/// What is compared: the filters, and the rilevazione before. The one after is noted as that of the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ComparedSelection {
    pub(super) filtro: FiltroMonitoraggio,
    pub(super) before: NumeroRilevazione,
}

impl ComparedSelection {
    /// Reads the fields `filtro` and `da`. `None`: something is wrong with `da`, and noted.
    pub(super) fn parse(
        violations: &mut Violations,
        filtro: Option<proto::FiltroMonitoraggio>,
        da: i32,
    ) -> Option<Self> {
        let filtro = FiltroMonitoraggio::parse(violations, filtro);
        let before = NumeroRilevazione::parse(da).and_then(|number| number.ok_or(DA));
        let before = violations.check("da", before)?;
        Some(Self { filtro, before })
    }
}

impl ComparedSelection {
    /// What a resume token of its differences is bound to.
    pub(super) fn binding(&self) -> Binding {
        let before = self.before.get().to_string();
        let mut parts = vec!["differenze", &before];
        parts.extend(self.normative().iter().map(CodiceNormativa::as_str));
        // No code is empty: where the norms end and the benefits begin.
        parts.push("");
        parts.extend(self.prestazioni().iter().map(CodicePrestazione::as_str));
        Binding::of(&parts)
    }
}

impl CallSelection for ComparedSelection {
    fn filtri(&self) -> Vec<&str> {
        self.filtro.filtri()
    }

    fn normative(&self) -> &[CodiceNormativa] {
        self.filtro.normative()
    }

    fn prestazioni(&self) -> &[CodicePrestazione] {
        self.filtro.prestazioni()
    }

    fn describe(&self) -> Vec<(&'static str, SelectedValue)> {
        let mut all = self.filtro.describe();
        all.push(("da", SelectedValue::Text(self.before.get().to_string())));
        all
    }
}

/// The comparison of what is in scope.
#[allow(clippy::needless_pass_by_value, reason = "a proof is spent")]
pub(super) fn confronto(
    comparison: &Comparison,
    permesso: Permesso<ComparedSelection>,
) -> (Vec<proto::VoceConfronto>, proto::VoceConfronto) {
    let ambito = permesso.ambito();
    let columns = SeenDifferences {
        figures: SeenFigures::new(&permesso),
        new: permesso.may_see(Column::Nuove),
        changed: permesso.may_see(Column::Variate),
        gone: permesso.may_see(Column::Cessate),
    };
    let mut total = Totals::default();
    let mut voci = Vec::new();
    for ((normativa, prestazione), pair) in &comparison.0 {
        if !ambito.contains(normativa, prestazione) {
            continue;
        }
        total.add(pair);
        let code = |column, code: &str| match permesso.may_see(column) {
            true => code.to_owned(),
            false => String::new(),
        };
        let mut one = Totals::default();
        one.add(pair);
        voci.push(proto::VoceConfronto {
            normativa: code(Column::Normativa, normativa.as_str()),
            prestazione: code(Column::Prestazione, prestazione.as_str()),
            ..columns.voce(&one)
        });
    }
    (voci, columns.voce(&total))
}

#[derive(Debug, Default)]
struct Totals {
    rows: RowCounts,
    before: TotalFigures,
    after: TotalFigures,
}

impl Totals {
    fn add(&mut self, pair: &PairComparison) {
        self.rows += pair.rows;
        self.before.add(Some(&pair.before));
        self.after.add(Some(&pair.after));
    }
}

/// The columns that the caller sees.
#[derive(Debug, Clone, Copy)]
struct SeenDifferences {
    figures: SeenFigures,
    new: bool,
    changed: bool,
    gone: bool,
}

impl SeenDifferences {
    fn voce(self, totals: &Totals) -> proto::VoceConfronto {
        let count = |seen: bool, rows: i64| if seen { rows } else { 0 };
        proto::VoceConfronto {
            differenze: Some(proto::RigheConfronto {
                nuove: count(self.new, totals.rows.new),
                variate: count(self.changed, totals.rows.changed),
                cessate: count(self.gone, totals.rows.gone),
            }),
            prima: Some(self.figures.figures(&totals.before)),
            dopo: Some(self.figures.figures(&totals.after)),
            movimento: Some(self.figures.figures(&totals.after.since(&totals.before))),
            ..proto::VoceConfronto::default()
        }
    }
}
