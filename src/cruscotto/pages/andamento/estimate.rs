//! What is expected of a year: the state, the method, how wrong it was. All of it but the known part of a back-test is estimated.

use rust_decimal::Decimal;

use super::{
    super::{
        table::{ColumnKind, FigureCell, FigureColumn, FigureTable, NamedFigure},
        words,
    },
    contract_names::PROIEZIONE,
    verdict::Verdict,
};
use crate::{
    contract::proto::{
        CifreStima, GetProiezioneResponse, MetodoProiezione, StimaProiezione, VerificaStima,
    },
    cruscotto::access::UserAccess,
};

/// The section of the estimates.
pub(super) struct EstimateView {
    pub(super) verdicts: Vec<Verdict>,
    /// Of the method that the state follows. `None`: no method has the data that it needs.
    pub(super) method: Option<MethodView>,
    /// In Italian, as the service says it.
    pub(super) missing: Vec<String>,
}

/// The method that the state follows, beside the others.
pub(super) struct MethodView {
    pub(super) name: &'static str,
    pub(super) assumption: &'static str,
    pub(super) figures: Vec<NamedFigure>,
    /// What could be taken for a mistake, explained.
    pub(super) remarks: Vec<&'static str>,
    pub(super) all: FigureTable,
    pub(super) back_tests: Option<FigureTable>,
    pub(super) closed_years: Option<FigureTable>,
}

/// What the method of the state expects.
pub(super) fn chosen(answer: &GetProiezioneResponse) -> Option<&StimaProiezione> {
    let metodo = answer.metodo();
    let mut stime = answer.stime.iter();
    stime.find(|stima| metodo != MetodoProiezione::Unspecified && stima.metodo() == metodo)
}

impl EstimateView {
    pub(super) fn of(answer: &GetProiezioneResponse, year: i32, access: &UserAccess) -> Self {
        let verdicts = [
            Verdict::of("Autorizzato", answer.autorizzato.as_ref()),
            Verdict::of("Erogato", answer.erogato.as_ref()),
        ];
        Self {
            verdicts: verdicts.into_iter().flatten().collect(),
            method: chosen(answer).map(|estimate| method(estimate, &answer.stime, year, access)),
            missing: answer.dati_mancanti.clone(),
        }
    }
}

fn method(
    estimate: &StimaProiezione,
    all: &[StimaProiezione],
    year: i32,
    access: &UserAccess,
) -> MethodView {
    let metodo = estimate.metodo();
    let figures = estimate.cifre.clone().unwrap_or_default();
    let shown = columns(&figures).into_iter();
    let shown = shown.filter(|(name, ..)| access.sees(PROIEZIONE, name));
    MethodView {
        name: words::method(metodo),
        assumption: words::assumption(metodo),
        figures: shown
            .map(|(_, text, cell)| NamedFigure { text, cell })
            .collect(),
        remarks: [beside(&figures), paid_more(&figures)].into_iter().flatten().collect(),
        all: methods(metodo, all, year, access),
        back_tests: back_tests(
            "verifiche",
            "Verifiche sul passato: da ogni rilevazione precedente alla data di questa".to_owned(),
            &estimate.verifiche,
            access,
        ),
        closed_years: back_tests(
            "anni-chiusi",
            "Verifiche sugli anni chiusi: da ogni rilevazione dell'anno a tutto ciò che è poi arrivato"
                .to_owned(),
            &estimate.anni_chiusi,
            access,
        ),
    }
}

/// The figures of an estimate, each with its name in the contract and its heading.
fn columns(figures: &CifreStima) -> [(&'static str, &'static str, FigureCell); 6] {
    let any = FigureCell::euro_if_any;
    [
        (
            "competenza_attesa",
            "Competenza attesa",
            FigureCell::euro(&figures.competenza_attesa),
        ),
        (
            "competenza_prevista",
            "Competenza prevista",
            FigureCell::euro(&figures.competenza_prevista),
        ),
        (
            "competenza_minima",
            "Competenza minima",
            any(figures.competenza_minima.as_deref()),
        ),
        (
            "competenza_massima",
            "Competenza massima",
            any(figures.competenza_massima.as_deref()),
        ),
        (
            "erogazione_prevista",
            "Erogazione prevista",
            any(figures.erogazione_prevista.as_deref()),
        ),
        (
            "errore_medio",
            "Errore medio nelle verifiche",
            any(figures.errore_medio.as_deref()),
        ),
    ]
}

/// A method that was always wrong in one direction has a range that does not hold what it expects.
fn beside(figures: &CifreStima) -> Option<&'static str> {
    let expected = amount(Some(&figures.competenza_prevista))?;
    let least = amount(figures.competenza_minima.as_deref())?;
    let most = amount(figures.competenza_massima.as_deref())?;
    if least > expected {
        Some(
            "Il minimo supera la competenza prevista: in tutte le verifiche è arrivato più di quanto il metodo attendeva.",
        )
    } else if most < expected {
        Some(
            "Il massimo è sotto la competenza prevista: in tutte le verifiche è arrivato meno di quanto il metodo attendeva.",
        )
    } else {
        None
    }
}

/// Factors know of no upper bound.
fn paid_more(figures: &CifreStima) -> Option<&'static str> {
    let expected = amount(Some(&figures.competenza_prevista))?;
    let paid = amount(figures.erogazione_prevista.as_deref())?;
    (paid > expected).then_some(
        "L'erogazione prevista supera la competenza prevista: si ottiene moltiplicando ciò che è pagato per i fattori del passato, che non hanno un massimo.",
    )
}

fn amount(text: Option<&str>) -> Option<Decimal> {
    text?.parse().ok()
}

fn methods(
    chosen: MetodoProiezione,
    all: &[StimaProiezione],
    year: i32,
    access: &UserAccess,
) -> FigureTable {
    let heads = columns(&CifreStima::default()).map(|(name, text, _)| {
        FigureColumn::new(text, ColumnKind::Estimate, access.sees(PROIEZIONE, name))
    });
    let rows = all.iter().map(|estimate| {
        let note = match estimate.metodo() == chosen {
            true => "è il metodo dello stato",
            false => "",
        };
        let figures = estimate.cifre.clone().unwrap_or_default();
        let cells = columns(&figures).map(|(_, _, cell)| cell).to_vec();
        (words::method(estimate.metodo()).to_owned(), note, cells)
    });
    FigureTable::new(
        "metodi",
        format!("Stime del {year} secondo ogni metodo, in euro"),
        "Metodo",
        heads.to_vec(),
        rows,
    )
}

fn back_tests(
    id: &'static str,
    caption: String,
    made: &[VerificaStima],
    access: &UserAccess,
) -> Option<FigureTable> {
    use ColumnKind::{Accounted, Estimate, Words};
    let sees = |column| access.sees(PROIEZIONE, column);
    let columns = vec![
        FigureColumn::new("Anno", Words, true),
        FigureColumn::new("Competenza nota allora", Accounted, sees("competenza_nota")),
        FigureColumn::new("Competenza attesa", Estimate, sees("competenza_attesa")),
        FigureColumn::new(
            "Competenza effettiva",
            Accounted,
            sees("competenza_effettiva"),
        ),
        FigureColumn::new("Errore della stima", Accounted, sees("errore")),
    ];
    let rows = made.iter().map(|test| {
        let figures = test.cifre.clone().unwrap_or_default();
        let cells = vec![
            FigureCell::words(test.anno.to_string()),
            FigureCell::euro(&figures.competenza_nota),
            FigureCell::euro(&figures.competenza_attesa),
            FigureCell::euro(&figures.competenza_effettiva),
            FigureCell::euro(&figures.errore),
        ];
        (format!("n. {}", test.rilevazione), "", cells)
    });
    (!made.is_empty()).then(|| FigureTable::new(id, caption, "Rilevazione", columns, rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_beside_its_estimate_is_explained() {
        let figures = |least: &str, most: &str| CifreStima {
            competenza_prevista: "10.00".to_owned(),
            competenza_minima: Some(least.to_owned()),
            competenza_massima: Some(most.to_owned()),
            ..CifreStima::default()
        };
        assert_eq!(beside(&figures("9.00", "11.00")), None);
        assert!(
            beside(&figures("11.00", "12.00"))
                .unwrap()
                .contains("più di quanto")
        );
        assert!(
            beside(&figures("8.00", "9.00"))
                .unwrap()
                .contains("meno di quanto")
        );
    }
}
