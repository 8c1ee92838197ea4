//! A comparison as it is shown: what moved, then each figure before and after.

use super::{
    contract_names::{COMPARE, DOWNLOAD, EXPORT, FILE_PATH, ROWS_PATH},
    figure::{COLUMNS, ComparedColumn, ComparedFigure, Unit},
};
use crate::{
    contract::proto::{CifreStoria, ConfrontaRilevazioniResponse, RigheConfronto, VoceConfronto},
    cruscotto::{
        access::UserAccess,
        format,
        pages::selection::{self, AsOf, Link, Names},
        query::Query,
    },
};

/// How many rows are different: the name in the contract, the heading.
const COUNTS: [(&str, &str); 3] = [
    ("nuove", "Nuove"),
    ("variate", "Variate"),
    ("cessate", "Cessate"),
];

/// A comparison.
pub(super) struct ComparisonView {
    pub(super) before: AsOf,
    pub(super) after: AsOf,
    pub(super) count_heads: Vec<&'static str>,
    /// Of the figures in euro.
    pub(super) amount_heads: Vec<&'static str>,
    /// Of all figures.
    pub(super) heads: Vec<&'static str>,
    pub(super) rows: Vec<ComparedRow>,
    pub(super) total: ComparedRow,
    pub(super) has_rows_page: bool,
    pub(super) files: Vec<Link>,
}

/// A norm and a benefit, or all of them.
pub(super) struct ComparedRow {
    pub(super) norm: String,
    pub(super) norm_code: String,
    pub(super) benefit: String,
    pub(super) counts: Vec<String>,
    /// How much the figures in euro moved.
    pub(super) amounts: Vec<ComparedFigure>,
    /// All figures: before, their movement, after.
    pub(super) steps: [ComparedStep; 3],
    /// The rows that are different, where there are any.
    pub(super) href: Option<String>,
}

/// One line of an addition.
pub(super) struct ComparedStep {
    pub(super) text: &'static str,
    pub(super) figures: Vec<ComparedFigure>,
}

/// What the user sees.
struct ComparedColumns {
    counts: Vec<(&'static str, &'static str)>,
    figures: Vec<ComparedColumn>,
}

impl ComparisonView {
    /// Of an answer. `query`: the filters alone.
    pub(super) fn new(
        answer: ConfrontaRilevazioniResponse,
        access: &UserAccess,
        names: &Names,
        query: &Query,
    ) -> Self {
        let (before, after) = (AsOf::from(answer.da), AsOf::from(answer.a));
        // Links name both, so that they stay those of what is seen.
        let pinned = query
            .with("da", before.number.to_string())
            .with("a", after.number.to_string());
        let columns = ComparedColumns {
            counts: COUNTS
                .into_iter()
                .filter(|(name, _)| access.sees(COMPARE, name))
                .collect(),
            figures: COLUMNS
                .into_iter()
                .filter(|column| access.sees(COMPARE, column.name))
                .collect(),
        };
        let has_rows_page = access.may(EXPORT);
        let rows = answer.voci.iter().map(|voce| {
            let own = pinned
                .with("normativa", &voce.normativa)
                .with("prestazione", &voce.prestazione);
            columns.row(voce, names, has_rows_page.then_some(own))
        });
        let total = answer.totale.unwrap_or_default();
        Self {
            rows: rows.collect(),
            total: columns.row(&total, names, has_rows_page.then(|| pinned.clone())),
            count_heads: columns.counts.iter().map(|(_, text)| *text).collect(),
            amount_heads: columns.amounts().map(|column| column.text).collect(),
            heads: columns.figures.iter().map(|column| column.text).collect(),
            has_rows_page,
            files: match access.may(DOWNLOAD) {
                true => selection::files(FILE_PATH, &pinned),
                false => Vec::new(),
            },
            before,
            after,
        }
    }
}

impl ComparedColumns {
    fn amounts(&self) -> impl Iterator<Item = ComparedColumn> {
        let figures = self.figures.iter().copied();
        figures.filter(|column| column.unit == Unit::Euro)
    }

    fn row(&self, voce: &VoceConfronto, names: &Names, rows: Option<Query>) -> ComparedRow {
        let counts = voce.differenze.unwrap_or_default();
        let prima = voce.prima.clone().unwrap_or_default();
        let movimento = voce.movimento.clone().unwrap_or_default();
        let dopo = voce.dopo.clone().unwrap_or_default();
        let step = |text, cifre: &CifreStoria, figure: fn(&CifreStoria, ComparedColumn) -> _| {
            let figures = self.figures.iter().map(|column| figure(cifre, *column));
            ComparedStep {
                text,
                figures: figures.collect(),
            }
        };
        ComparedRow {
            norm: names.norm(&voce.normativa).to_owned(),
            norm_code: voce.normativa.clone(),
            benefit: names.benefit(&voce.prestazione).to_owned(),
            counts: self
                .counts
                .iter()
                .map(|(name, _)| format::count(count(counts, name)))
                .collect(),
            amounts: self
                .amounts()
                .map(|column| ComparedFigure::moved(&movimento, column))
                .collect(),
            steps: [
                step("Prima", &prima, ComparedFigure::standing),
                step("Movimento", &movimento, ComparedFigure::moved),
                step("Dopo", &dopo, ComparedFigure::standing),
            ],
            href: rows
                .filter(|_| counts != RigheConfronto::default())
                .map(|query| query.at(ROWS_PATH)),
        }
    }
}

/// The comparison says it by this name.
fn count(counts: RigheConfronto, name: &str) -> i64 {
    match name {
        "nuove" => counts.nuove,
        "variate" => counts.variate,
        "cessate" => counts.cessate,
        _ => 0,
    }
}
